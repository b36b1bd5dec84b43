"""Who may act for an account, and what is kept about it: a part of ``Billing``."""

from datetime import datetime, timedelta
from typing import Any

from tiergate.services.accounts.access_tokens import (
    LINK_LASTS,
    Access,
    Use,
    make_link,
    make_session,
    make_token,
    read_token,
)
from tiergate.services.accounts.acting import Acting, Role
from tiergate.services.accounts.ask_to_upgrade import ask_to_upgrade
from tiergate.services.accounts.erase_account import Erased, erase_account
from tiergate.services.accounts.export_account import export_account
from tiergate.services.context import Context
from tiergate.services.form_tokens import form_token, is_form_token
from tiergate.services.keyed_wish import once


class BillingAccess:
    """Links and tokens for the people of an account, and their personal data."""

    _context: Context

    def billing_link(
        self,
        account_id: str,
        *,
        role: Role = "owner",
        person: str = "",
        valid_for: timedelta = LINK_LASTS,
        path: str = "/billing",
    ) -> str:
        """Return an address that opens one of our pages for a person in one role in one account.

        Hand it only to that person, after your own sign-in: whoever opens it within ``valid_for`` (24 hours
        at most) acts in that role, for 12 hours. Opening the link of another account switches to that one.
        Raises ``SettingsError``, ``LinkWishError``, ``ActingError``, ``UnknownAccountError`` and
        ``AccountErasedError``.
        """
        return make_link(self._context, Acting(account_id, role, person), valid_for, path)

    def access_token(
        self,
        account_id: str,
        *,
        role: Role = "owner",
        person: str = "",
        valid_for: timedelta = LINK_LASTS,
    ) -> str:
        """Return a token for the API, to be sent as ``Authorization: Bearer TOKEN``. Raises the same."""
        return make_token(self._context, Use.API, Acting(account_id, role, person), valid_for)

    def ask_to_upgrade(
        self,
        acting: Acting,
        plan: str | None = None,
        interval: str | None = None,
        *,
        key: str | None = None,
    ) -> bool:
        """Pass a member's wish on to the owners; false where that was done already today.

        ``key`` is a name of your own for this wish, and leads to the same answer for good. Raises
        ``UnknownAccountError``, ``AccountErasedError``, ``UnknownPlanError`` and ``KeyReusedError``.
        """
        wish = {"action": "ask", "plan": plan, "interval": interval, "person": acting.person}

        def do() -> str:
            return "asked" if ask_to_upgrade(self._context, acting, plan, interval) else "known"

        return once(self._context, acting.account_id, key, wish, do) == "asked"

    def export_account(self, account_id: str) -> dict[str, Any]:
        """Return everything that is kept about an account, as JSON can hold it.

        Raises ``UnknownAccountError``.
        """
        return export_account(self._context, account_id)

    def erase_account(self, account_id: str, *, by: str = "", at_stripe: bool = False) -> Erased:
        """Erase an account's personal data, and keep the history of the money: amounts, dates, numbers.

        ``at_stripe`` deletes the customer there too, which calls Stripe. Safe to repeat. Raises
        ``UnknownAccountError``, and ``AccountStillLiveError`` while a subscription runs.
        """
        return erase_account(self._context, account_id, by=by, at_stripe=at_stripe)

    def read_access(self, use: Use, token: str) -> Access:
        """Return what a token says. Raises ``AccessInvalidError`` and ``AccessExpiredError``."""
        return read_token(self._context, use, token)

    def access_session(self, link: Access) -> tuple[str, datetime]:
        """Return the session that a link is exchanged for, and when it ends."""
        return make_session(self._context, link)

    def form_token(self, acting: Acting | None) -> str:
        """Return what the forms of a page bear that is shown now."""
        return form_token(self._context, acting)

    def is_form_token(self, acting: Acting | None, token: str) -> bool:
        """Whether a form that was sent now bears a token of ours, for whoever sends it."""
        return is_form_token(self._context, acting, token)

"""What surrounds the pages, from the request at hand: the product, the mount path, who is signed in."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from fastapi import Request

from tiergate.billing import Billing
from tiergate.rules.catalog import Product
from tiergate.rules.errors import TiergateError
from tiergate.services.access.describe_account import AccountView
from tiergate.services.accounts.acting import Acting
from tiergate.translation import ENGLISH
from tiergate.web.offer_in_language import product_in
from tiergate.web.render import Frame
from tiergate.web.visitor_language import reader_of, speak


def billing_of(request: Request) -> Billing:
    """Return the ``Billing`` that an application was created with."""
    billing: Billing = request.app.state.billing
    return billing


def note_acting(request: Request, acting: Acting | None) -> None:
    """Note who asks, for what the answer shows and for what its forms bear."""
    request.state.acting = acting


def acting_in(request: Request) -> Acting | None:
    """Return who asks, as far as anybody has looked."""
    acting: Acting | None = getattr(request.state, "acting", None)
    return acting


def frame_of(
    request: Request,
    product: Product | None = None,
    signed_in: bool = False,
    account_locale: str | None = None,
) -> Frame:
    """Return the frame of a page, in the visitor's language; the account's serves where nothing else speaks.

    Without a published catalogue it bears no product's name.
    """
    if product is None:
        try:
            product = billing_of(request).catalog().product
        except TiergateError:
            product = Product(name="Billing")
    billing, acting = billing_of(request), acting_in(request)
    settings = billing.settings
    reader = reader_of(request, settings, account_locale)
    return Frame(
        product_in(reader.translation, product),
        base_path=str(request.scope.get("root_path", "")),
        sign_up_url=settings.sign_up_url,
        public_url=settings.public_url,
        override_directory=settings.templates,
        signed_in=signed_in,
        may_change=acting is None or acting.is_owner,
        form_token=billing.form_token(acting),
        locale=reader.locale,
        translation=reader.translation,
        languages=reader.languages,
    )


def english_frame_of(request: Request) -> Frame:
    """Return the frame of a page that is there in English alone, such as those of the admin."""
    frame = replace(frame_of(request), translation=ENGLISH, languages=())
    speak(request, frame.language)
    return frame


def account_frame(request: Request, view: AccountView) -> Frame:
    """Return the frame of a page that shows an account: its name, and dates as its clocks show them."""
    account = view.told.account
    return replace(
        frame_of(request, view.told.catalog.product, signed_in=True, account_locale=account.locale),
        account_name=account.name or account.account_id,
        account_email=account.email or "",
        time_zone=ZoneInfo(account.time_zone),
    )

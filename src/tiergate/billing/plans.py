"""The part of ``Billing`` that is about the plans of the file: check, compare, publish, fetch, move."""

from typing import Literal

from tiergate.rules.catalog import Catalog
from tiergate.services.context import Context
from tiergate.services.plans.check_plans import PlansCheck, check_plans
from tiergate.services.plans.diff_plans import PlansDiff, diff_plans
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.plans.migrate_accounts import Migration, Tell, migrate_accounts
from tiergate.services.plans.plan_moves import Moving, When
from tiergate.services.plans.pull_plans import Pulled, published_versions, pull_plans
from tiergate.services.plans.push_plans import Pushed, push_plans


class BillingPlans:
    """What ``Billing`` does with the catalogue; most of it calls Stripe."""

    _context: Context

    def catalog(self) -> Catalog:
        """Return the catalogue in force. Raises ``NoPlansError``."""
        with self._context.database.read() as tx:
            return load_catalog(tx)

    def check_plans(self, text: str, file_name: str = "billing.toml") -> PlansCheck:
        """Return what is wrong with the text of a catalogue, and what could be better; asks nobody."""
        return check_plans(text, file_name)

    def diff_plans(self, text: str, file_name: str = "billing.toml") -> PlansDiff:
        """Return what publishing a text would change: in the offer, at Stripe, and for whom.

        Print it, or take ``as_json()``. Raises ``CatalogError``.
        """
        return diff_plans(self._context, text, file_name)

    def push_plans(self, text: str, file_name: str = "billing.toml") -> Pushed:
        """Publish the text of a catalogue file, here and at Stripe.

        Raises ``CatalogError``, ``StripePriceError``, ``PushBusyError`` and ``PushInterruptedError``.
        """
        return push_plans(self._context, text, file_name)

    def pull_plans(
        self,
        *,
        source: Literal["database", "stripe"] = "database",
        version: int | None = None,
        existing: str | None = None,
    ) -> Pulled:
        """Return the text of the plans: a published version, or ``existing`` as Stripe sells it now.

        Raises ``NoPlansError``, ``UnknownVersionError`` and ``CatalogError``.
        """
        return pull_plans(self._context, source=source, version=version, existing=existing)

    def is_published(self, text: str) -> bool:
        """Whether a text is a version that was published, so that it is not lost when its file is."""
        return any(each.text == text for each in published_versions(self._context))

    def migrate_accounts(
        self,
        *,
        to: int | None = None,
        plan: str | None = None,
        from_version: int | None = None,
        account: str | None = None,
        when: When = "renewal",
        prorate: bool = True,
        preview: bool = False,
        tell: Tell = lambda _move: None,
    ) -> Migration:
        """Move accounts to a version of the catalogue, the newest unless ``to`` names another.

        ``plan``, ``from_version`` and ``account`` choose whom. With ``preview`` nothing is done; otherwise
        ``tell`` hears of each account that was moved. ``now`` charges a change of price for the rest of the
        period unless ``prorate`` is false. Interrupted, it goes on when it is called again. Raises
        ``UnknownVersionError``, ``UnknownPlanError`` and ``MigrationInterruptedError``.
        """
        moving = Moving(to, plan, from_version, account, when, prorate)
        return migrate_accounts(self._context, moving, preview=preview, tell=tell)

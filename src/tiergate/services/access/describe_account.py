"""Describes an account for a page or an answer: its access, and the subscription that it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiergate.rules.catalog import Plan
from tiergate.rules.held import Held, held_by
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.next_step import Position
from tiergate.rules.price import INTERVALS
from tiergate.rules.state import ENDED, AccountState, Subscription
from tiergate.services.access.explain import Explanation, explain
from tiergate.services.changes.change_errors import open_invoice_url
from tiergate.services.changes.change_facts import intervals_of
from tiergate.services.context import Context
from tiergate.store.catalog_rows import MappedPrice, find_price


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as it stands, and the subscription that speaks for it, if there is one."""

    told: Explanation
    subscription: Subscription | None
    plan: Plan | None
    """The plan of that subscription, also after it has ended."""
    price: MappedPrice | None
    has_card: bool | None
    pay_url: str | None = None
    """Stripe's page at which its open invoice is paid, or its payment confirmed."""
    held: Held | None = None
    """The subscription that its changes are made to."""
    intervals: Mapping[str, str] = field(default_factory=dict)
    """How each of its prices is paid for, by Stripe's id."""

    @property
    def position(self) -> Position:
        """What it has, as far as offers are concerned."""
        subscriptions, phase = self.told.state.subscriptions, self.told.phase
        is_running = self.subscription is not None and self.subscription.status not in ENDED
        plan, price = (self.plan, self.price) if is_running else (None, None)
        return Position(
            plan_key=phase.plan_key,
            holds_for_good=phase.ends_at == DISTANT_FUTURE,
            is_subscribed=any(subscription.status not in ENDED for subscription in subscriptions),
            subscribed_key=plan.key if plan else None,
            subscribed_rank=plan.rank if plan else 0,
            interval=next((each for each in INTERVALS if price and price.interval == each), None),
            has_tried=any(subscription.trial_start for subscription in subscriptions),
        )


def describe_account(context: Context, account_id: str) -> AccountView:
    """Describe an account. Raises ``UnknownAccountError``."""
    told = explain(context, account_id)
    subscription = _speaking(told.state, told.phase.cause.object_id)
    if subscription is None:
        return AccountView(told, None, None, None, None)
    price = None
    items = [item for item in subscription.items if item.add_on_key is None]
    with context.database.read() as tx:
        if items:
            price = find_price(tx, items[0].price_id)
        intervals = intervals_of(tx, told.state)
    plan = told.catalog.as_sold(subscription.catalog_version).plans.get(subscription.plan_key or "")
    pay_url = open_invoice_url(told.state, subscription.id)
    held = held_by(told.state, told.catalog, intervals)
    has_card = told.state.has_card(subscription)
    return AccountView(told, subscription, plan, price, has_card, pay_url, held, intervals)


def _speaking(state: AccountState, cause_id: str | None) -> Subscription | None:
    """Return the subscription behind the present phase, or else the one that is running or ended last."""
    invoices = {invoice.id: invoice.subscription_id for invoice in state.invoices}
    named = invoices.get(cause_id or "", cause_id)
    ranked = sorted(
        state.subscriptions, key=lambda s: (s.id == named, s.status not in ENDED, s.created_at, s.id)
    )
    return ranked[-1] if ranked else None

"""What the tests have in common: what is done at Stripe, what arrives here, and what was told of it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tests.services.bench import ACCOUNT, Bench, Json
from tiergate.rules.state import Subscription
from tiergate.services.run_due import run_due
from tiergate.store.tables import subscriptions
from tiergate_sandbox.testing import Webhook

CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
DELETED = "customer.subscription.deleted"
TRIAL_WILL_END = "customer.subscription.trial_will_end"

NO_CARD_CANCELS = {"end_behavior": {"missing_payment_method": "cancel"}}


def only(webhooks: Sequence[Webhook], *types: str) -> list[Webhook]:
    """Return the webhooks of these types, in the order of the types."""
    return [webhook for wanted in types for webhook in webhooks if webhook.type == wanted]


def thing_of(webhook: Webhook) -> Json:
    """Return the object that an event carries."""
    found: Json = json.loads(webhook.body)["data"]["object"]
    return found


def sell(bench: Bench, plan: str = "team", account_id: str = ACCOUNT, **params: Any) -> str:
    """Let an account have a subscription, and hear of everything."""
    subscription_id = bench.subscribe(plan, account_id, **params)
    bench.deliver(*bench.webhooks())
    bench.tick()
    return subscription_id


def sell_another(bench: Bench, plan: str, account_id: str = ACCOUNT, **params: Any) -> str:
    """Let the customer of an account have one more subscription, as the dashboard makes it."""
    customer = bench.customer_without_card(account_id)
    items = [{"price": bench.price(plan)}]
    return str(bench.post("/v1/subscriptions", customer=customer, items=items, **params)["id"])


def first_payment(
    bench: Bench, seconds_apart: int, account_id: str = ACCOUNT
) -> tuple[str, Webhook, Webhook]:
    """A purchase whose first payment takes a moment: what tells of ``incomplete``, and of ``active``."""
    subscription_id = bench.subscribe(account_id=account_id, payment_behavior="default_incomplete")
    (created,) = bench.webhooks(CREATED)
    bench.clock.advance(seconds=seconds_apart)
    invoice = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["latest_invoice"]
    bench.post(f"/v1/invoices/{invoice}/pay")
    (updated,) = bench.webhooks(UPDATED)
    return subscription_id, created, updated


def try_without_card(bench: Bench, plan: str = "team", account_id: str = ACCOUNT) -> str:
    """Let an account try a plan for a fortnight without a card, and hear of everything."""
    trial = sell_another(bench, plan, account_id, trial_period_days=14, trial_settings=NO_CARD_CANCELS)
    bench.deliver(*bench.webhooks())
    bench.tick()
    return trial


def attach_card(bench: Bench, card: str = "pm_card_visa", account_id: str = ACCOUNT) -> str:
    """Let the customer of an account have a card that is not its default one; return the card."""
    customer = bench.customer_without_card(account_id)
    return bench.stripe.v1.payment_methods.attach(card, {"customer": customer}).id


def use_bad_card(bench: Bench, subscription_id: str, account_id: str = ACCOUNT) -> None:
    """Let the next charge of a subscription be declined."""
    card = attach_card(bench, "pm_card_chargeCustomerFail", account_id)
    bench.stripe.v1.subscriptions.update(subscription_id, {"default_payment_method": card})


def travel_to(bench: Bench, at: datetime) -> list[Webhook]:
    """Let time pass, at Stripe too, and return what Stripe has to tell of it."""
    bench.clock.now = at
    bench.sandbox.catch_up()
    return bench.webhooks()


def of(bench: Bench, subscription_id: str, account_id: str = ACCOUNT) -> Subscription:
    """Return a subscription of an account as the rules see it."""
    return next(s for s in bench.explain(account_id).state.subscriptions if s.id == subscription_id)


def ids(bench: Bench) -> list[str]:
    """Return the ids of the mirrored subscriptions."""
    return sorted(row.stripe_subscription_id for row in bench.rows(subscriptions))


def entries(bench: Bench, kind: str, account_id: str = ACCOUNT) -> list[dict[str, Any]]:
    """Return the data of what was journalled of one kind."""
    return [entry.data for entry in bench.explain(account_id).journal if entry.kind == kind]


def reasons(bench: Bench, account_id: str = ACCOUNT) -> list[str]:
    """Return the reasons of the access that was announced, in order."""
    return [data["to"]["reason"] for data in entries(bench, "access_changed", account_id)]


def has(bench: Bench, account_id: str = ACCOUNT) -> tuple[str | None, str]:
    """Return the plan and the reason of what an account has now."""
    phase = bench.explain(account_id).phase
    return phase.plan_key, str(phase.reason)


def work(bench: Bench) -> None:
    """Let the worker do what is due."""
    run_due(bench.context)


def states(bench: Bench, webhooks: Sequence[Webhook]) -> set[str]:
    """Return the states of the rows of some events."""
    return {row.state for row in (bench.stored(webhook.event_id) for webhook in webhooks)}


def row_of(bench: Bench, subscription_id: str) -> Row[Any]:
    """Return the row of a subscription in the mirror: there is exactly one."""
    return bench.mirrored(subscription_id)

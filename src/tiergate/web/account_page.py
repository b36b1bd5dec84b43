"""Gathers what the billing page is made from: one account as the mirror and the rules know it."""

from typing import Literal

from fastapi import Request

from tiergate.billing import Billing
from tiergate.rules.access import Reason
from tiergate.rules.catalog import FeatureKind
from tiergate.rules.errors import TiergateError
from tiergate.rules.held import Held
from tiergate.rules.payment_problem import PaymentProblem
from tiergate.rules.price import Price
from tiergate.rules.purchase_terms import trial_to_buy
from tiergate.rules.reverse_trial import waiting_trial
from tiergate.rules.scheduled import coming_phases
from tiergate.rules.state import PaymentMethod, SubscriptionItem, SubscriptionStatus
from tiergate.services.access.describe_account import AccountView
from tiergate.services.accounts.ask_to_upgrade import still_asked
from tiergate.services.checkout.preview_purchase import PurchasePreview
from tiergate.web.billing_facts import IN_DEBT, BillingPage, Running, Terms, UsageLine
from tiergate.web.offer_in_language import page_in
from tiergate.web.page_frame import account_frame, billing_of


def account_page(request: Request, view: AccountView, after: str = "") -> BillingPage:
    """Return what the billing page of an account is made from; ``after`` is what was just done."""
    told, phase, subscription = view.told, view.told.phase, view.subscription
    customer = told.state.customer
    has_customer = told.account.stripe_customer_id is not None and not (customer and customer.deleted)
    frame = account_frame(request, view)
    page = BillingPage(
        frame,
        told.catalog,
        told.at,
        phase.access,
        phase.reason,
        plan=phase.plan,
        subscribed_plan=view.plan,
        price=_price(view),
        status=subscription.status if subscription else None,
        holds_until=phase.ends_at,
        trial_end=subscription.trial_end if subscription else None,
        current_period_end=subscription.current_period_end if subscription else None,
        cancel_at=subscription.cancels_at if subscription else None,
        grace_ends_at=phase.ends_at if phase.reason is Reason.PAST_DUE_GRACE else None,
        has_card=_has_card(view) if has_customer else False,
        usage=tuple(_usage(billing_of(request), view)),
        invoices=told.state.invoices[::-1],
        running=running_of(view),
        card=card_of(view),
        has_customer=has_customer,
        billing_email=(customer.email if customer else None) or told.account.email or "",
        problem=_problem(billing_of(request), view) if frame.may_change else None,
        asked=still_asked(told.journal, told.at),
        purchase=_purchase(billing_of(request), view),
        after=after,
    )
    return page_in(frame.translation, page)


def running_of(view: AccountView) -> Running | None:
    """Return the subscription that can be changed, with what is planned for it and what waits."""
    held = view.held
    if held is None:
        return None
    subscription = held.subscription
    pause, pending = subscription.pause_collection, subscription.pending_update
    coming = coming_phases(subscription, view.told.state)
    is_active = subscription.status is SubscriptionStatus.ACTIVE
    return Running(
        Terms(held.plan, held.interval, held.item.quantity, _add_ons(subscription.items)),
        members=view.told.account.members,
        is_changeable=held.hindrance is None,
        is_ending=held.is_ending,
        is_paused=pause is not None,
        resumes_at=pause.resumes_at if pause else None,
        can_pause=is_active and pause is None and bool(held.plan and held.plan.policy.pause),
        coming=_terms(view, held, coming[0].items) if coming else None,
        coming_at=coming[0].starts_at if coming else None,
        waiting=_terms(view, held, pending.items) if pending else None,
        pay_url=view.pay_url if pending else None,
        pay_by=pending.expires_at if pending else None,
    )


def card_of(view: AccountView) -> PaymentMethod | None:
    """Return what invoices are charged to, as far as it is known."""
    customer = view.told.state.customer
    named = view.held.subscription.default_payment_method if view.held else None
    wanted = named or (customer.default_payment_method if customer else None)
    return next((card for card in view.told.state.payment_methods if card.id == wanted), None)


def _terms(view: AccountView, held: Held, items: tuple[SubscriptionItem, ...]) -> Terms:
    """Return the plan of some items; what is none of ours changes nothing."""
    plans = view.told.catalog.plans
    for item in items:
        if (plan := plans.get(item.plan_key or "")) is not None:
            return Terms(plan, view.intervals.get(item.price_id), item.quantity, _add_ons(items))
    return Terms(held.plan, held.interval, held.item.quantity, _add_ons(items))


def _add_ons(items: tuple[SubscriptionItem, ...]) -> dict[str, int]:
    return {item.add_on_key: item.quantity for item in items if item.add_on_key}


def _has_card(view: AccountView) -> bool | None:
    """Whether there is a card; an account whose trial only begins to reach Stripe has left none there."""
    return False if waiting_trial(view.told.state, view.told.at) else view.has_card


def _tried(view: AccountView) -> tuple[str | None, str | None]:
    """Return the plan that is tried without a card, and how it would be paid; one that Stripe has not got
    yet will begin by the month.
    """
    told, held = view.told, view.held
    if waiting_trial(told.state, told.at) is not None:
        return told.phase.plan_key, "month"
    if held is None or held.plan is None or view.has_card is not False:
        return None, None
    is_tried = trial_to_buy(told.state) == held.subscription
    return (held.plan.key, held.interval) if is_tried else (None, None)


def _purchase(billing: Billing, view: AccountView) -> PurchasePreview | None:
    """Return what buying the trial that runs without a card comes to, as it is tried."""
    plan_key, interval = _tried(view)
    if not plan_key or not interval:
        return None
    try:
        return billing.preview_purchase(view.told.account.account_id, plan_key, interval)
    except TiergateError:
        # What is tried is not sold any more: another plan has to be chosen.
        return None


def _problem(billing: Billing, view: AccountView) -> PaymentProblem | None:
    """Return why a payment is outstanding: all that the page waits for Stripe for, and briefly."""
    waits = view.subscription is not None and view.subscription.pending_update is not None
    return billing.why_unpaid(view) if waits or view.told.phase.reason in IN_DEBT else None


def _price(view: AccountView) -> Price | None:
    """Return what the subscription costs, in the currency that the account pays in."""
    mapped = view.price
    if mapped is None:
        return None
    interval: Literal["month", "year"] = "year" if mapped.interval == "year" else "month"
    for price in view.plan.prices if view.plan else ():
        amount = price.amount_in(view.told.state.currency or mapped.currency)
        if price.lookup_key == mapped.lookup_key and amount is not None:
            return Price(
                mapped.lookup_key,
                interval,
                amount.currency,
                amount.unit_amount,
                tiers=amount.tiers,
                tiers_mode=price.tiers_mode,
            )
    return Price(mapped.lookup_key, interval, mapped.currency, mapped.unit_amount)


def _usage(billing: Billing, view: AccountView) -> list[UsageLine]:
    """Return what the present plan limits, and how much of it is used.

    Of what there may be so many of, none at all is more likely not counted here than true.
    """
    lines = []
    for feature in view.told.catalog.features.values():
        if feature.kind not in (FeatureKind.LIMIT, FeatureKind.PER_SEAT, FeatureKind.METERED):
            continue
        decision = billing.check(view.told.account.account_id, feature.key)
        if decision.value is not False:
            used = decision.used if feature.kind is FeatureKind.METERED else decision.used or None
            lines.append(UsageLine(feature, decision.limit, used))
    return lines

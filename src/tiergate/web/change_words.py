"""The sentences of the page that shows a change before it is made."""

from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.services.preview_change import Preview
from tiergate.web.billing_facts import BillingPage
from tiergate.web.plan_prices import PAID, add_on_of, seats_of


def title(page: BillingPage, preview: Preview) -> str:
    """Name the change: ``Upgrade to Team``, ``Change to 5 seats``."""
    return _action(page, preview.change)


def lead(page: BillingPage, preview: Preview) -> str:
    """Say when it holds, and what that means for the money, in a sentence or two."""
    change = preview.change
    name = page.subject_name
    if change.kind is ChangeKind.STAY:
        return f"You stay on {name} as it is now."
    if change.holds is Holds.AT_RENEWAL:
        when = page.date(change.effective_at) if change.effective_at else "the renewal"
        return f"Nothing changes before {when}: until then you keep {_kept(page, change)}."
    if change.trial_end == "now":
        return "Your trial ends with this, and the first period is charged now."
    if change.trial_end is not None:
        return f"It holds at once. Your trial goes on until {page.date(change.trial_end)}."
    if preview.total < 0:
        return "It holds at once. What you have paid too much is credited to you."
    return "It holds at once. You pay only for what is left of your period."


def planned(page: BillingPage, change: Change) -> str:
    """Say from when a planned change holds."""
    return f"From {page.date(change.effective_at)}" if change.effective_at else "From the renewal"


def button(page: BillingPage, preview: Preview) -> str:
    """Say on the button what pressing it does, to the cent and to the day."""
    change = preview.change
    action = _action(page, change)
    if change.kind is ChangeKind.STAY:
        return action
    if change.holds is Holds.AT_RENEWAL:
        when = f" on {page.date(change.effective_at)}" if change.effective_at else ""
        return f"{_short(page, change)}{when}" if when else action
    if preview.due_now > 0 and preview.currency:
        amount = page.frame.wording.amount(preview.due_now, preview.currency)
        return f"Pay {amount} now and {_inside(_short(page, change))}"
    return f"{_short(page, change)} now"


def undone_in_words(preview: Preview) -> tuple[str, ...]:
    """Say what is taken back on the way."""
    return tuple(_UNDONE[name] for name in preview.undone if name in _UNDONE)


def _action(page: BillingPage, change: Change) -> str:
    plan = change.plan.name if change.plan else "another plan"
    if change.add_on_key is not None:
        return _action_on_add_on(page, change, change.add_on_key)
    if change.kind in (ChangeKind.MORE, ChangeKind.FEWER):
        return f"Change to {seats_of(page.frame.wording, change.plan, change.quantity)}"
    if change.kind in (ChangeKind.LONGER_INTERVAL, ChangeKind.SHORTER_INTERVAL):
        return f"Switch {plan} to {PAID.get(change.interval or '', 'another interval')}"
    return _TITLES.get(change.kind, "Change to {plan}").format(plan=plan)


def _short(page: BillingPage, change: Change) -> str:
    if change.add_on_key is not None:
        return _action_on_add_on(page, change, change.add_on_key)
    if change.kind in (ChangeKind.LONGER_INTERVAL, ChangeKind.SHORTER_INTERVAL):
        return f"Switch to {PAID.get(change.interval or '', 'another interval')}"
    if change.kind is ChangeKind.MORE:
        return "Add seats"
    if change.kind is ChangeKind.FEWER:
        return "Remove seats"
    return _SHORT.get(change.kind, "Change")


def _action_on_add_on(page: BillingPage, change: Change, key: str) -> str:
    wording, running = page.frame.wording, page.running
    if change.quantity == 0:
        return f"Remove {add_on_of(wording, page.catalog, key, 1)}"
    what = add_on_of(wording, page.catalog, key, change.quantity)
    has_some = running is not None and running.terms.add_ons.get(key)
    return f"Change to {what}" if has_some else f"Add {what}"


def _inside(words: str) -> str:
    return words[:1].lower() + words[1:]


def _kept(page: BillingPage, change: Change) -> str:
    running = page.running
    if running is not None and change.add_on_key is not None:
        has = running.terms.add_ons.get(change.add_on_key, 1)
        return add_on_of(page.frame.wording, page.catalog, change.add_on_key, has)
    if running is not None and change.kind is ChangeKind.FEWER:
        seats = seats_of(page.frame.wording, running.terms.plan, running.terms.quantity)
        return seats or page.subject_name
    return page.subject_name


_TITLES = {
    ChangeKind.UPGRADE: "Upgrade to {plan}",
    ChangeKind.DOWNGRADE: "Downgrade to {plan}",
    ChangeKind.STAY: "Keep {plan}",
}
_SHORT = {ChangeKind.UPGRADE: "Upgrade", ChangeKind.DOWNGRADE: "Downgrade"}
_UNDONE = {
    "cancellation": "Your cancellation is taken back.",
    "schedule": "The change that is planned is dropped.",
    "pending_update": "The change that waits for its payment is dropped.",
}

"""The sentences of the page that shows a change before it is made."""

from collections.abc import Mapping

from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.services.changes.preview_change import Preview
from tiergate.translation import Sentence
from tiergate.web.billing_facts import BillingPage
from tiergate.web.plan_prices import add_on_of, seats_of


def title(page: BillingPage, preview: Preview) -> str:
    """Name the change: ``Upgrade to Team``, ``Change to 5 seats``."""
    change = preview.change
    plan = change.plan.name if change.plan else page.say("another plan")
    if change.add_on_key is not None:
        what = _add_on(page, change)
        return page.say(_ADD_ON_TITLES[_deed_on_add_on(page, change, change.add_on_key)], what=what)
    if change.kind in (ChangeKind.MORE, ChangeKind.FEWER):
        return page.say("Change to {seats}", seats=seats_of(page.frame.wording, change.plan, change.quantity))
    if change.kind in (ChangeKind.LONGER_INTERVAL, ChangeKind.SHORTER_INTERVAL):
        return page.say(_SWITCHES.get(change.interval or "", _SWITCHES[""]), plan=plan)
    return page.say(_TITLES.get(change.kind, Sentence("Change to {plan}")), plan=plan)


def lead(page: BillingPage, preview: Preview) -> str:
    """Say when it holds, and what that means for the money, in a sentence or two."""
    change = preview.change
    if change.kind is ChangeKind.STAY:
        return page.say("You stay on {plan} as it is now.", plan=page.subject_name)
    if change.holds is Holds.AT_RENEWAL:
        kept = _kept(page, change)
        if change.effective_at is None:
            return page.say("Nothing changes before the renewal: until then you keep {kept}.", kept=kept)
        date = page.date(change.effective_at)
        return page.say("Nothing changes before {date}: until then you keep {kept}.", date=date, kept=kept)
    if change.trial_end == "now":
        return page.say("Your trial ends with this, and the first period is charged now.")
    if change.trial_end is not None:
        return page.say(
            "It holds at once. Your trial goes on until {date}.", date=page.date(change.trial_end)
        )
    if preview.total < 0:
        return page.say("It holds at once. What you have paid too much is credited to you.")
    return page.say("It holds at once. You pay only for what is left of your period.")


def planned(page: BillingPage, change: Change) -> str:
    """Say from when a planned change holds."""
    if change.effective_at is None:
        return page.say("From the renewal")
    return page.say("From {date}", date=page.date(change.effective_at))


def button(page: BillingPage, preview: Preview) -> str:
    """Say on the button what pressing it does, to the cent and to the day."""
    change = preview.change
    if change.kind is ChangeKind.STAY:
        return title(page, preview)
    now, later, paying = _BUTTONS.get(_deed(page, change), _BUTTONS["change"])
    what = _add_on(page, change)
    if change.holds is Holds.AT_RENEWAL:
        if change.effective_at is None:
            return title(page, preview)
        return page.say(later, date=page.date(change.effective_at), what=what)
    if preview.due_now > 0 and preview.currency:
        amount = page.frame.wording.amount(preview.due_now, preview.currency)
        return page.say(paying, amount=amount, what=what)
    return page.say(now, what=what)


def undone_in_words(page: BillingPage, preview: Preview) -> tuple[str, ...]:
    """Say what is taken back on the way."""
    return tuple(page.say(_UNDONE[name]) for name in preview.undone if name in _UNDONE)


def _deed(page: BillingPage, change: Change) -> str:
    """Name what the button does, as a key of ``_BUTTONS``."""
    if change.add_on_key is not None:
        return _deed_on_add_on(page, change, change.add_on_key)
    if change.kind in (ChangeKind.LONGER_INTERVAL, ChangeKind.SHORTER_INTERVAL):
        return change.interval or ""
    return str(change.kind)


def _deed_on_add_on(page: BillingPage, change: Change, key: str) -> str:
    if change.quantity == 0:
        return "remove"
    has_some = page.running is not None and page.running.terms.add_ons.get(key)
    return "set" if has_some else "add"


def _add_on(page: BillingPage, change: Change) -> str:
    """Name so much of the add-on as is wanted, or the one that is removed."""
    key, wording = change.add_on_key or "", page.frame.wording
    return add_on_of(wording, page.catalog, key, change.quantity or 1)


def _kept(page: BillingPage, change: Change) -> str:
    running = page.running
    if running is not None and change.add_on_key is not None:
        has = running.terms.add_ons.get(change.add_on_key, 1)
        return add_on_of(page.frame.wording, page.catalog, change.add_on_key, has)
    if running is not None and change.kind is ChangeKind.FEWER:
        seats = seats_of(page.frame.wording, running.terms.plan, running.terms.quantity)
        return seats or page.subject_name
    return page.subject_name


_TITLES: Mapping[ChangeKind, Sentence] = {
    ChangeKind.UPGRADE: Sentence("Upgrade to {plan}"),
    ChangeKind.DOWNGRADE: Sentence("Downgrade to {plan}"),
    ChangeKind.STAY: Sentence("Keep {plan}"),
}
_ADD_ON_TITLES: Mapping[str, Sentence] = {
    "add": Sentence("Add {what}"),
    "remove": Sentence("Remove {what}"),
    "set": Sentence("Change to {what}"),
}
_SWITCHES: Mapping[str, Sentence] = {
    "month": Sentence("Switch {plan} to monthly"),
    "year": Sentence("Switch {plan} to yearly"),
    "": Sentence("Switch {plan} to another interval"),
}
_BUTTONS: Mapping[str, tuple[Sentence, Sentence, Sentence]] = {
    ChangeKind.UPGRADE: (
        Sentence("Upgrade now"),
        Sentence("Upgrade on {date}"),
        Sentence("Pay {amount} now and upgrade"),
    ),
    ChangeKind.DOWNGRADE: (
        Sentence("Downgrade now"),
        Sentence("Downgrade on {date}"),
        Sentence("Pay {amount} now and downgrade"),
    ),
    "month": (
        Sentence("Switch to monthly now"),
        Sentence("Switch to monthly on {date}"),
        Sentence("Pay {amount} now and switch to monthly"),
    ),
    "year": (
        Sentence("Switch to yearly now"),
        Sentence("Switch to yearly on {date}"),
        Sentence("Pay {amount} now and switch to yearly"),
    ),
    ChangeKind.MORE: (
        Sentence("Add seats now"),
        Sentence("Add seats on {date}"),
        Sentence("Pay {amount} now and add seats"),
    ),
    ChangeKind.FEWER: (
        Sentence("Remove seats now"),
        Sentence("Remove seats on {date}"),
        Sentence("Pay {amount} now and remove seats"),
    ),
    "add": (
        Sentence("Add {what} now"),
        Sentence("Add {what} on {date}"),
        Sentence("Pay {amount} now and add {what}"),
    ),
    "remove": (
        Sentence("Remove {what} now"),
        Sentence("Remove {what} on {date}"),
        Sentence("Pay {amount} now and remove {what}"),
    ),
    "set": (
        Sentence("Change to {what} now"),
        Sentence("Change to {what} on {date}"),
        Sentence("Pay {amount} now and change to {what}"),
    ),
    "change": (
        Sentence("Change now"),
        Sentence("Change on {date}"),
        Sentence("Pay {amount} now and change"),
    ),
}
"""What the button says now, at the renewal, and where something is charged at once."""
_UNDONE: Mapping[str, Sentence] = {
    "cancellation": Sentence("Your cancellation is taken back."),
    "schedule": Sentence("The change that is planned is dropped."),
    "pending_update": Sentence("The change that waits for its payment is dropped."),
}

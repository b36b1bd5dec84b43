"""Changes of the made-up product as they are shown before they are made, and its page of leaving."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.web.pages.northwind import (
    CREW,
    EXTENDED,
    OPEN_INVOICE,
    PERIOD_END,
    PURCHASE,
    RUNNING,
    SCALE,
    SOON,
    STARTER,
    TEAM,
    TRIAL_END,
    at_stripe,
    back_on_free,
    on_team,
    on_trial,
)
from tiergate.rules.access import Reason
from tiergate.rules.catalog import UNLIMITED
from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.rules.purchase_terms import Charge
from tiergate.services.changes.preview_change import Preview, PreviewLine
from tiergate.services.changes.wish import Wish
from tiergate.web.billing_facts import Running, Terms
from tiergate.web.buy_page import BuyPage
from tiergate.web.change_page import ChangePage
from tiergate.web.leaving_page import LeavingPage

ACTIVE = at_stripe(on_team(Reason.ACTIVE))
LINES = (
    PreviewLine("Unused time on Team after 21 Nov 2026", -1633, True),
    PreviewLine("Remaining time on Scale after 21 Nov 2026", 4967, True),
)


def preview(change: Change, **changes: Any) -> Preview:
    """What a change comes to: nothing today, and what Team costs at the renewal, unless said otherwise."""
    plain = Preview(change, "usd", 0, 0, (), PERIOD_END, 4900, {}, (), "1.0.abc")
    return replace(plain, **changes)


EXTRA = (PreviewLine("Remaining time on 2 × Storage after 21 Nov 2026", 677, True),)

UP = preview(
    Change(ChangeKind.UPGRADE, SCALE, "month"),
    lines=LINES,
    total=3334,
    due_now=3334,
    renewal_total=14_900,
    features={
        "api_calls": (100_000, 1_000_000),
        "sso": (False, True),
        "audit_log": ("90 days", "1 year"),
    },
)
DOWN = preview(
    Change(ChangeKind.DOWNGRADE, STARTER, "month", holds=Holds.AT_RENEWAL, effective_at=PERIOD_END),
    renewal_total=1900,
    features={"projects": (UNLIMITED, 5), "roles": (True, False), "api_calls": (100_000, 20_000)},
)
SEATED = at_stripe(
    on_team(Reason.ACTIVE, plan=CREW, subscribed_plan=CREW),
    running=Running(Terms(CREW, "month", 5), members=4),
)


def change_pages() -> Iterator[tuple[str, ChangePage]]:
    """Each kind of change, by name."""
    yield "up", ChangePage(ACTIVE, Wish("scale", "month"), UP)
    yield "moved", ChangePage(ACTIVE, Wish("scale", "month"), UP, moved=True)
    yield "taxed", ChangePage(ACTIVE, Wish("scale", "month"), replace(UP, total=3667, due_now=3000))
    yield "down", ChangePage(ACTIVE, Wish("starter", "month"), DOWN)
    yearly = Change(ChangeKind.LONGER_INTERVAL, TEAM, "year")
    undone = ("cancellation", "schedule", "pending_update")
    longer = preview(yearly, lines=LINES, total=3334, due_now=3334, undone=undone, renewal_total=46_800)
    yield "yearly", ChangePage(ACTIVE, Wish("team", "year"), longer)
    shorter = Change(
        ChangeKind.SHORTER_INTERVAL, TEAM, "month", holds=Holds.AT_RENEWAL, effective_at=PERIOD_END
    )
    paid_yearly = at_stripe(ACTIVE, running=Running(Terms(TEAM, "year")))
    yield "monthly", ChangePage(paid_yearly, Wish("team", "month"), preview(shorter))
    more = preview(Change(ChangeKind.MORE, CREW, "month", 8), lines=LINES, total=3334, due_now=3334)
    yield "more-seats", ChangePage(SEATED, Wish(seats=8), more)
    fewer = preview(Change(ChangeKind.FEWER, CREW, "month", 4), lines=LINES[:1], total=-1633)
    yield "fewer-seats", ChangePage(SEATED, Wish(seats=4), fewer)
    stay = preview(Change(ChangeKind.STAY, TEAM, "month"), undone=("schedule",))
    yield "stay", ChangePage(ACTIVE, Wish("team"), stay)
    trial = preview(Change(ChangeKind.UPGRADE, SCALE, "month", trial_end=TRIAL_END))
    yield "in-trial", ChangePage(at_stripe(on_trial()), Wish("scale"), trial)
    adding = Change(ChangeKind.MORE, TEAM, "month", 2, add_on_key="storage")
    extended = replace(ACTIVE, catalog=EXTENDED)
    added = preview(
        adding, lines=EXTRA, total=677, due_now=677, renewal_total=5900, features={"storage": (50, 150)}
    )
    yield "add-on", ChangePage(extended, Wish(add_on="storage", quantity=2), added)
    removing = replace(
        adding, kind=ChangeKind.FEWER, quantity=0, holds=Holds.AT_RENEWAL, effective_at=PERIOD_END
    )
    has = replace(extended, running=Running(Terms(TEAM, "month", add_ons={"storage": 2})))
    gone = preview(removing, features={"storage": (150, 50)})
    yield "remove-add-on", ChangePage(has, Wish(add_on="storage", quantity=0), gone)
    ends = preview(
        Change(ChangeKind.UPGRADE, SCALE, "month", trial_end="now"), lines=LINES[1:], total=4967, due_now=4967
    )
    yield "ending-trial", ChangePage(at_stripe(on_trial()), Wish("scale"), ends)


def buy_pages() -> Iterator[tuple[str, BuyPage]]:
    """Buying in a trial: at once, keeping its days, and by the seat."""
    trial = at_stripe(
        on_trial(has_card=False), catalog=replace(EXTENDED, plans={**EXTENDED.plans, "crew": CREW})
    )
    yield "now", BuyPage(trial, PURCHASE)
    kept = replace(PURCHASE, plan="scale", amount=14_900, charge=Charge.AT_TRIAL_END, charged_at=TRIAL_END)
    yield "kept", BuyPage(trial, kept)
    yield "seats", BuyPage(trial, replace(PURCHASE, plan="crew", seats=5, amount=4500))


HELD_UP = replace(RUNNING, is_changeable=False)


def leaving_pages() -> Iterator[tuple[str, LeavingPage]]:
    """Leaving with the period, in a trial, and at once."""
    with_period = Change(ChangeKind.CANCEL, TEAM, holds=Holds.AT_RENEWAL, effective_at=PERIOD_END)
    pausable = at_stripe(ACTIVE, running=replace(RUNNING, can_pause=True))
    yield "paid", LeavingPage(pausable, with_period, timedelta(days=30))
    in_trial = replace(with_period, effective_at=TRIAL_END)
    yield "trial", LeavingPage(at_stripe(on_trial()), in_trial)
    owing = on_team(Reason.PAST_DUE_GRACE, status="past_due", grace_ends_at=SOON, invoices=(OPEN_INVOICE,))
    yield "owing", LeavingPage(at_stripe(owing, running=HELD_UP), with_period)
    resting = at_stripe(back_on_free(Reason.PAUSED), running=replace(HELD_UP, is_paused=True))
    yield "resting", LeavingPage(resting, with_period)
    yield "now", LeavingPage(ACTIVE, Change(ChangeKind.CANCEL, TEAM))

"""What is said before a change is made, to the cent and to the day; and what leaving means."""

from dataclasses import replace

import pytest

from tests.web.pages.changing import buy_pages, change_pages, leaving_pages
from tests.web.pages.markup import read
from tests.web.pages.northwind import self_serve_pages
from tiergate.services.changes.cancel_subscription import FEEDBACK
from tiergate.web.billing_page import billing_view
from tiergate.web.buy_page import buy_view
from tiergate.web.change_page import Line, change_view, render_change
from tiergate.web.leaving_page import REASONS, leaving_view
from tiergate.web.link import Link
from tiergate.web.order_form import SeatsField

CHANGES = dict(change_pages())
LEAVING = dict(leaving_pages())
OWN = dict(self_serve_pages())

GOLDEN = {
    "up": ("Upgrade to Scale", "Pay $33.34 now and upgrade", "Due today $33.34"),
    "moved": ("Upgrade to Scale", "Pay $33.34 now and upgrade", "Due today $33.34"),
    "taxed": ("Upgrade to Scale", "Pay $30.00 now and upgrade", "Due today $30.00"),
    "down": ("Downgrade to Starter", "Downgrade on Dec 1, 2026", ""),
    "yearly": ("Switch Team to yearly", "Pay $33.34 now and switch to yearly", "Due today $33.34"),
    "monthly": ("Switch Team to monthly", "Switch to monthly on Dec 1, 2026", ""),
    "more-seats": ("Change to 8 seats", "Pay $33.34 now and add seats", "Due today $33.34"),
    "fewer-seats": ("Change to 4 seats", "Remove seats now", "Credited to your next invoice $16.33"),
    "stay": ("Keep Team", "Keep Team", ""),
    "in-trial": ("Upgrade to Scale", "Upgrade now", ""),
    "add-on": ("Add 2 × Storage", "Pay $6.77 now and add 2 × Storage", "Due today $6.77"),
    "remove-add-on": ("Remove Storage", "Remove Storage on Dec 1, 2026", ""),
    "ending-trial": ("Upgrade to Scale", "Pay $49.67 now and upgrade", "Due today $49.67"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_button_says_what_it_does(name: str) -> None:
    """Title, button and what is due today, for each kind of change, and on the page itself."""
    view = change_view(CHANGES[name])
    due = f"{view.due.text} {view.due.amount}" if view.due else ""
    assert (view.title, view.button, due) == GOLDEN[name]
    assert view.button in read(render_change(CHANGES[name])).text


def test_both_sides_are_shown() -> None:
    """From what to what, at which price, from when on."""
    sides = [
        (side.label, side.name, f"{side.amount} {side.per}") for side in change_view(CHANGES["down"]).sides
    ]
    assert sides == [
        ("Now", "Team", "$49 / month"),
        ("From Dec 1, 2026", "Starter", "$19 / month"),
    ]
    seats = [side.note for side in change_view(CHANGES["more-seats"]).sides]
    assert seats == ["5 seats", "8 seats"]
    assert change_view(CHANGES["stay"]).sides == ()


def test_the_lines_add_up() -> None:
    """Tax, and credit that is used, are lines of their own: all lines together are what is due."""
    lines = [(line.text, line.amount) for line in change_view(CHANGES["taxed"]).lines]
    assert lines[2:] == [("Tax and discounts", "$3.33"), ("From your credit", "-$6.67")]


def test_gains_come_before_losses() -> None:
    """More, or included, is a gain; less is a loss; words are neither."""
    signs = {name: [each.sign for each in change_view(CHANGES[name]).differences] for name in ("up", "down")}
    assert signs == {"up": ["gain", "gain", "other"], "down": ["loss", "loss", "loss"]}


def test_what_is_taken_back_is_said() -> None:
    """A cancellation, a plan and a payment that waits: each has its sentence."""
    assert change_view(CHANGES["yearly"]).notes == (
        "Your cancellation is taken back.",
        "The change that is planned is dropped.",
        "The change that waits for its payment is dropped.",
    )


def test_all_that_was_wished_for_is_confirmed() -> None:
    """The form bears the wish and the token of what was shown, and says where nothing was changed."""
    assert change_view(CHANGES["more-seats"]).fields == (("seats", "8"), ("token", "1.0.abc"))
    assert change_view(CHANGES["moved"]).notice
    assert not change_view(CHANGES["up"]).notice


def test_leaving_says_until_when() -> None:
    """With the period, with the trial, or at once: and what follows."""
    assert {name: leaving_view(page).lead for name, page in LEAVING.items()} == {
        "paid": "You keep Team until Dec 1, 2026, and nothing more is charged. Then your account moves to "
        "the Free plan. Until then you can change your mind.",
        "trial": "You keep Team until Nov 30, 2026, and nothing will be charged. Then your account moves to "
        "the Free plan. Until then you can change your mind.",
        "owing": "Team ends on Dec 1, 2026, and will not renew. The open invoice is still due; you keep Team "
        "until then only if it is paid. Until then you can change your mind.",
        "resting": "Team ends on Dec 1, 2026, and will not renew. Until then you can change your mind.",
        "now": "Team ends at once: your account moves to the Free plan.",
    }


def test_staying_is_offered() -> None:
    """A pause where the policy has one, and the next smaller plan that costs something."""
    offers = {name: [offer.title for offer in leaving_view(page).offers] for name, page in LEAVING.items()}
    assert offers == {
        "paid": ["Take a break of 30 days", "Starter may be enough"],
        "trial": ["Starter may be enough"],
        "owing": [],
        "resting": [],
        "now": ["Starter may be enough"],
    }


def test_every_reason_of_stripes_has_words() -> None:
    """Nothing can be chosen that Stripe refuses."""
    assert set(REASONS) == set(FEEDBACK)


def _buttons(name: str) -> list[str]:
    view = billing_view(OWN[name])
    found = [view.plan.yearly, view.plan.cancel]
    for banner in (view.banner, *view.notices):
        found += [banner.action, banner.also] if banner else []
    return [link.label for link in found if link is not None]


def test_each_state_has_its_buttons() -> None:
    """What can be done about it is one press away, in every state."""
    assert {name: _buttons(name) for name in OWN} == {
        "own-active": ["Switch to yearly, save $120", "Cancel plan"],
        "own-yearly": ["Cancel plan"],
        "own-seats": ["Cancel plan"],
        "own-trial": ["Switch to yearly, save $120", "Cancel plan"],
        "own-trial-no-card": ["Cancel plan", "Add payment method"],
        "own-trial-to-buy": ["Cancel plan", "Add payment method"],
        "own-trial-to-keep": ["Cancel plan", "Add payment method"],
        "own-add-ons": ["Switch to yearly, save $120", "Cancel plan"],
        "own-with-add-on": ["Switch to yearly, save $120", "Cancel plan"],
        "own-removing-add-on": ["Cancel plan", "Undo"],
        "own-downgrading": ["Cancel plan", "Undo"],
        "own-confirming": ["Cancel plan", "Confirm payment", "Not now"],
        "own-canceling": ["Keep Team"],
        "own-grace": ["Cancel plan", "Pay invoice"],
        "own-paused": ["Cancel Team", "Resume Team"],
        "own-collects-nothing": ["Cancel plan", "Resume Team"],
    }


def test_a_trial_is_bought_in_words_before_the_click() -> None:
    """When the card is charged and how much, where the button is: at once, or at the trial's end."""
    at_once, kept = billing_view(OWN["own-trial-to-buy"]), billing_view(OWN["own-trial-to-keep"])
    for view, words in (
        (at_once, "Your card is charged $49 plus any tax today, and the 9 days left of your trial end."),
        (kept, "Your card is charged $49 plus any tax on Nov 30, 2026, when the trial ends."),
    ):
        assert view.banner
        assert view.details
        assert view.banner.text == f"Add a payment method to keep Team. {words}"
        assert view.details.words == words
        bought = Link(
            "Add payment method", "/api/billing/checkout", (("plan", "team"), ("interval", "month"))
        )
        assert view.banner.action == bought
        assert view.details.update == replace(bought, label="Add card")


def test_a_purchase_is_shown_before_stripe_asks() -> None:
    """What is due today and later, for how many seats, and the way back to just this."""
    views = {name: buy_view(page) for name, page in buy_pages()}
    shown = {name: (view.title, view.line, view.due, view.later) for name, view in views.items()}
    assert shown == {
        "now": (
            "Buy Team",
            Line("Team, paid monthly", "$49.00"),
            Line("Due today, plus any tax", "$49.00"),
            None,
        ),
        "kept": (
            "Buy Scale",
            Line("Scale, paid monthly", "$149.00"),
            Line("Due today", "Nothing"),
            Line("Then, on Nov 30, 2026, plus any tax", "$149.00"),
        ),
        "seats": (
            "Buy Crew",
            Line("Crew, paid monthly, 5 seats", "$45.00"),
            Line("Due today, plus any tax", "$45.00"),
            None,
        ),
    }
    assert views["seats"].seats == SeatsField(5, 3, 200)
    assert views["seats"].buy.fields == (
        ("plan", "crew"),
        ("interval", "month"),
        ("seats", "5"),
        ("return_to", "/billing/buy?plan=crew&interval=month&seats=5"),
    )


def test_what_was_done_is_told_as_it_is() -> None:
    """The sentence follows from what is the case: an address that says otherwise says nothing."""
    told = {name: billing_view(page).told for name, page in OWN.items() if page.after}
    assert told == {
        "own-yearly": "Done. You are on Team, paid yearly.",
        "own-with-add-on": "Done. You have Team with 2 × Storage.",
        "own-removing-add-on": "Your change is planned for Dec 1, 2026.",
        "own-downgrading": "Your change is planned for Dec 1, 2026.",
        "own-canceling": "Team is canceled, and will not renew.",
    }
    assert billing_view(OWN["own-downgrading"]).plan.next == (
        "On Dec 1, 2026 it becomes Starter, for $19 / month plus any tax."
    )

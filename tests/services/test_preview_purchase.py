"""What a purchase charges is said in words before the click, and it comes true."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tests.services.changing import desk, prices
from tests.services.trials import sell_with_reverse_trial, sign_up, trials_at_stripe
from tiergate.services.changes.change_errors import AddOnNotSoldSoError
from tiergate.services.checkout.lead_to_checkout import lead_to_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.preview_purchase import PurchasePreview, preview_purchase
from tiergate.services.checkout.start_checkout import AlreadySubscribedError
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.trials.start_trial import start_trial

VISA = "4242 4242 4242 4242"


def preview(bench: Bench, plan: str = "team", interval: str = "month") -> PurchasePreview:
    """Look before the click."""
    bench.line.requests.clear()
    seen = preview_purchase(bench.context, ACCOUNT, Order(plan, interval))
    assert bench.line.requests == []
    return seen


def try_team(bench: Bench) -> None:
    """Try Team for five days."""
    start_trial(bench.context, ACCOUNT, "team")
    bench.deliver(*bench.webhooks())
    bench.clock.advance(days=5)
    bench.sandbox.catch_up()


@pytest.mark.parametrize(("plan", "words", "amount"), [
    ("team", "Your card is charged $49.00 today; the 9 days left of the trial end.", 4900),
    ("scale", "Your card is charged $149.00 today; the 9 days left of the trial end.", 14900),
])  # fmt: skip
def test_converting_at_once(bench: Bench, plan: str, words: str, amount: int) -> None:
    """The words name the amount and the days, and that amount is charged."""
    try_team(bench)
    seen = preview(bench, plan)
    assert (seen.words, seen.amount, seen.charged_at) == (words, amount, None)
    bench.pay(lead_to_checkout(bench.context, ACCOUNT, Order(plan)), VISA)
    bench.deliver(*bench.webhooks())
    charged = [one["amount_paid"] for one in bench.at_stripe("/v1/invoices")["data"] if one["total"]]
    assert charged == [amount]


def test_keeping_the_days(bench: Bench) -> None:
    """The words name the day on which the card is charged, and it is the trial's end at Stripe."""
    text = northwind().replace("[policy]\n", '[policy]\nupgrade_in_trial = "keep_trial"\n')
    push_plans(bench.context, text)
    try_team(bench)
    seen = preview(bench)
    assert seen.words == "Your card is charged $49.00 on March 15, when the trial ends."
    bench.pay(lead_to_checkout(bench.context, ACCOUNT, Order("team")), VISA)
    bench.deliver(*bench.webhooks())
    (trial,) = trials_at_stripe(bench)
    assert seen.charged_at is not None
    assert trial["trial_end"] == int(seen.charged_at.timestamp())
    assert trial["items"]["data"][0]["current_period_end"] == trial["trial_end"]


def test_the_accounts_locale_and_time_zone(bench: Bench) -> None:
    """Amount and day are written as the account reads them."""
    text = northwind().replace("[policy]\n", '[policy]\nupgrade_in_trial = "keep_trial"\n')
    push_plans(bench.context, text)
    bench.register(ACCOUNT, locale="de-DE", time_zone="Pacific/Auckland")
    bench.clock.advance(hours=6)
    try_team(bench)
    assert "49,00\xa0$ on 16. März, when" in preview(bench).words


def test_the_last_day(bench: Bench) -> None:
    """One day is one day."""
    try_team(bench)
    bench.clock.now = BEGIN + timedelta(days=13, hours=2)
    assert "the 1 day left of the trial ends." in preview(bench).words


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("team", "Nothing is charged today. The trial ends on March 15; to keep Team then costs $49.00."),
        ("scale", "Nothing is charged today. Your card is charged $149.00 on March 15, when the trial ends."),
    ],
)
def test_a_first_trial(bench: Bench, plan: str, words: str) -> None:
    """Without a card nothing is ever charged by itself; with one it is when the trial ends."""
    assert preview(bench, plan).words == words


def test_without_a_trial_the_reason_is_said(bench: Bench) -> None:
    """Who may not try pays the normal price, and reads why."""
    bench.register(ACCOUNT, email="x@yopmail.com")
    seen = preview(bench)
    assert seen.words == "Your card is charged $49.00 today."
    assert seen.trial_refused == "A trial needs an e-mail address that lasts."


CREW = """
[plans.crew]
name = "Crew"
seats = { minimum = 2, maximum = 20 }
prices = [{ interval = "month", currency = "usd", unit_amount = 1200 }]
[addons.storage]
name = "Storage"
features = { projects = 10 }
prices = [{ interval = "month", currency = "usd", unit_amount = 500 }]
"""


@pytest.mark.parametrize(
    ("wish", "seats", "amount"),
    [
        ({}, 3, 3 * 1200),
        ({"seats": 5}, 5, 5 * 1200),
        ({"seats": 5, "add_ons": {"storage": 2}}, 5, 5 * 1200 + 2 * 500),
    ],
)
@pytest.mark.parametrize("tries", [False, True])
def test_seats_and_add_ons_are_counted(
    bench: Bench, tries: bool, wish: dict[str, Any], seats: int, amount: int
) -> None:
    """A seat for each member unless another number is said; what is bought with it is in the amount."""
    push_plans(bench.context, northwind() + CREW)
    bench.register(ACCOUNT, members=3)
    if tries:
        try_team(bench)
    seen = preview_purchase(bench.context, ACCOUNT, Order("crew", **wish))
    assert (seen.seats, seen.amount) == (seats, amount)
    bench.pay(lead_to_checkout(bench.context, ACCOUNT, Order("crew", **wish)), VISA)
    bench.deliver(*bench.webhooks())
    charged = [one["amount_paid"] for one in bench.at_stripe("/v1/invoices")["data"] if one["total"]]
    assert charged == [amount]


def test_a_trial_that_stripe_has_not_got_yet(bench: Bench) -> None:
    """The words before the click are those of the trial that begins with it, also on Stripe's page."""
    sell_with_reverse_trial(bench)
    bench.line.down = True
    sign_up(bench, "newcomer")
    bench.line.down = False
    seen = preview_purchase(bench.context, "newcomer", Order("team"))
    assert seen.words == "Your card is charged $49.00 today; the 14 days left of the trial end."
    lead_to_checkout(bench.context, "newcomer", Order("team"))
    session = bench.at_stripe("/v1/checkout/sessions")["data"][0]
    assert session["custom_text"]["submit"]["message"] == seen.words


def test_add_ons_that_are_tried_are_bought_too(bench: Bench) -> None:
    """What is in the trial is in the first charge, and in the words before it."""
    push_plans(bench.context, northwind() + CREW)
    try_team(bench)
    desk(bench).set_add_on(ACCOUNT, "storage", 3)
    assert preview(bench).amount == 4900 + 1500
    more = preview_purchase(bench.context, ACCOUNT, Order("team", add_ons={"storage": 4}))
    assert more.amount == 4900 + 2000
    bench.pay(lead_to_checkout(bench.context, ACCOUNT, Order("team", add_ons={"storage": 4})), VISA)
    bench.deliver(*bench.webhooks())
    charged = [one["amount_paid"] for one in bench.at_stripe("/v1/invoices")["data"] if one["total"]]
    assert charged == [4900 + 2000]


BY_THE_YEAR = """
[addons.support]
name = "Support"
features = { projects = 10 }
prices = [
    { interval = "month", currency = "usd", unit_amount = 700, currency_options = { eur = 600 } },
    { interval = "year", currency = "usd", unit_amount = 7000, currency_options = { eur = 6000 } },
]
"""


@pytest.mark.parametrize(
    ("ordered", "items", "amount"),
    [
        ({}, {"team_yearly": 1, "support_yearly": 2}, 46800 + 14000),
        ({"support": 0}, {"team_yearly": 1, "support_yearly": 2}, 46800 + 14000),
        ({"support": 1}, {"team_yearly": 1, "support_yearly": 1}, 46800 + 7000),
    ],
    ids=["as tried", "none is as tried", "less"],
)
def test_tried_add_ons_are_paid_like_the_plan(
    bench: Bench, ordered: dict[str, int], items: dict[str, int], amount: int
) -> None:
    """A trial by the month that is bought by the year has no add-on left that is paid by the month."""
    push_plans(bench.context, northwind() + BY_THE_YEAR)
    try_team(bench)
    desk(bench).set_add_on(ACCOUNT, "support", 2)
    order = Order("team", "year", add_ons=ordered)
    seen = preview_purchase(bench.context, ACCOUNT, order)
    assert seen.amount == amount
    bench.pay(lead_to_checkout(bench.context, ACCOUNT, order), VISA)
    bench.deliver(*bench.webhooks())
    charged = [one["amount_paid"] for one in bench.at_stripe("/v1/invoices")["data"] if one["total"]]
    assert charged == [amount]
    (bought,) = bench.mirrored_ids()
    assert prices(bench, bought) == items


def test_a_tried_add_on_that_cannot_follow_is_refused(bench: Bench) -> None:
    """It is said before the click as well as at it; by its own interval the trial is bought."""
    push_plans(bench.context, northwind() + CREW)
    try_team(bench)
    desk(bench).set_add_on(ACCOUNT, "storage", 3)
    for ask in (preview_purchase, lead_to_checkout):
        with pytest.raises(AddOnNotSoldSoError, match="not sold per year"):
            ask(bench.context, ACCOUNT, Order("team", "year"))
    assert preview(bench).amount == 4900 + 1500


def test_a_trial_in_another_currency(bench: Bench) -> None:
    """What is tried in euro is bought in euro, its add-ons too; the amount before the click is the charge."""
    push_plans(bench.context, northwind() + BY_THE_YEAR)
    customer = bench.customer_without_card()
    items = [{"price": bench.price("team")}, {"price": bench.price("support"), "quantity": 2}]
    trial = {"customer": customer, "items": items, "currency": "eur", "trial_period_days": 14}
    bench.post("/v1/subscriptions", **trial)
    bench.deliver(*bench.webhooks())
    bench.clock.advance(days=2)
    seen = preview_purchase(bench.context, ACCOUNT, Order("team", currency="usd"))
    assert (seen.amount, seen.currency) == (4500 + 1200, "eur")
    bench.pay(lead_to_checkout(bench.context, ACCOUNT, Order("team")), VISA)
    bench.deliver(*bench.webhooks())
    paid = [one for one in bench.at_stripe("/v1/invoices")["data"] if one["total"]]
    assert [(one["amount_paid"], one["currency"]) for one in paid] == [(seen.amount, "eur")]


def test_a_subscriber_previews_a_change_instead(bench: Bench) -> None:
    """What is paid already is changed, not bought."""
    bench.subscribe()
    bench.deliver(*bench.webhooks())
    with pytest.raises(AlreadySubscribedError):
        preview(bench)

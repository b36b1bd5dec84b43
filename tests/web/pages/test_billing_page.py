"""The billing page: for each position of an account the words, dates and badge, word for word."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.web.pages.markup import read
from tests.web.pages.northwind import (
    FEATURES,
    FREE,
    NORTHWIND,
    NOW,
    OPEN_INVOICE,
    PERIOD_END,
    SCALE,
    SOON,
    TEAM,
    after_failed_payment,
    back_on_free,
    billing_pages,
    for_a_member,
    invoice,
    on_team,
    on_trial,
    self_serve_pages,
)
from tiergate.rules.access import Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.policy import Afterwards, OnUnknown, Policy
from tiergate.rules.price import Price
from tiergate.rules.prompt_settings import PromptSettings
from tiergate.rules.state import InvoiceStatus
from tiergate.web.billing_page import BillingPage, UsageLine, billing_view, render_billing

PAGES = dict(billing_pages())
FREE_NOW = "You are on the Free plan, which costs nothing and does not end."

GOLDEN = {
    "free": (None, "Free", [], FREE_NOW),
    "comp": (None, "Active", [], "You have Scale without a subscription: nothing is charged for it."),
    "no-plan": ("You have no plan yet|Choose a plan to start using Northwind.", "None yet", [], ""),
    "trial-card": (
        "9 days left in your Team trial"
        "|A payment method is on file, so there is nothing you need to do to keep Team.",
        "Trial",
        ["Trial ends Nov 30, 2026", "Payment method On file"],
        "On Nov 30, 2026 the trial ends and your first month of Team is charged: $49 plus any tax.",
    ),
    "trial-no-card": (
        "9 days left in your Team trial|There is no payment method on file, so nothing will be charged.",
        "Trial",
        ["Trial ends Nov 30, 2026", "Payment method None on file"],
        "On Nov 30, 2026 the trial ends and your account moves to the Free plan.",
    ),
    "trial-unknown-card": (
        "9 days left in your Team trial|We are checking with Stripe whether a payment method is on file.",
        "Trial",
        ["Trial ends Nov 30, 2026", "Payment method Being checked"],
        "On Nov 30, 2026 the trial ends. With a payment method on file your first month of Team is charged: "
        "$49 plus any tax; without one, your account moves to the Free plan.",
    ),
    "trial-3-days": (
        "3 days left in your Team trial|There is no payment method on file, so nothing will be charged.",
        "Trial",
        ["Trial ends Nov 30, 2026", "Payment method None on file"],
        "On Nov 30, 2026 the trial ends and your account moves to the Free plan.",
    ),
    "trial-tomorrow": (
        "Your Team trial ends tomorrow at 2:05 PM UTC"
        "|There is no payment method on file, so nothing will be charged.",
        "Trial",
        ["Trial ends Nov 30, 2026", "Payment method None on file"],
        "On Nov 30, 2026 the trial ends and your account moves to the Free plan.",
    ),
    "trial-today": (
        "Your Team trial ends today at 2:05 PM UTC"
        "|There is no payment method on file, so nothing will be charged.",
        "Trial",
        ["Trial ends Nov 30, 2026", "Payment method None on file"],
        "On Nov 30, 2026 the trial ends and your account moves to the Free plan.",
    ),
    "trial-canceled": (
        "9 days left in your Team trial"
        "|You have canceled it, so nothing will be charged. You keep Team until then.",
        "Ending",
        ["Ends Nov 30, 2026", "Payment method On file"],
        "On Nov 30, 2026 your account moves to the Free plan.",
    ),
    "trial-extended": (
        "3 days left in your Team trial"
        "|Your trial of Team goes on until then, and nothing is charged for it.",
        "Trial",
        ["Trial ends Nov 24, 2026", "Payment method On file"],
        "On Nov 24, 2026 your account moves to the Free plan.",
    ),
    "trial-unconfirmed": (
        "We are waiting for Stripe to confirm the end of your trial"
        "|You keep Team meanwhile, and there is nothing you need to do.",
        "Confirming",
        ["Payment method On file"],
        "If nothing is confirmed by Nov 24, 2026, your account moves to the Free plan.",
    ),
    "first-charge": (
        "Your first payment for Team is being made"
        "|Your trial has ended, and Stripe is about to charge your payment method.",
        "Confirming",
        ["Payment method On file"],
        "You keep Team while the payment is on its way.",
    ),
    "first-charge-waiting": (
        "Your first payment for Team is being made"
        "|Your trial has ended, and Stripe is about to charge your payment method.",
        "Free",
        ["Payment method On file"],
        f"{FREE_NOW} Team opens as soon as the payment has arrived.",
    ),
    "trial-ended": (
        "Your Team trial ended on Nov 21, 2026"
        "|Nothing was charged. Choose a plan whenever you want Team back.",
        "Free",
        [],
        FREE_NOW,
    ),
    "active": (
        None,
        "Active",
        ["Renews Dec 1, 2026", "Payment method On file"],
        "On Dec 1, 2026 Team renews for $49 plus any tax.",
    ),
    "active-yearly": (
        None,
        "Active",
        ["Renews Dec 1, 2026", "Payment method On file"],
        "On Dec 1, 2026 Team renews for $468 plus any tax.",
    ),
    "canceling": (
        "Team ends on Dec 1, 2026|You keep everything until then, and it will not renew.",
        "Ending",
        ["Ends Dec 1, 2026", "Payment method On file"],
        "On Dec 1, 2026 your account moves to the Free plan.",
    ),
    "canceled": (
        "Your Team subscription has ended|Choose a plan whenever you want Team back.",
        "Free",
        [],
        FREE_NOW,
    ),
    "unconfirmed": (
        "We are waiting for Stripe to confirm your renewal"
        "|You keep Team meanwhile, and there is nothing you need to do.",
        "Confirming",
        ["Payment method On file"],
        "If nothing is confirmed by Nov 24, 2026, your account moves to the Free plan.",
    ),
    "unknown": (
        "Stripe has not confirmed your renewal|If you have paid for Team, write to help@northwind.test.",
        "Free",
        ["Payment method On file"],
        f"{FREE_NOW} Team comes back as soon as Stripe confirms it.",
    ),
    "unknown-allowed": (
        "Stripe has not confirmed your renewal"
        "|You keep Team meanwhile. If you have canceled it, write to help@northwind.test.",
        "Not confirmed",
        ["Payment method On file"],
        "Team stays open while we wait.",
    ),
    "paused": (
        "Your Team subscription is paused"
        "|Nothing is charged while it is paused. To take it up again, write to help@northwind.test.",
        "Free",
        ["Payment method On file"],
        f"{FREE_NOW} Team comes back when the subscription is resumed.",
    ),
    "grace": (
        "Your last payment for Team failed|Pay the open invoice by Nov 24, 2026 to keep Team.",
        "Payment failed",
        ["Pay by Nov 24, 2026", "Payment method On file"],
        "You keep Team until Nov 24, 2026. If the payment has not arrived then, "
        "your account moves to the Free plan.",
    ),
    "past-due": (
        "Your last payment for Team failed|Pay the open invoice to get Team back.",
        "Free",
        ["Payment method On file"],
        f"{FREE_NOW} Team comes back as soon as the payment has arrived.",
    ),
    "past-due-read-only": (
        "Your last payment for Team failed|Pay the open invoice to get Team back.",
        "Read-only",
        ["Payment method On file"],
        "Your account is read-only: everything is still there to look at, but not to change. "
        "Team comes back as soon as the payment has arrived.",
    ),
    "unpaid": (
        "Your last payment for Team failed"
        "|We have stopped trying to collect it. Pay the open invoice to get Team back.",
        "No access",
        ["Payment method On file"],
        "Your access to Northwind is switched off. Team comes back as soon as the payment has arrived.",
    ),
    "incomplete": (
        "Your first payment is not complete"
        "|Your bank may be asking you to confirm it. Team opens once it has gone through.",
        "Free",
        ["Payment method On file"],
        f"{FREE_NOW} Without a payment within 23 hours of your order, it lapses and nothing is charged.",
    ),
    "incomplete-expired": (
        "Your order of Team has lapsed"
        "|Its first payment did not go through in time, so Team never started. You can order it again.",
        "Free",
        [],
        FREE_NOW,
    ),
    "unknown-status": (
        "Something about your subscription is unclear to us"
        "|To be safe, what it pays for is switched off until we have looked into it. "
        "Please write to help@northwind.test.",
        "Free",
        ["Payment method On file"],
        FREE_NOW,
    ),
    "unmapped-price": (
        "Something about your subscription is unclear to us"
        "|To be safe, what it pays for is switched off until we have looked into it. "
        "Please write to help@northwind.test.",
        "Free",
        [],
        FREE_NOW,
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_position_is_put_into_words(name: str) -> None:
    """Banner, badge, dates and the sentence about what happens next, in full, on the page itself."""
    view = billing_view(PAGES[name])
    banner = f"{view.banner.title}|{view.banner.text}".replace("\u202f", " ") if view.banner else None
    rows = [f"{row.label} {row.value}" for row in view.plan.rows if row.label != "Billing email"]
    assert (banner, view.plan.badge, rows, view.plan.next) == GOLDEN[name]
    text = read(render_billing(PAGES[name])).text
    for words in [*(banner or "").split("|"), view.plan.badge, view.plan.next]:
        assert words in text.replace("\u202f", " ")


def test_every_reason_has_words() -> None:
    """The pages looked at here cover every reason that the rules can give."""
    assert {page.reason for page in PAGES.values()} == set(Reason)


def _action(page: BillingPage) -> tuple[str, str] | None:
    banner = billing_view(page).banner
    return (banner.action.label, banner.action.url) if banner and banner.action else None


def test_the_banner_offers_only_what_can_be_done() -> None:
    """An open invoice is paid at Stripe, an ended plan is chosen again, and a trial has nothing to press."""
    assert OPEN_INVOICE.hosted_invoice_url is not None
    assert _action(PAGES["grace"]) == ("Pay invoice", OPEN_INVOICE.hosted_invoice_url)
    assert _action(PAGES["incomplete"]) == ("Confirm payment", OPEN_INVOICE.hosted_invoice_url)
    assert _action(PAGES["trial-ended"]) == ("Choose a plan", "/pricing")
    assert _action(PAGES["trial-no-card"]) is None


def test_the_way_to_the_plans_is_offered_once() -> None:
    """Where the banner leads to the plans, the heading does not; its label says what the account would do."""
    changes = {name: billing_view(PAGES[name]).change for name in ("active", "free", "trial-ended")}
    assert changes["active"] is not None
    assert changes["free"] is not None
    assert (changes["active"].label, changes["free"].label) == ("See all plans", "Choose a plan")
    assert changes["trial-ended"] is None


def test_without_an_address_there_is_no_button_to_pay() -> None:
    """An open invoice that Stripe gave no page for is spoken of, without a dead link."""
    page = after_failed_payment(Reason.PAST_DUE, invoices=())
    assert _action(page) is None
    assert billing_view(page).banner is not None
    assert "Pay what is open to get Team back." in render_billing(page)


def test_the_newest_open_invoice_is_the_one_to_pay() -> None:
    """With two open invoices, the button leads to the later one; paid ones are passed over."""
    older = invoice(30, InvoiceStatus.OPEN, "NW-0001")
    action = _action(after_failed_payment(Reason.PAST_DUE, invoices=(older, OPEN_INVOICE)))
    assert action == ("Pay invoice", OPEN_INVOICE.hosted_invoice_url)


@pytest.mark.parametrize(
    ("policy", "ending"),
    [
        (Policy(after_grace=Afterwards.READ_ONLY), "your account becomes read-only"),
        (Policy(after_grace=Afterwards.BLOCKED), "your access ends"),
    ],
)
def test_what_follows_is_what_the_policy_does(policy: Policy, ending: str) -> None:
    """The sentence about the end of the grace is taken from the plan's policy."""
    team = replace(TEAM, policy=policy)
    page = replace(PAGES["grace"], plan=team, subscribed_plan=team)
    assert billing_view(page).plan.next.endswith(f"If the payment has not arrived then, {ending}.")


def test_each_end_follows_its_own_policy() -> None:
    """A trial ends as after_trial says and a cancellation as after_cancel says, whatever the others say."""
    policy = Policy(after_trial=Afterwards.READ_ONLY, after_cancel=Afterwards.BLOCKED)
    team = replace(TEAM, policy=policy)
    changes: dict[str, Any] = {"plan": team, "subscribed_plan": team}
    endings = [
        billing_view(page).plan.next
        for page in (
            on_trial(has_card=False, **changes),
            on_trial(cancel_at=PERIOD_END - timedelta(days=2), **changes),
            on_team(Reason.CANCELING, cancel_at=PERIOD_END, **changes),
        )
    ]
    assert endings == [
        "On Nov 30, 2026 the trial ends and your account becomes read-only.",
        "On Nov 29, 2026 your account becomes read-only.",
        "On Dec 1, 2026 your access ends.",
    ]


def test_without_a_free_plan_access_ends() -> None:
    """Where the catalogue has no free plan, nobody is promised one."""
    catalog = Catalog(NORTHWIND.product, FEATURES, {"team": TEAM})
    page = replace(PAGES["canceling"], catalog=catalog)
    assert billing_view(page).plan.next == "On Dec 1, 2026 your access ends."


def test_a_plan_canceled_at_once_is_kept_while_it_is_paid() -> None:
    """The end is that of the phase, because Stripe's cancel_at has nothing to say any more."""
    page = on_team(Reason.CANCELING, status="canceled", cancel_at=NOW, holds_until=SOON)
    assert billing_view(page).plan.next == "On Nov 24, 2026 your account moves to the Free plan."


def test_a_policy_that_allows_the_unknown_is_not_a_threat() -> None:
    """Where silence changes nothing, no date is announced on which something would be lost."""
    team = replace(TEAM, policy=Policy(on_unknown=OnUnknown.ALLOW))
    page = on_team(Reason.UNCONFIRMED, plan=team, subscribed_plan=team, holds_until=SOON)
    assert billing_view(page).plan.next == "Team stays open while we wait."
    endless = on_team(Reason.UNCONFIRMED, holds_until=DISTANT_FUTURE)
    assert billing_view(endless).plan.next == "Team stays open while we wait."


def test_gaps_in_the_facts_leave_no_gaps_in_the_sentences() -> None:
    """Without dates and prices the page says less, and says nothing wrong."""
    bare = {"price": None, "current_period_end": None, "trial_end": None, "cancel_at": None, "status": None}
    sentences = {
        reason: billing_view(on_team(reason, **bare)).plan.next
        for reason in (Reason.ACTIVE, Reason.TRIALING, Reason.CANCELING, Reason.PAST_DUE_GRACE)
    }
    assert sentences == {
        Reason.ACTIVE: "Team goes on until you cancel.",
        Reason.TRIALING: "You are on the Team plan.",
        Reason.CANCELING: "With the period that is paid for your account moves to the Free plan.",
        Reason.PAST_DUE_GRACE: "You keep Team for now.",
    }
    assert "goes on as a paid plan" in billing_view(on_trial(price=None)).plan.next
    assert "None" not in read(render_billing(on_trial(price=None, has_card=True))).text


def test_without_an_address_for_support_the_words_still_hold() -> None:
    """A product that names no support address is not made to say an empty one."""
    frame = replace(PAGES["paused"].frame, product=replace(NORTHWIND.product, support_email=""))
    banner = billing_view(replace(PAGES["paused"], frame=frame)).banner
    assert banner is not None
    assert banner.text.endswith("To take it up again, write to our support.")


def test_the_last_days_of_a_trial_without_a_card_are_a_warning() -> None:
    """The tone changes at three days, and only where something is about to be lost."""
    tones = {name: billing_view(PAGES[name]).banner for name in PAGES if name.startswith("trial-")}
    warned = {name for name, banner in tones.items() if banner and banner.tone == "warning"}
    assert warned == {"trial-3-days", "trial-tomorrow", "trial-today"}


def test_the_price_belongs_to_the_plan_that_is_shown() -> None:
    """An account that is back on Free sees zero, one that was given a plan sees no price at all."""
    plans = {
        name: billing_view(PAGES[name]).plan for name in ("active-yearly", "trial-ended", "comp", "unpaid")
    }
    shown = {name: (plan.title, plan.amount, plan.per) for name, plan in plans.items()}
    assert shown == {
        "active-yearly": ("Team plan", "$468", "/ year"),
        "trial-ended": ("Free plan", "$0", "/ month"),
        "comp": ("Scale plan", "", ""),
        "unpaid": ("Team plan", "$49", "/ month"),
    }


def test_a_grant_above_the_subscription_shows_no_foreign_price() -> None:
    """Scale by a grant is not shown at Team's price, nor under Team's badge."""
    plan = billing_view(back_on_free(Reason.PAST_DUE, plan=SCALE)).plan
    assert (plan.title, plan.amount, plan.badge) == ("Scale plan", "", "Active")


def test_free_is_zero_of_the_right_currency() -> None:
    """The subscription's currency where there is one, else the catalogue's."""
    euro = Price("team_monthly_eur", "month", "eur", 4500)
    catalog = Catalog(NORTHWIND.product, FEATURES, {"free": FREE, "team": replace(TEAM, prices=(euro,))})
    assert billing_view(back_on_free(Reason.PAUSED, price=euro)).plan.amount == "€0"
    assert billing_view(replace(PAGES["free"], catalog=catalog)).plan.amount == "€0"
    assert billing_view(PAGES["free"]).plan.amount == "$0"


def test_a_zero_decimal_subscription() -> None:
    """Yen are shown whole, in the card, in the sentence and in the invoices."""
    price = Price("team_monthly_jpy", "month", "jpy", 7000)
    bill = replace(invoice(1, InvoiceStatus.PAID, "NW-1", 7700), currency="jpy")
    view = billing_view(on_team(Reason.ACTIVE, price=price, invoices=(bill,)))
    assert view.plan.amount == "¥7,000"
    assert view.plan.next == "On Dec 1, 2026 Team renews for ¥7,000 plus any tax."
    assert view.invoices[0].amount == "¥7,700"


@pytest.mark.parametrize(
    ("limit", "used", "text", "percent", "tone", "alert"),
    [
        (100, 0, "0 of 100", 0, "neutral", ""),
        (100, 79, "79 of 100", 79, "neutral", ""),
        (100, 80, "80 of 100", 80, "warning", "80% used"),
        (100_000, 99_999, "99,999 of 100,000", 99, "warning", "99% used"),
        (100, 100, "100 of 100", 100, "danger", "Limit reached"),
        (1, 4, "4 of 1", 100, "danger", "3 over the limit"),
        (100, None, "Up to 100", None, "neutral", ""),
        (0, None, "Not included", None, "neutral", ""),
        (0, 2, "Not included", None, "neutral", ""),
        (None, None, "No limit", None, "neutral", ""),
        (None, 12, "12 used, no limit", None, "neutral", ""),
    ],
)
def test_usage(
    limit: int | None, used: int | None, text: str, percent: int | None, tone: str, alert: str
) -> None:
    """Amber from 80 %, red from 100 %, and in words as well; what is not reported is only stated."""
    page = on_team(Reason.ACTIVE, usage=(UsageLine(FEATURES["seats"], limit, used),))
    (line,) = billing_view(page).usage
    assert (line.text, line.percent, line.tone, line.alert) == (text, percent, tone, alert)
    document = read(render_billing(page))
    assert text in document.text
    bars = [bar["width"] for bar in document.all("rect")]
    assert bars == ([] if percent is None else [f"{percent}%"])


@pytest.mark.parametrize(
    ("prompts", "used", "tone", "alert"),
    [
        (PromptSettings((50, 90)), 49, "neutral", ""),
        (PromptSettings((50, 90)), 50, "warning", "50% used"),
        (PromptSettings((50, 90)), 90, "danger", "90% used"),
        (PromptSettings(()), 99, "neutral", ""),
        (PromptSettings(()), 100, "danger", "Limit reached"),
    ],
)
def test_usage_is_pointed_out_when_the_catalogue_says_so(
    prompts: PromptSettings, used: int, tone: str, alert: str
) -> None:
    """The percents of the catalogue decide from when the bar warns and is urgent; a full one always is."""
    usage = (UsageLine(FEATURES["seats"], 100, used),)
    page = replace(on_team(Reason.ACTIVE, usage=usage), catalog=replace(NORTHWIND, prompts=prompts))
    (line,) = billing_view(page).usage
    assert (line.tone, line.alert) == (tone, alert)


def test_usage_says_when_counts_start_again() -> None:
    """Metered usage names its reset; limits do not reset, so without metered usage there is no such line."""
    assert billing_view(PAGES["active"]).usage_note == "API calls start again from zero on Dec 1, 2026."
    seats = (UsageLine(FEATURES["seats"], 10, 4),)
    assert billing_view(on_team(Reason.ACTIVE, usage=seats)).usage_note == ""
    assert billing_view(on_team(Reason.ACTIVE, usage_resets_at=None)).usage_note == ""


def test_invoices_are_listed_newest_first_without_drafts() -> None:
    """Date, number, status and amount of what was sent; a draft may still change and is not shown."""
    draft = invoice(0, InvoiceStatus.DRAFT, None)
    bad_debt = invoice(200, InvoiceStatus.UNCOLLECTIBLE, "NW-0002", 123_450)
    void = invoice(2, InvoiceStatus.VOID, "NW-0003", 0)
    rows = billing_view(on_team(Reason.ACTIVE, invoices=(bad_debt, draft, OPEN_INVOICE, void))).invoices
    assert [(row.date, row.number, row.status, row.amount, row.hosted_label) for row in rows] == [
        ("Nov 20, 2026", "NW-0047", "Open", "$53.90", "Pay"),
        ("Nov 19, 2026", "NW-0003", "Void", "$0.00", "View"),
        ("May 5, 2026", "NW-0002", "Unpaid", "$1,234.50", "View"),
    ]


def test_an_invoice_is_dated_by_its_finalisation() -> None:
    """A draft that waited three days is dated by the day it was sent."""
    late = replace(OPEN_INVOICE, finalized_at=NOW)
    assert billing_view(on_team(Reason.ACTIVE, invoices=(late,))).invoices[0].date == "Nov 21, 2026"


def test_invoices_link_only_to_web_pages() -> None:
    """An address that a browser would run as a script is dropped, in the table and in the banner."""
    trap = replace(OPEN_INVOICE, hosted_invoice_url="javascript:alert(1)", invoice_pdf="data:text/html,x")
    page = after_failed_payment(Reason.PAST_DUE, invoices=(trap,))
    links = [link["href"] or "" for link in read(render_billing(page)).all("a")]
    assert not [link for link in links if link.startswith(("javascript:", "data:"))]
    assert _action(page) is None


def test_an_account_without_invoices_is_told_so() -> None:
    """The empty table is a sentence."""
    assert "There are no invoices yet." in read(render_billing(PAGES["free"])).text


def test_free_is_where_the_account_is_when_it_is_on_free() -> None:
    """The heading of the sentence says whether something is going to happen."""
    titles = {name: billing_view(PAGES[name]).plan.next_title for name in ("free", "active")}
    assert titles == {"free": "Where you stand", "active": "What happens next"}
    assert PAGES["free"].plan == FREE


@pytest.mark.parametrize("name", [name for name, _ in (*billing_pages(), *self_serve_pages())])
def test_a_member_sees_facts_and_one_button(name: str) -> None:
    """Whatever the account's position, nothing is offered to a member that would be refused."""
    page = dict((*billing_pages(), *self_serve_pages()))[name]
    shown = read(render_billing(for_a_member(page)))
    assert [form["action"] for form in shown.all("form")] == ["/api/billing/ask"]
    assert not [link for link in shown.all("a") if "/billing/" in str(link["href"])]
    assert shown.text.count("Ask an owner to upgrade") == len(shown.all("button")) == 1
    owned, facts = billing_view(page), billing_view(for_a_member(page))
    assert (facts.invoices, facts.usage, facts.plan.rows) == (owned.invoices, owned.usage, owned.plan.rows)
    assert (facts.banner is None, len(facts.notices)) == (owned.banner is None, len(owned.notices))

"""The made-up product whose pages are looked at, and an account of it in every position."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tiergate.rules.access import Access, Reason
from tiergate.rules.catalog import (
    UNLIMITED,
    AddOn,
    Catalog,
    Feature,
    FeatureKind,
    Plan,
    Product,
    Question,
    Seats,
    Trial,
)
from tiergate.rules.next_step import Position
from tiergate.rules.payment_problem import payment_problem
from tiergate.rules.price import Amount, Price
from tiergate.rules.purchase_terms import Charge
from tiergate.rules.state import Invoice, InvoiceStatus, PaymentMethod
from tiergate.rules.tiered_price import Tier, TiersMode
from tiergate.services.checkout.preview_purchase import PurchasePreview
from tiergate.web.billing_facts import Running, Terms
from tiergate.web.billing_page import BillingPage, UsageLine
from tiergate.web.offers import Storefront
from tiergate.web.render import Frame

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TRIAL_END = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)
PERIOD_END = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=3)

FEATURES = {
    feature.key: feature
    for feature in [
        Feature("projects", "Projects", FeatureKind.LIMIT),
        Feature("api_calls", "API calls", FeatureKind.METERED),
        Feature("seats", "Seats", FeatureKind.LIMIT),
        Feature("storage", "Storage", FeatureKind.LIMIT, unit="GB"),
        Feature("support", "Support", FeatureKind.SETTING),
        Feature("custom_domain", "Custom domain", FeatureKind.SWITCH),
        Feature("roles", "Roles and permissions", FeatureKind.SWITCH),
        Feature("audit_log", "Audit log", FeatureKind.SETTING),
        Feature("sso", "SAML single sign-on", FeatureKind.SWITCH),
    ]
}


def _prices(key: str, monthly: int, yearly: int) -> tuple[Price, ...]:
    return (
        Price(f"{key}_monthly", "month", "usd", monthly),
        Price(f"{key}_yearly", "year", "usd", yearly),
    )


FREE = Plan(
    "free",
    "Free",
    0,
    "For trying things out",
    features={"projects": 1, "api_calls": 1000, "seats": 1, "storage": 1, "support": "Community"},
)
STARTER = Plan(
    "starter",
    "Starter",
    1,
    "For solo builders",
    features={
        "projects": 5,
        "api_calls": 20_000,
        "seats": 2,
        "storage": 10,
        "support": "Email",
        "custom_domain": True,
    },
    prices=_prices("starter", 1900, 18_000),
    trial=Trial(14),
)
TEAM = Plan(
    "team",
    "Team",
    2,
    "For growing products",
    highlight=True,
    features={
        "projects": UNLIMITED,
        "api_calls": 100_000,
        "seats": 10,
        "storage": 50,
        "support": "Priority",
        "custom_domain": True,
        "roles": True,
        "audit_log": "90 days",
    },
    prices=_prices("team", 4900, 46_800),
    trial=Trial(14),
)
SCALE = Plan(
    "scale",
    "Scale",
    3,
    "For serious volume",
    features={
        "projects": UNLIMITED,
        "api_calls": 1_000_000,
        "seats": 50,
        "storage": 500,
        "support": "Priority",
        "custom_domain": True,
        "roles": True,
        "audit_log": "1 year",
        "sso": True,
    },
    prices=_prices("scale", 14_900, 142_800),
    trial=Trial(14, card_required=True),
)
NORTHWIND = Catalog(
    Product(
        "Northwind",
        tagline="Start free, try any paid plan for 14 days, and change or cancel whenever you like.",
        support_email="help@northwind.test",
    ),
    FEATURES,
    {plan.key: plan for plan in (FREE, STARTER, TEAM, SCALE)},
)

VISITOR = Frame(NORTHWIND.product, public_url="https://northwind.test")
MEMBER = Frame(
    NORTHWIND.product,
    home_url="/app",
    public_url="https://northwind.test",
    signed_in=True,
    account_name="Acme Inc.",
    account_email="ap@acme.test",
)


def store(catalog: Catalog = NORTHWIND, frame: Frame = VISITOR, **changes: Any) -> Storefront:
    """The plans as somebody sees them; nobody in particular without changes."""
    plain = Storefront(frame, catalog, next(iter(catalog.currencies), "usd"))
    return replace(plain, **changes)


def in_euro(plan: Plan) -> Plan:
    """The same plan, sold in euro and yen too: the same figures, and a hundred times as many yen."""
    prices = tuple(
        replace(
            price,
            currency_options={
                "eur": Amount("eur", price.unit_amount),
                "jpy": Amount("jpy", price.unit_amount),
            },
        )
        for price in plan.prices
    )
    return replace(plan, prices=prices)


TIERS = (Tier(10, 900), Tier(50, 700), Tier(None, 500))
CREW = Plan(
    "crew",
    "Crew",
    2,
    "For teams of every size",
    highlight=True,
    features={"projects": UNLIMITED, "api_calls": 100_000, "storage": 50, "support": "Priority"},
    prices=(
        Price("crew_monthly", "month", "usd", 900, tiers=TIERS, tiers_mode=TiersMode.GRADUATED),
        Price("crew_yearly", "year", "usd", 9000),
    ),
    trial=Trial(30),
    seats=Seats(3, 200),
)
ENTERPRISE = Plan(
    "enterprise",
    "Enterprise",
    4,
    "For those with a procurement department",
    features={**SCALE.features, "api_calls": UNLIMITED, "storage": UNLIMITED},
    contact_url="https://northwind.test/talk",
)
QUESTIONS = (
    Question("Can I change my plan later?", "Yes, at any time, on your billing page."),
    Question(
        "What happens after the trial?",
        "Your account moves to the Free plan, and nothing is deleted.\n\nYou can buy whenever you like.",
    ),
)
WHOLE = Catalog(
    NORTHWIND.product,
    FEATURES,
    {plan.key: plan for plan in (FREE, *map(in_euro, (STARTER, TEAM, SCALE)), ENTERPRISE)},
    faq=QUESTIONS,
)
"""Five plans, three currencies, questions: all that the pricing page can show."""

STORAGE = AddOn(
    "storage",
    "Storage",
    "50 GB more for files and backups",
    {"storage": 50},
    (Price("storage_monthly", "month", "usd", 500), Price("storage_yearly", "year", "usd", 5000)),
)
PRIORITY = AddOn(
    "priority",
    "Priority line",
    "Somebody calls you back within the hour",
    prices=(Price("priority_monthly", "month", "usd", 9900),),
)
EXTENDED = replace(NORTHWIND, add_ons={each.key: each for each in (STORAGE, PRIORITY)})
"""Northwind with add-ons."""

PURCHASE = PurchasePreview("team", "month", 1, 4900, "usd", Charge.NOW_ENDING_TRIAL, None, 9, "", "")
"""What buying the trial of Team comes to, nine days before its end."""

ON_TEAM = Position("team", is_subscribed=True, subscribed_key="team", subscribed_rank=2, interval="month")


def usage() -> tuple[UsageLine, ...]:
    """Usage of Team: one limit nearly spent, one within bounds, one reached, one never reported."""
    return (
        UsageLine(FEATURES["api_calls"], 100_000, 82_140),
        UsageLine(FEATURES["seats"], 10, 4),
        UsageLine(FEATURES["storage"], 50, 50),
        UsageLine(FEATURES["projects"], None, 12),
    )


def invoice(days_ago: int, status: InvoiceStatus, number: str | None, total: int = 5390) -> Invoice:
    """One of Acme's invoices, with Stripe's two addresses once it has a number."""
    url = f"https://invoice.stripe.test/i/{number}" if number else None
    return Invoice(
        id=f"in_{number}",
        customer_id="cus_acme",
        status=status,
        created_at=NOW - timedelta(days=days_ago),
        total=total,
        number=number,
        hosted_invoice_url=url,
        invoice_pdf=f"{url}/pdf" if url else None,
    )


PAID_INVOICES = (
    invoice(20, InvoiceStatus.PAID, "NW-0042"),
    invoice(51, InvoiceStatus.PAID, "NW-0037"),
    invoice(81, InvoiceStatus.VOID, "NW-0031", 4900),
    invoice(112, InvoiceStatus.PAID, "NW-0026", 4900),
)
OPEN_INVOICE = invoice(1, InvoiceStatus.OPEN, "NW-0047")


def on_team(reason: Reason, **changes: Any) -> BillingPage:
    """Acme on Team per month, in the position that the reason names."""
    page = BillingPage(
        frame=MEMBER,
        catalog=NORTHWIND,
        at=NOW,
        access=Access.FULL,
        reason=reason,
        plan=TEAM,
        subscribed_plan=TEAM,
        price=TEAM.price("month"),
        status="active",
        current_period_end=PERIOD_END,
        has_card=True,
        usage=usage(),
        usage_resets_at=PERIOD_END,
        invoices=PAID_INVOICES,
    )
    return replace(page, **changes)


def on_trial(reason: Reason = Reason.TRIALING, **changes: Any) -> BillingPage:
    """Acme trying Team, nine days before the end."""
    trial = {"status": "trialing", "trial_end": TRIAL_END, "current_period_end": TRIAL_END, "invoices": ()}
    return on_team(reason, **(trial | changes))


def back_on_free(reason: Reason, **changes: Any) -> BillingPage:
    """Acme on Free because Team does not hold."""
    spent = (UsageLine(FEATURES["api_calls"], 1000, 140), UsageLine(FEATURES["seats"], 1, 4))
    return on_team(reason, **({"plan": FREE, "usage": spent} | changes))


def after_failed_payment(reason: Reason, **changes: Any) -> BillingPage:
    """Acme on Free with an open invoice."""
    return back_on_free(
        reason, **({"status": "past_due", "invoices": (OPEN_INVOICE, *PAID_INVOICES)} | changes)
    )


def without_subscription(access: Access, **changes: Any) -> BillingPage:
    """Acme before it ever bought anything."""
    return replace(BillingPage(MEMBER, NORTHWIND, NOW, access, Reason.NO_SUBSCRIPTION), **changes)


CARD = PaymentMethod("pm_1", "cus_acme", "card", "visa", "4242", 12, 2034)
RUNNING = Running(Terms(TEAM, "month"))


def at_stripe(page: BillingPage, **changes: Any) -> BillingPage:
    """The same account with the subscription, the card and the address that Stripe holds of it."""
    has_card = page.has_card is not False
    whole = replace(
        page,
        running=replace(RUNNING, is_ending=page.cancel_at is not None),
        card=CARD if has_card else None,
        has_customer=True,
        billing_email="ap@acme.test",
    )
    return replace(whole, **changes)


def self_serve_pages() -> Iterator[tuple[str, BillingPage]]:
    """All that customers do by themselves: each state with its buttons."""
    active = on_team(Reason.ACTIVE)
    yield "own-active", at_stripe(active)
    yield (
        "own-yearly",
        at_stripe(
            replace(active, price=TEAM.price("year")), running=Running(Terms(TEAM, "year")), after="change"
        ),
    )
    crew = {"plan": CREW, "subscribed_plan": CREW, "price": Price("crew_monthly", "month", "usd", 900)}
    seats = Running(Terms(CREW, "month", 5), members=4)
    yield "own-seats", at_stripe(on_team(Reason.ACTIVE, **crew), running=seats)
    yield "own-trial", at_stripe(on_trial())
    yield "own-trial-no-card", at_stripe(on_trial(has_card=False))
    yield "own-trial-to-buy", at_stripe(on_trial(has_card=False), purchase=PURCHASE)
    kept = replace(PURCHASE, charge=Charge.AT_TRIAL_END, charged_at=TRIAL_END)
    yield "own-trial-to-keep", at_stripe(on_trial(has_card=False), purchase=kept)
    extended = replace(active, catalog=EXTENDED)
    yield "own-add-ons", at_stripe(extended)
    has_two = Terms(TEAM, "month", add_ons={"storage": 2})
    yield "own-with-add-on", at_stripe(extended, running=Running(has_two), after="add-ons")
    fewer = Running(has_two, coming=Terms(TEAM, "month"), coming_at=PERIOD_END)
    yield "own-removing-add-on", at_stripe(extended, running=fewer, after="add-ons")
    planned = replace(RUNNING, coming=Terms(STARTER, "month"), coming_at=PERIOD_END)
    yield "own-downgrading", at_stripe(active, running=planned, after="change")
    waits = replace(
        RUNNING, waiting=Terms(SCALE, "month"), pay_url=OPEN_INVOICE.hosted_invoice_url, pay_by=SOON
    )
    yield "own-confirming", at_stripe(active, running=waits, invoices=(OPEN_INVOICE, *PAID_INVOICES))
    yield "own-canceling", at_stripe(on_team(Reason.CANCELING, cancel_at=PERIOD_END), after="cancel")
    yield (
        "own-grace",
        at_stripe(
            after_failed_payment(Reason.PAST_DUE_GRACE, plan=TEAM, usage=usage(), grace_ends_at=SOON),
            running=replace(RUNNING, is_changeable=False),
        ),
    )
    yield (
        "own-paused",
        at_stripe(
            back_on_free(Reason.PAUSED),
            running=replace(RUNNING, is_paused=True, resumes_at=SOON, is_changeable=False),
        ),
    )
    yield (
        "own-collects-nothing",
        at_stripe(active, running=replace(RUNNING, is_paused=True, resumes_at=SOON, is_changeable=False)),
    )


def unpaid_pages() -> Iterator[tuple[str, BillingPage]]:
    """Payments that did not go through, for a reason that is known."""
    declined = payment_problem({"last_payment_error": {"decline_code": "insufficient_funds"}})
    to_confirm = payment_problem({"status": "requires_action"})
    held_up = replace(RUNNING, is_changeable=False)
    waits = replace(
        RUNNING, waiting=Terms(SCALE, "month"), pay_url=OPEN_INVOICE.hosted_invoice_url, pay_by=SOON
    )
    yield "declined", at_stripe(on_team(Reason.ACTIVE), running=waits, problem=declined)
    overdue = after_failed_payment(Reason.PAST_DUE_GRACE, plan=TEAM, usage=usage(), grace_ends_at=SOON)
    yield "overdue", at_stripe(overdue, running=held_up, problem=declined)
    past = after_failed_payment(Reason.PAST_DUE)
    yield "to-confirm", at_stripe(past, running=held_up, problem=to_confirm)
    incomplete = after_failed_payment(Reason.INCOMPLETE, status="incomplete")
    yield "incomplete-declined", at_stripe(incomplete, running=held_up, problem=declined)


def for_a_member(page: BillingPage) -> BillingPage:
    """The same page, as somebody sees it who may only ask an owner."""
    return replace(page, frame=replace(page.frame, may_change=False))


def trial_pages() -> Iterator[tuple[str, BillingPage]]:
    """A trial from its first day to what follows it."""
    yield "trial-card", on_trial()
    yield "trial-no-card", on_trial(has_card=False)
    yield "trial-unknown-card", on_trial(has_card=None)
    yield "trial-3-days", on_trial(has_card=False, at=TRIAL_END - timedelta(days=3))
    yield "trial-tomorrow", on_trial(has_card=False, at=TRIAL_END - timedelta(days=1))
    yield "trial-today", on_trial(has_card=False, at=TRIAL_END - timedelta(hours=2))
    yield "trial-canceled", on_trial(cancel_at=TRIAL_END)
    yield "trial-extended", on_trial(Reason.TRIAL_EXTENDED, holds_until=SOON)
    yield "trial-unconfirmed", on_trial(Reason.UNCONFIRMED, holds_until=SOON)
    yield "first-charge", on_team(Reason.FIRST_CHARGE_PENDING, trial_end=TRIAL_END)
    yield "first-charge-waiting", back_on_free(Reason.FIRST_CHARGE_PENDING, trial_end=TRIAL_END)
    yield "trial-ended", back_on_free(Reason.TRIAL_ENDED, trial_end=NOW, has_card=False, price=None)


def paid_pages() -> Iterator[tuple[str, BillingPage]]:
    """A paid plan, and the orderly ways out of it."""
    yield "active", on_team(Reason.ACTIVE)
    yield "active-yearly", on_team(Reason.ACTIVE, price=TEAM.price("year"))
    yield "canceling", on_team(Reason.CANCELING, cancel_at=PERIOD_END)
    yield "canceled", back_on_free(Reason.CANCELED, price=None)
    yield "unconfirmed", on_team(Reason.UNCONFIRMED, holds_until=SOON)
    yield "unknown", back_on_free(Reason.UNKNOWN)
    yield "unknown-allowed", on_team(Reason.UNKNOWN)
    yield "paused", back_on_free(Reason.PAUSED)


def failed_pages() -> Iterator[tuple[str, BillingPage]]:
    """Payments that did not arrive, and states that nobody foresaw."""
    yield "grace", after_failed_payment(Reason.PAST_DUE_GRACE, plan=TEAM, usage=usage(), grace_ends_at=SOON)
    yield "past-due", after_failed_payment(Reason.PAST_DUE)
    yield "past-due-read-only", after_failed_payment(Reason.PAST_DUE, plan=TEAM, access=Access.READ_ONLY)
    yield "unpaid", after_failed_payment(Reason.UNPAID, plan=None, access=Access.BLOCKED, usage=())
    yield "incomplete", after_failed_payment(Reason.INCOMPLETE, status="incomplete")
    yield "incomplete-expired", back_on_free(Reason.INCOMPLETE_EXPIRED, price=None)
    yield "unknown-status", back_on_free(Reason.UNKNOWN_STATUS, status="hibernating")
    yield "unmapped-price", back_on_free(Reason.UNMAPPED_PRICE, subscribed_plan=None, price=None)


def billing_pages() -> Iterator[tuple[str, BillingPage]]:
    """Every position that the billing page can be asked to show, by name."""
    calls = UsageLine(FEATURES["api_calls"], 1000)
    yield "free", without_subscription(Access.FULL, plan=FREE, usage=(calls,))
    yield "comp", without_subscription(Access.FULL, plan=SCALE, reason=Reason.COMP)
    yield "no-plan", without_subscription(Access.BLOCKED)
    yield from trial_pages()
    yield from paid_pages()
    yield from failed_pages()


LONG_NAME = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenfabrik"
LONG_PLAN = replace(
    TEAM,
    key="long",
    name=LONG_NAME,
    description=LONG_NAME,
    prices=_prices("long", 123_456_789, 1_234_567_890),
)
LONG_CATALOG = Catalog(
    replace(NORTHWIND.product, name=LONG_NAME, headline=LONG_NAME),
    FEATURES,
    {"free": FREE, "long": LONG_PLAN},
)
_GERMAN_WORDS = {
    "projects": "Gleichzeitig geführte Projekte",
    "api_calls": "Schnittstellenaufrufe",
    "seats": "Benutzerzugänge",
    "storage": "Zwischenspeicherkapazität",
    "support": "Kundenunterstützung",
    "custom_domain": "Eigene Internetadresse mit Verschlüsselung",
    "roles": "Rollen- und Berechtigungsverwaltung",
    "audit_log": "Revisionssicheres Änderungsprotokoll",
    "sso": "Einmalanmeldung über Verzeichnisdienst",
}
GERMAN = Catalog(
    replace(
        NORTHWIND.product,
        currency="eur",
        headline="Preise, die mit Ihrem Unternehmen mitwachsen",
        tagline="Testen Sie jeden kostenpflichtigen Tarif 14 Tage lang, und kündigen Sie jederzeit.",
    ),
    {key: replace(feature, name=_GERMAN_WORDS[key]) for key, feature in FEATURES.items()},
    {
        "free": replace(FREE, name="Kostenlos", description="Zum unverbindlichen Ausprobieren"),
        "starter": replace(
            in_euro(STARTER), name="Einsteigertarif", description="Für Einzelunternehmerinnen"
        ),
        "team": replace(in_euro(TEAM), name="Mannschaftstarif", description="Für wachsende Arbeitsgruppen"),
        "scale": replace(
            in_euro(SCALE), name="Unternehmenstarif", description="Für Datenverarbeitung im großen Umfang"
        ),
    },
    faq=(
        Question(
            "Wie funktioniert die Umsatzsteuerrückerstattung für Geschäftskunden?",
            "Mit gültiger Umsatzsteuer-Identifikationsnummer geht die Steuerschuldnerschaft auf Sie über.",
        ),
    ),
    tax_note="Alle Preise zuzüglich der gesetzlichen Umsatzsteuer.",
)
LONG_FRAME = replace(
    MEMBER,
    product=LONG_CATALOG.product,
    account_name=LONG_NAME,
    account_email=f"{LONG_NAME}@example.test",
)


def long_account() -> BillingPage:
    """An account whose every name is one word that is wider than a phone."""
    return after_failed_payment(
        Reason.PAST_DUE_GRACE,
        frame=LONG_FRAME,
        catalog=LONG_CATALOG,
        plan=LONG_PLAN,
        subscribed_plan=LONG_PLAN,
        price=LONG_PLAN.price("month"),
        usage=usage(),
        grace_ends_at=SOON,
    )

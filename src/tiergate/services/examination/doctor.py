"""Examines an installation: each of the things that go wrong in practice, with what to do about it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from tiergate.rules.billing_settings import RETRIES_AT_STRIPE, AfterLastRetry
from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import isoformat
from tiergate.services.context import Context
from tiergate.services.examination.examine_stripe import AT_STRIPE
from tiergate.services.examination.finding import Finding, Verdict
from tiergate.services.mirror.read_from_stripe import BeingReadError
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.health_rows import Health, health_since, longest_unheard_accounts
from tiergate.store.migrate import CODE_REVISION, check_schema

_PATIENCE = timedelta(minutes=10)
"""How long anything may wait before it counts as stuck."""
_MOST_RETRIES_OF_ONES_OWN = 3
"""Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries"""
_AFTER_LAST_RETRY = {
    AfterLastRetry.CANCEL: "cancel the subscription",
    AfterLastRetry.UNPAID: "mark the subscription as unpaid",
    AfterLastRetry.PAST_DUE: "leave the subscription past due",
}
_REFUSED = (
    "Is STRIPE_SECRET_KEY a key of this Stripe account, and may it do this? Its rights are under "
    "Developers > API keys in Stripe's dashboard, and what it asked is under Developers > Logs."
)
_OF_PLANS = frozenset(["retries", "prices"])
_ADVICE = frozenset(["metadata"])
"""What works as it is, and would be missed only after a loss."""
_SAMPLE = 5
"""How many accounts are compared with Stripe: those it has said nothing about for longest."""


def examine(context: Context) -> list[Finding]:
    """Look at everything, and return what was found in the order in which it is best repaired.

    Without the tables there is nothing more to look at, and without plans nothing that is said of them.
    """
    findings = [*_tried(context, "database", _database), *_tried(context, "settings", _settings)]
    if findings[0].verdict is not Verdict.OK:
        return findings
    plans = _tried(context, "plans", _plans)
    findings += plans
    has_plans = plans[0].verdict is Verdict.OK
    for name, check in {"retries": _retries, "tables": _tables, **AT_STRIPE, "drift": _drift}.items():
        if has_plans or name not in _OF_PLANS:
            findings += _tried(context, name, check)
    return findings


def _tried(context: Context, name: str, check: Callable[[Context], Iterator[Finding]]) -> list[Finding]:
    """Carry a check out; one that cannot be is a finding of its own, and the next goes on."""
    found: list[Finding] = []
    try:
        found.extend(check(context))
    except TiergateError as error:
        found.append(Finding(name, Verdict.PROBLEM, error.message, error.remedy or _REFUSED))
    return found


def _database(context: Context) -> Iterator[Finding]:
    with context.database.read() as tx:
        check_schema(tx)
    yield Finding("migrations", Verdict.OK, f"The database has the tables of revision {CODE_REVISION}.")


def _settings(context: Context) -> Iterator[Finding]:
    mode = "live" if context.livemode else "test"
    yield Finding("keys", Verdict.OK, f"STRIPE_SECRET_KEY is a key of {mode} mode.")
    odd = [secret for secret in context.webhook_secrets if not secret.startswith("whsec_")]
    if odd:
        yield Finding(
            "signature secret",
            Verdict.WARNING,
            f"{len(odd)} of the secrets in STRIPE_WEBHOOK_SECRET do not begin with whsec_.",
            "Copy the endpoint's signing secret (whsec_…) from Developers > Webhooks in Stripe's dashboard.",
        )
    if context.livemode and context.test_clock:
        yield Finding(
            "test clock",
            Verdict.WARNING,
            "TIERGATE_TEST_CLOCK is set and has no effect in live mode.",
            "Remove it from the environment.",
        )
    if context.livemode and not context.public_url.startswith("https://"):
        yield Finding(
            "public address",
            Verdict.PROBLEM,
            f"TIERGATE_PUBLIC_URL is {context.public_url}: customers come back to it from Stripe.",
            "Set it to the https:// address of your application.",
        )


def _plans(context: Context) -> Iterator[Finding]:
    with context.database.read() as tx:
        catalog = load_catalog(tx)
    yield Finding("plans", Verdict.OK, f"Version {catalog.version} of the catalogue is published.")


def _retries(context: Context) -> Iterator[Finding]:
    """Say what must stand in Stripe's dashboard: no API reads it, so that nobody but the founder can look."""
    with context.database.read() as tx:
        billing = load_catalog(tx).billing
    if not billing.auto_charge:
        told = f"New customers are sent invoices, to be paid within {billing.days_until_due} days."
        yield Finding("retries", Verdict.OK, told)
        return
    days = ", ".join(map(str, billing.retry_after_days)) or "never"
    then = _AFTER_LAST_RETRY[billing.after_last_retry]
    told = f"Failed payments are to be retried after {days} days; after the last retry: {then}."
    if len(billing.retry_after_days) > _MOST_RETRIES_OF_ONES_OWN:
        yield Finding(
            "retries",
            Verdict.WARNING,
            told,
            f"A schedule of one's own has {_MOST_RETRIES_OF_ONES_OWN} retries at Stripe: shorten "
            "retry_after_days under [billing], or use Smart Retries.",
        )
    yield Finding(
        "retries",
        Verdict.OK,
        f"{told} The same must stand in Stripe's dashboard, under {RETRIES_AT_STRIPE}.",
    )


def _tables(context: Context) -> Iterator[Finding]:
    now = context.now()
    with context.database.read() as tx:
        health = health_since(tx, now - _PATIENCE, context.livemode)
    yield _last_event(health, now)
    for count, check, what, remedy in _ought_to_be_none(health):
        if count:
            verdict = Verdict.WARNING if check in _ADVICE else Verdict.PROBLEM
            yield Finding(check, verdict, f"{what}: {count}.", remedy)
    if not (health.failed_events or health.waiting_events):
        yield Finding("events", Verdict.OK, "Every event that came was dealt with.")


def _last_event(health: Health, now: datetime) -> Finding:
    if health.last_event_at is None:
        return Finding(
            "last webhook",
            Verdict.PROBLEM if health.customers else Verdict.WARNING,
            "No webhook has ever arrived.",
            "If no endpoint is registered, run `tiergate webhooks create https://YOUR-APP/webhooks/stripe`; "
            "if one is, its deliveries in Stripe's dashboard tell why they fail. While you develop, run "
            "`stripe listen --forward-to localhost:8000/webhooks/stripe`.",
        )
    days = (now - health.last_event_at).days
    told = f"The last webhook arrived at {isoformat(health.last_event_at)}"
    if days >= 1:
        remedy = "Look at the endpoint's deliveries in Stripe's dashboard, and run `tiergate reconcile`."
        return Finding("last webhook", Verdict.WARNING, f"{told}, more than {days * 24} hours ago.", remedy)
    return Finding("last webhook", Verdict.OK, f"{told}.")


def _ought_to_be_none(health: Health) -> list[tuple[int, str, str, str]]:
    unmapped = ", ".join(health.unmapped_subscriptions)
    two = ", ".join(health.accounts_with_two_customers[:5])
    return [
        (health.waiting_events, "stuck events", "Events that wait to be applied for more than ten minutes",
         "Run `tiergate worker`; `tiergate events list --state received` shows why they wait."),
        (health.failed_events, "failed events", "Events that could not be applied",
         "See `tiergate events list --state failed`, then run `tiergate events replay --failed`."),
        (health.failed_messages, "callback", "Changes of access that could not be told to your callback",
         "Its error is in the log; when it is repaired, `tiergate explain ACCOUNT` shows what it missed."),
        (health.other_mode_events, "other mode",
         "Events of the other mode that came lately and were not applied",
         "STRIPE_SECRET_KEY and the endpoint's secret must be of one mode: both live, or both test."),
        (health.overdue_accounts, "worker", "Accounts that nobody tells what time has made due",
         "Run `tiergate worker`, `tiergate serve`, or call billing.run_due() from your scheduler."),
        (health.open_operations, "operations", "Writes to Stripe that have no final answer yet",
         "`tiergate worker` finishes them after six minutes; its log says why it could not: look for their "
         "\"stripe operation\"."),
        (len(health.unmapped_subscriptions), "prices",
         f"Prices of running subscriptions that belong to no plan ({unmapped})",
         "Name them in billing.toml and run `tiergate plans push`, or map them: `tiergate adopt --map "
         "price_…=PLAN`."),
        (health.stranger_subscriptions, "strangers", "Running subscriptions that belong to no account",
         "Put account_id into the metadata of those customers at Stripe and run `tiergate adopt`, or name "
         "the key that they have: `tiergate adopt --account-key KEY`."),
        (health.customers_without_metadata, "metadata",
         "Customers that carry no account_id in their metadata",
         "They are known by the stored link; add metadata.account_id at Stripe so that it can be rebuilt."),
        (len(health.accounts_with_two_customers), "customers",
         f"Accounts that have two Stripe customers ({two})",
         "One account, one customer: merge what was bought twice, and delete the other customer at Stripe."),
    ]  # fmt: skip


def _drift(context: Context) -> Iterator[Finding]:
    with context.database.read() as tx:
        sample = longest_unheard_accounts(tx, _SAMPLE)
    differing = [account for account in sample if _differs(context, account)]
    if differing:
        yield Finding(
            "drift",
            Verdict.PROBLEM,
            f"Accounts that differ from Stripe, of {len(sample)} compared: {', '.join(differing)}.",
            "Run `tiergate reconcile`, which repairs them and says what differed.",
        )
    elif sample:
        yield Finding(
            "drift",
            Verdict.OK,
            f"Whoever nothing was heard of for longest agrees with Stripe; compared: {len(sample)}.",
        )


def _differs(context: Context, account_id: str) -> bool:
    """Whether an account differs from Stripe; one that somebody reads at this moment is being repaired."""
    with suppress(BeingReadError):
        return bool(reconcile(context, account_id, dry_run=True).differences)
    return False

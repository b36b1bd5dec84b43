"""What the tests of trials have in common: a product with a reverse trial, and looks at Stripe."""

from tests.services.bench import Bench, Json, northwind
from tiergate.services.plans.push_plans import push_plans

DAYS = 14


def reverse_northwind() -> str:
    """Return the demo's catalogue, with a reverse trial of Team."""
    text = northwind()
    at = text.index("[plans.team]")
    trial = 'trial = { days = 14, card = "not_required" }'
    return text[:at] + text[at:].replace(trial, 'trial = { days = 14, model = "reverse_trial" }', 1)


def sell_with_reverse_trial(bench: Bench) -> None:
    """Publish a catalogue whose Team plan is tried from the sign-up on."""
    push_plans(bench.context, reverse_northwind())
    bench.line.requests.clear()


def sign_up(bench: Bench, account_id: str, email: str = "") -> None:
    """Make a new account known, and wait for what follows in this process."""
    bench.register(account_id, email=email or f"{account_id}@example.test")
    assert bench.context.starting.wait_until_done(20)


def trials_at_stripe(bench: Bench) -> list[Json]:
    """Return all subscriptions that Stripe has."""
    found: list[Json] = bench.at_stripe("/v1/subscriptions?status=all&limit=100")["data"]
    return found


def has(bench: Bench, account_id: str) -> tuple[str | None, str]:
    """Return plan and reason of an account's access."""
    phase = bench.explain(account_id).phase
    return phase.plan_key, str(phase.reason)


def kinds(bench: Bench, account_id: str) -> list[str]:
    """Return the kinds of an account's journal entries."""
    return [entry.kind for entry in bench.explain(account_id).journal]

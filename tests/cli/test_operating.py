"""The commands by which an installation is looked after: reconcile, adopt, events, doctor."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import stripe

from tests.cli.running import KEY, NORTHWIND, Tiergate, configured

Run = Tiergate


@pytest.fixture
def pushed(tiergate: Tiergate, sandbox_url: str, tmp_path: Path) -> Run:
    """Run commands in an installation whose plans are at Stripe."""

    def run(*arguments: str) -> tuple[int, str, str]:
        return tiergate(*arguments, **configured(sandbox_url))

    (tmp_path / "billing.toml").write_text(NORTHWIND)
    assert run("migrate")[0] == 0
    assert run("plans", "push")[0] == 0
    return run


def existing(sandbox_url: str, price: str | None = None, **metadata: str) -> str:
    """Make a customer with a subscription at Stripe, without tiergate's help."""
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    customer = client.v1.customers.create(
        {
            "metadata": metadata,
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
    wanted = price or client.v1.prices.list({"lookup_keys": ["team_monthly"]}).data[0].id
    client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": wanted}]})
    return customer.id


def test_adopt_and_reconcile(pushed: Run, sandbox_url: str) -> None:
    """An existing Stripe account is adopted; afterwards nothing differs."""
    existing(sandbox_url, account_id="globex")
    code, out, _ = pushed("adopt")
    assert code == 0
    assert "1 customer\n" in out
    assert "not mapped" not in out
    code, out, _ = pushed("reconcile")
    assert (code, out.splitlines()[-1]) == (0, "Nothing differs.")
    assert "team" in pushed("explain", "globex")[1]


def test_adopt_names_what_it_could_not_map(pushed: Run, sandbox_url: str) -> None:
    """A customer without an account is named, with what to do about it."""
    customer = existing(sandbox_url)
    code, out, _ = pushed("adopt", "--account-key", "workspace_id")
    assert code == 0
    assert customer in out
    assert "'workspace_id'" in out


def test_a_wrong_assignment_is_refused(pushed: Run) -> None:
    """What is no assignment is refused in one line."""
    code, _, err = pushed("adopt", "--map", "price_1")
    assert code == 1
    assert "--map price_123=team" in err


def test_reconcile_tells_each_difference(pushed: Run, sandbox_url: str) -> None:
    """Each difference is printed with both values; a dry run repairs none of them."""
    customer = existing(sandbox_url, account_id="globex")
    pushed("adopt")
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    client.v1.subscriptions.cancel(client.v1.subscriptions.list({"customer": customer}).data[0].id)
    for arguments, last in ((("--dry-run",), "dry run"), ((), "Repaired.")):
        code, out, _ = pushed("reconcile", "--account", "globex", *arguments)
        assert code == 0
        assert "(globex): status is active here, canceled at Stripe" in out
        assert last in out.splitlines()[-1]


def test_events_are_listed_shown_and_replayed(pushed: Run) -> None:
    """With nothing received each of them says so, and an unknown event is refused."""
    assert pushed("events", "list")[1].startswith("No event fits.")
    assert "is `received` until then" in pushed("events", "list", "--state", "failed")[1]
    assert pushed("events", "list", "--limit", "9" * 20)[0] == 2
    code, _, err = pushed("events", "list", "--state", "faild")
    assert (code, "faild" in err, "failed" in err) == (2, True, True)
    assert pushed("events", "replay", "--failed")[1] == "No event has failed.\n"
    for command in ("show", "replay"):
        code, _, err = pushed("events", command, "evt_nowhere")
        assert code == 1
        assert "evt_nowhere" in err


def test_what_fails_again_ends_with_1(pushed: Run, tmp_path: Path) -> None:
    """An event that is tried again by itself has failed, too; all of them are replayed."""
    event = {"object": "event", "data": {"object": {"id": "sub_1", "object": "subscription"}}}
    values = ("evt_odd", "customer.subscription.updated", "sub_1", json.dumps(event))
    with closing(sqlite3.connect(tmp_path / "tiergate.db")) as database, database:
        database.execute(
            "INSERT INTO tiergate_events (event_id, event_type, object_id, livemode, event_created_at,"
            " received_at, next_attempt_at, payload, state, attempts)"
            " VALUES (?, ?, ?, 0, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z',"
            " '2126-01-01T00:00:00.000000Z', ?, 'received', 3)",
            values,
        )
    for which in ("evt_odd", "--failed"):
        code, out, _ = pushed("events", "replay", which)
        assert code == 1
        assert "evt_odd  customer.subscription.updated  received" in out


def test_doctor_names_problems_and_ends_with_1(pushed: Run) -> None:
    """An installation without an endpoint has problems, each with a remedy."""
    code, out, _ = pushed("doctor")
    assert code == 1
    assert "✗ webhooks" in out
    assert "tiergate webhooks create" in out
    assert "✓ prices" in out


def test_doctor_tells_a_warning_from_all_is_well(pushed: Run) -> None:
    """Where nothing is broken, and something is to be looked at, the last line says so; the status is 0."""
    pushed("webhooks", "create", "http://localhost:8000/webhooks/stripe")
    code, out, _ = pushed("doctor")
    assert (code, out.splitlines()[-1]) == (0, "Nothing is broken; 2 warnings.")
    assert (out.count(" ! "), "! last webhook" in out, "! portal" in out) == (2, True, True)


def test_doctor_before_anything_was_done(tiergate: Tiergate) -> None:
    """Without tables and without Stripe the doctor still says what to do."""
    code, out, _ = tiergate("doctor", **configured())
    assert code == 1
    assert "tiergate migrate" in out

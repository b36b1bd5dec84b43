"""The official Stripe CLI against `tiergate demo`, and the seed's SQL on what it made."""

import re
import sqlite3
from collections.abc import Sequence

import psycopg

from tests.cli.demo import Demo

TRIGGERS = [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
]
SEEDS_SQL = (
    "select account_id, plan_key, status, trial_end, current_period_end, stripe_customer_id,"
    " stripe_subscription_id from subscriptions order by updated_at desc limit 20;"
)


def trigger(demo: Demo, names: Sequence[str]) -> None:
    """Let the Stripe CLI trigger events, and wait until the application has them."""
    for name in names:
        ended = demo.stripe("trigger", name)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Trigger succeeded" in ended.stdout + ended.stderr
    demo.settle()


def test_the_seeds_six_triggers(demo: Demo) -> None:
    """All six succeed, every event is taken, and strangers' subscriptions appear without account."""
    trigger(demo, TRIGGERS)
    log = demo.log()
    for name in TRIGGERS:
        assert re.search(rf"webhook evt_\w+ {re.escape(name)} (applied|noted)", log), name
    assert "refused" not in log
    assert "could not be applied" not in log
    with sqlite3.connect(demo.folder / ".tiergate" / "tiergate.db") as connection:
        rows = connection.execute(SEEDS_SQL).fetchall()
    connection.close()
    assert sorted((row[0], row[1], row[2]) for row in rows) == [
        (None, None, "active"),
        (None, None, "active"),
        (None, None, "canceled"),
    ]
    assert demo.get("/api/billing/subscription").json()["reason"] == "no_subscription"


def test_the_seeds_sql_on_postgresql(postgres_demo: Demo, postgres_demo_url: str) -> None:
    """On PostgreSQL the seed's statement, as it stands, shows what `stripe trigger` made."""
    trigger(postgres_demo, ["customer.subscription.created", "invoice.payment_failed"])
    with psycopg.connect(postgres_demo_url.replace("postgresql+psycopg", "postgresql")) as connection:
        rows = connection.execute(SEEDS_SQL).fetchall()
        counted = connection.execute(
            "select count(*) from stripe_events where processed_at is not null"
        ).fetchone()
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [(None, None, "active", None)]
    assert rows[0][4].tzinfo is not None
    assert rows[0][5].startswith("cus_")
    assert rows[0][6].startswith("sub_")
    assert counted is not None
    assert counted[0] >= 10

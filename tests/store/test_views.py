"""The views by which the inspection commands of the guide read the store."""

from sqlalchemy import text

from tests.store.builders import NOON, at, event, save, subscription
from tiergate.rules.state import SubscriptionItem
from tiergate.store import Database
from tiergate.store.column_types import Instant
from tiergate.store.event_rows import StoredEvent, close_event, insert_event

NEWEST_SUBSCRIPTIONS = (
    "select account_id, plan_key, status, trial_end, current_period_end, stripe_customer_id, "
    "stripe_subscription_id from subscriptions order by updated_at desc limit 20;"
)

COLUMNS = {
    "subscriptions": "account_id stripe_customer_id stripe_subscription_id stripe_price_id plan_key status "
    "trial_end current_period_end cancel_at_period_end last_event_id created_at updated_at",
    "stripe_events": "event_id event_type processed_at",
}


def test_the_guides_statement_runs_as_it_stands(database: Database) -> None:
    """It shows the newest subscriptions first, those of strangers without an account too."""
    item = SubscriptionItem("si_1", "price_pro", current_period_start=at(0), current_period_end=at(100))
    with database.write() as tx:
        save(
            tx,
            subscription("trialing", id="sub_old", plan_key="pro", trial_end=at(100), items=(item,)),
            event(5, received=10, account_id="acme"),
        )
        save(tx, subscription("active", id="sub_new", customer_id="cus_2"), event(5, received=11))
    instants = {"trial_end": Instant(), "current_period_end": Instant()}
    with database.read() as tx:
        shown = tx.execute(text(NEWEST_SUBSCRIPTIONS).columns(**instants)).all()
    assert [tuple(row) for row in shown] == [
        (None, None, "active", None, None, "cus_2", "sub_new"),
        ("acme", "pro", "trialing", at(100), at(100), "cus_1", "sub_old"),
    ]


def test_the_views_have_the_columns_of_the_guide(database: Database) -> None:
    """Both views show exactly the columns of the guide's tables, in their order."""
    with database.read() as tx:
        shown = {name: " ".join(tx.execute(text(f"SELECT * FROM {name}")).keys()) for name in COLUMNS}
    assert shown == COLUMNS


def test_an_event_shows_once_it_is_processed(database: Database) -> None:
    """``stripe_events`` has an event with the instant of its end, and none that still waits."""
    with database.write() as tx:
        for event_id in ("evt_done", "evt_waiting"):
            insert_event(tx, StoredEvent(event_id, "invoice.paid", "in_1", False, None, NOON, NOON, "{}"))
        close_event(tx, "evt_done", "applied", at(1))
        shown = tx.execute(text("SELECT * FROM stripe_events").columns(processed_at=Instant())).all()
    assert [tuple(row) for row in shown] == [("evt_done", "invoice.paid", at(1))]

"""The mirror under many hands: one row for each object, and in it the newest that anybody knew."""

from collections.abc import Callable
from functools import partial
from random import Random

from tests.store.builders import KINDS, event, marks, reading, rows, save_marked, table_of
from tests.store.together import together
from tiergate.store import Database
from tiergate.store.mirror import Kind, Saved, Sighting, adopt_customer

HANDS = 8


def _saver(database: Database, kind: Kind, mark: str, sighting: Sighting) -> Callable[[], Saved]:
    def save() -> Saved:
        with database.write() as tx:
            return save_marked(tx, kind, mark, sighting)

    return save


def test_parallel_events_of_a_new_object_leave_the_newest(database: Database) -> None:
    """Eight events that find no row make one, the newest: cashier#1759, #1678, #1300, pay#371, #377, #383."""
    for seed, kind in enumerate(KINDS * 3):
        with database.write() as tx:
            tx.execute(table_of(kind).delete())
        order = Random(seed).sample(range(HANDS), HANDS)
        outcomes = together([_saver(database, kind, str(n), event(n)) for n in order])
        with database.read() as tx:
            assert marks(tx, kind) == [str(HANDS - 1)]
        assert set(outcomes) <= {Saved.SAVED, Saved.STALE}
        assert outcomes[order.index(HANDS - 1)] is Saved.SAVED


def test_parallel_readings_of_a_new_object_leave_the_latest(database: Database) -> None:
    """Of readings that end in any order, the one that began last stays."""
    for seed, kind in enumerate(KINDS):
        order = Random(seed).sample(range(HANDS), HANDS)
        savers = [_saver(database, kind, str(n), reading(HANDS - n, began=n)) for n in order]
        outcomes = together(savers)
        with database.read() as tx:
            assert marks(tx, kind) == [str(HANDS - 1)]
        assert outcomes[order.index(HANDS - 1)] is Saved.SAVED


def test_parallel_objects_do_not_hinder_each_other(database: Database) -> None:
    """Eight different objects saved at once are eight rows."""

    def save(number: int) -> Saved:
        with database.write() as tx:
            return save_marked(tx, "invoice", str(number), event(1), object_id=f"in_{number}")

    outcomes = together([partial(save, number) for number in range(HANDS)])
    with database.read() as tx:
        assert sorted(marks(tx, "invoice")) == [str(number) for number in range(HANDS)]
    assert outcomes == [Saved.SAVED] * HANDS


def test_a_customer_is_adopted_once_by_many(database: Database) -> None:
    """However many adopt a customer at once, its objects belong to one account."""
    with database.write() as tx:
        save_marked(tx, "subscription", "a stranger's", event(1))

    def adopt(account_id: str) -> None:
        with database.write() as tx:
            adopt_customer(tx, "cus_1", account_id)

    together([partial(adopt, f"account_{number}") for number in range(HANDS)])
    with database.read() as tx:
        owners = {row.account_id for row in rows(tx, table_of("subscription"))}
    assert len(owners) == 1
    assert owners != {None}

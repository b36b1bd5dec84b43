"""Operations: one open for each account and action, whoever asks and however many at once."""

from functools import partial

from tests.store.builders import NOON, at, rows
from tests.store.together import together
from tiergate.store import Database
from tiergate.store.operation_rows import Operation, close_operation, open_operation
from tiergate.store.tables import operations

HANDS = 8
ROUNDS = 12


def _wanted(operation_id: str, *, account_id: str = "acme", action: str = "checkout") -> Operation:
    return Operation(operation_id, account_id, action, {"for": operation_id, "n": [1, {"a": None}]}, NOON)


def test_a_new_operation_is_opened_as_it_is_wanted(database: Database) -> None:
    """It comes back with its own id, parameters and instant."""
    with database.write() as tx:
        assert open_operation(tx, _wanted("op_1")) == _wanted("op_1")


def test_an_open_operation_is_finished_first(database: Database) -> None:
    """A second wish for the same account and action gets the first one, with the first one's parameters."""
    with database.write() as tx:
        open_operation(tx, _wanted("op_1"))
    with database.write() as tx:
        assert open_operation(tx, _wanted("op_2")) == _wanted("op_1")
        assert len(rows(tx, operations)) == 1


def test_other_accounts_and_actions_are_free(database: Database) -> None:
    """An open operation is in the way of its own account and action only."""
    others = [_wanted("op_2", account_id="globex"), _wanted("op_3", action="create_customer")]
    with database.write() as tx:
        open_operation(tx, _wanted("op_1"))
        assert [open_operation(tx, wanted) for wanted in others] == others


def test_closing_frees_the_action(database: Database) -> None:
    """After a final answer the next wish is a new operation; the answer is kept: upgrade, undo, upgrade."""
    with database.write() as tx:
        open_operation(tx, _wanted("op_1"))
        close_operation(tx, "op_1", "refused", {"code": "card_declined"}, at(5))
        assert open_operation(tx, _wanted("op_2")) == _wanted("op_2")
        close_operation(tx, "op_2", "done", {"id": "cs_1"}, at(6))
        assert open_operation(tx, _wanted("op_3")) == _wanted("op_3")
        kept = [(row.operation_id, row.state, row.result, row.closed_at) for row in rows(tx, operations)]
    assert sorted(kept, key=lambda row: str(row[0])) == [
        ("op_1", "refused", {"code": "card_declined"}, at(5)),
        ("op_2", "done", {"id": "cs_1"}, at(6)),
        ("op_3", "open", None, None),
    ]


def test_many_wishes_at_once_are_one_operation(database: Database) -> None:
    """Eight clicks at the same moment get the same operation, so one idempotency key: pay#1027."""

    def click(number: int) -> Operation:
        with database.write() as tx:
            return open_operation(tx, _wanted(f"op_{number}"))

    answers = together([partial(click, number) for number in range(HANDS)])
    with database.read() as tx:
        (row,) = rows(tx, operations)
    assert {answer.operation_id for answer in answers} == {row.operation_id}


def test_an_operation_that_is_closed_meanwhile_is_no_trouble(database: Database) -> None:
    """While others close what they find open, every wish still gets an operation: none fails."""

    def work(hand: int) -> list[str]:
        done = []
        for turn in range(ROUNDS):
            with database.write() as tx:
                operation = open_operation(tx, _wanted(f"op_{hand}_{turn}"))
            with database.write() as tx:
                close_operation(tx, operation.operation_id, "done", {}, NOON)
            done.append(operation.operation_id)
        return done

    found = together([partial(work, hand) for hand in range(HANDS)])
    with database.read() as tx:
        states = {row.operation_id: row.state for row in rows(tx, operations)}
    assert {operation_id for done in found for operation_id in done} == states.keys()
    assert set(states.values()) == {"done"}

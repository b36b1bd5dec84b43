"""The outbox: every message entered once, given to one worker at a time, in order, and never when stale."""

from functools import partial
from itertools import chain
from typing import Any

import pytest

from tests.store.builders import NOON, at, rows
from tests.store.together import together
from tiergate.store import Database, Transaction
from tiergate.store.account_rows import link_customer, register
from tiergate.store.outbox_rows import (
    Claim,
    Message,
    account_with_message,
    claim_message,
    close_message,
    enqueue,
    holds_claim,
    is_waiting,
    postpone_message,
)
from tiergate.store.tables import outbox
from tiergate.store.test_clock_rows import saw_clock

HANDS = 6
LEASE = 60


def _message(key: str, account_id: str = "acme", **more: Any) -> Message:
    known = {"channel": "callback", "kind": "access_changed", "payload": {"n": [1, None]}, **more}
    return Message(account_id, key, **known)


def _enter(database: Database, *messages: Message) -> None:
    with database.write() as tx:
        for message in messages:
            enqueue(tx, message, NOON)


def _claim(tx: Transaction, seconds: float = 0, account_id: str | None = None) -> Claim | None:
    return claim_message(tx, "callback", at(seconds), at(seconds + LEASE), account_id)


def _claimed(database: Database, seconds: float = 0, account_id: str | None = None) -> str | None:
    with database.write() as tx:
        claim = _claim(tx, seconds, account_id)
    return claim.message.message_key if claim else None


def _states(database: Database) -> dict[str, str]:
    with database.read() as tx:
        return {row.message_key: row.state for row in rows(tx, outbox)}


def test_a_message_is_entered_once(database: Database) -> None:
    """The second time it is there already, also after it was delivered; the first one stays as it is."""
    with database.write() as tx:
        assert enqueue(tx, _message("k"), NOON)
        assert not enqueue(tx, _message("k", kind="other"), at(1))
        claim = _claim(tx)
        assert claim == Claim(_message("k"), 1)
        close_message(tx, claim, "delivered", at(2))
        assert not enqueue(tx, _message("k"), at(3))
        assert enqueue(tx, _message("k", "globex"), at(3))


def test_a_message_that_many_enter_at_once_is_entered_once(database: Database) -> None:
    """One of six workers enters it, the others are told that it is there."""

    def enter(_hand: int) -> bool:
        with database.write() as tx:
            return enqueue(tx, _message("k"), NOON)

    assert sorted(together([partial(enter, hand) for hand in range(HANDS)])) == [False] * (HANDS - 1) + [True]


def test_a_claimed_message_is_nobody_elses(database: Database) -> None:
    """Until the lease is over nobody else gets it; then it is claimed anew, and counted."""
    _enter(database, _message("k"))
    assert _claimed(database) == "k"
    assert _claimed(database, LEASE - 1) is None
    with database.write() as tx:
        assert _claim(tx, LEASE) == Claim(_message("k"), 2)


def test_workers_at_once_share_the_messages(database: Database) -> None:
    """Six workers claim six accounts' messages, each of them once."""
    _enter(database, *[_message("k", f"account {number}") for number in range(HANDS)])

    def work(_hand: int) -> list[str]:
        mine = []
        for _ in range(HANDS):
            with database.write() as tx:
                claim = _claim(tx)
            mine += [claim.message.account_id] if claim else []
        return mine

    shared = together([partial(work, hand) for hand in range(HANDS)])
    assert sorted(chain(*shared)) == [f"account {number}" for number in range(HANDS)]


def test_an_accounts_messages_come_in_order(database: Database) -> None:
    """The second is not given out while the first waits or is being told; other accounts do not wait."""
    _enter(database, _message("2"), _message("1"), _message("3", "globex"))
    assert {_claimed(database, 1), _claimed(database, 1)} == {"1", "3"}
    assert _claimed(database, 1) is None
    with database.write() as tx:
        claim = _claim(tx, 1 + LEASE, "acme")
        assert claim is not None
        close_message(tx, claim, "delivered", at(2))
    assert _claimed(database, 2, "acme") == "2"


def test_another_channel_is_not_in_the_way(database: Database) -> None:
    """A notice that waits keeps no callback waiting, and is not claimed as one."""
    _enter(database, _message("1", channel="notice"), _message("2"))
    assert _claimed(database) == "2"
    assert _claimed(database) is None


def test_what_waits_is_seen_without_claiming(database: Database) -> None:
    """Whether there is something to claim is known for one account and for all, and never before its time."""
    _enter(database, _message("k"))
    with database.read() as tx:
        assert is_waiting(tx, "callback", NOON)
        assert is_waiting(tx, "callback", NOON, "acme")
        assert not is_waiting(tx, "callback", NOON, "globex")
        assert not is_waiting(tx, "notice", NOON)
        assert not is_waiting(tx, "callback", at(-1))


def test_a_postponed_message_waits_with_its_note(database: Database) -> None:
    """After a failure it waits until its instant; whoever lost the claim cannot close it any more."""
    _enter(database, _message("k"))
    with database.write() as tx:
        first = _claim(tx)
        assert first is not None
        postpone_message(tx, first, "ValueError: no", at(5))
    assert _claimed(database, 4) is None
    with database.write() as tx:
        second = _claim(tx, 5)
        assert second is not None
        assert not holds_claim(tx, first)
        assert holds_claim(tx, second)
        close_message(tx, first, "delivered", at(6))
        (row,) = rows(tx, outbox)
        assert (row.state, row.note, row.attempts) == ("waiting", "ValueError: no", 2)
        close_message(tx, second, "failed", at(6), "ValueError: still no")
        (row,) = rows(tx, outbox)
        assert (row.state, row.note, row.closed_at) == ("failed", "ValueError: still no", at(6))


@pytest.mark.parametrize(("seconds", "told"), [(9, "reminder"), (10, None)])
def test_what_is_stale_stays_untold(database: Database, seconds: int, told: str | None) -> None:
    """At the instant of its expiry a message is closed instead of given out, and what follows is told."""
    _enter(database, _message("reminder", expires_at=at(10)), _message("still true", "globex"))
    assert {_claimed(database, seconds), _claimed(database, seconds)} == {told, "still true"}
    assert _states(database) == {"reminder": "waiting" if told else "expired", "still true": "waiting"}


def test_staleness_is_judged_on_the_accounts_time(database: Database) -> None:
    """A clock that leapt makes a reminder stale before its real time, and one that stands still keeps it."""
    with database.write() as tx:
        for account_id, shown in (("leapt", at(3600)), ("stands", NOON)):
            register(tx, account_id, {}, NOON)
            link_customer(tx, account_id, f"cus_{account_id}", f"clock_{account_id}", NOON)
            saw_clock(tx, f"clock_{account_id}", shown, NOON)
    _enter(database, *[_message(who, who, expires_at=at(100)) for who in ("leapt", "stands")])
    assert _claimed(database, 0, "leapt") is None
    assert _claimed(database, 200, "stands") == "stands"


def test_a_message_undone_with_its_cause_may_be_entered_again(database: Database) -> None:
    """A message whose transaction failed was never there, and nobody is sent looking for it."""
    told: list[frozenset[str]] = []
    database.tell_changes(told.append)

    def fail() -> None:
        with database.write() as tx:
            enqueue(tx, _message("k"), NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told == []
    with database.write() as tx:
        assert enqueue(tx, _message("k"), NOON)
    assert [account_with_message(topic) for topic in told[0]] == ["acme"]
    assert account_with_message("account:acme") is None

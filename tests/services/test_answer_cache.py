"""The memory of answers: bounded, forgetful when told, and never filled with what was overtaken."""

from itertools import count

from tiergate.rules.catalog import Catalog, Product
from tiergate.services.access.answer_cache import AnswerCache
from tiergate.services.access.outlines import Outline
from tiergate.services.access.prepare_answers import Answers, Unprepared
from tiergate.store.change_feed import CATALOG, account_topic, clock_topic

_numbers = count()


def answers(test_clock: str | None = None) -> Answers:
    """Answers that differ from all others."""
    outline = Outline(Catalog(Product("Northwind"), {}, {}), (), {}, {}, {}, None)
    return Answers(float(next(_numbers)), 0.0, {}, {}, outline, (), test_clock)


def keep(cache: AnswerCache, *account_ids: str, test_clock: str | None = None) -> None:
    """Keep new answers about accounts."""
    ticket = cache.take_ticket()
    cache.keep(ticket, {account_id: answers(test_clock) for account_id in account_ids})
    cache.give_back(ticket)


def kept(cache: AnswerCache, *account_ids: str) -> list[str]:
    """Which of these accounts are kept."""
    return [account_id for account_id in account_ids if cache.find(account_id) is not None]


def test_memory_is_bounded() -> None:
    """Ten thousand accounts come by, and never more than a thousand are kept."""
    cache = AnswerCache(1_000)
    sizes = set()
    for number in range(10_000):
        keep(cache, f"account-{number}")
        sizes.add(len(cache))
    assert 700 < len(cache) <= max(sizes) <= 1_000
    assert kept(cache, "account-0", "account-9999") == ["account-9999"]
    keep(cache, *(f"other-{number}" for number in range(5_000)))
    assert len(cache) == 1_000
    keep(cache, *(f"third-{number}" for number in range(500)))
    assert len(cache) == 1_000


def test_those_that_are_asked_for_stay() -> None:
    """An account that is asked for again and again outlives thousands that are asked for once."""
    cache = AnswerCache(100)
    keep(cache, "regular")
    for number in range(1_000):
        keep(cache, f"account-{number}")
        if number % 10 == 0:
            assert kept(cache, "regular")
    assert kept(cache, "regular", "account-0") == ["regular"]


def test_an_account_that_is_kept_anew_counts_once() -> None:
    """New answers take the place of older ones, wherever those were."""
    cache = AnswerCache(3)
    keep(cache, "a", "b", "c", "d")
    newer = cache.find("b")
    keep(cache, "b")
    assert len(cache) == 3
    assert cache.find("b") is not newer


def test_what_was_forgotten_is_not_prepared_for_keeps() -> None:
    """Answers take the place of what they were prepared from, but not of newer ones, nor after a change."""
    cache = AnswerCache(4)
    unprepared = Unprepared(b"", 0.0, Catalog(Product("Northwind"), {}, {}), None, None)
    ticket, prepared = cache.take_ticket(), answers()
    cache.keep(ticket, dict.fromkeys(["a", "b", "c"], unprepared))
    cache.forget([account_topic("b")])
    keep(cache, "c")
    for account_id in ("a", "b", "c"):
        cache.exchange(account_id, unprepared, prepared)
    assert cache.find("a") is prepared
    assert cache.find("b") is None
    assert cache.find("c") is not prepared


def test_what_changed_is_forgotten() -> None:
    """An account, all accounts on a clock, or everything, as the topic says; others are kept."""
    cache = AnswerCache(4)
    keep(cache, "a", "b", "c")
    keep(cache, "traveller", test_clock="clock_1")
    keep(cache, "d")
    cache.forget([account_topic("b"), account_topic("nobody")])
    assert kept(cache, "b", "c", "d", "traveller") == ["c", "d", "traveller"]
    cache.forget([clock_topic("clock_2")])
    assert kept(cache, "traveller") == ["traveller"]
    cache.forget([clock_topic("clock_1")])
    assert kept(cache, "traveller", "c") == ["c"]
    cache.forget([CATALOG])
    assert len(cache) == 0


def test_what_was_overtaken_is_not_kept() -> None:
    """What changes while it is read is not kept; what did not change is."""
    cache = AnswerCache(10)
    for topic, left in ((account_topic("a"), ["b"]), (clock_topic("clock_1"), []), (CATALOG, [])):
        cache.begin_anew()
        ticket = cache.take_ticket()
        cache.forget([topic])
        cache.keep(ticket, {"a": answers(), "b": answers()})
        cache.give_back(ticket)
        assert kept(cache, "a", "b") == left


def test_a_ticket_from_before_a_fork_is_void() -> None:
    """What the parent was reading when it forked is not kept in the child."""
    cache = AnswerCache(10)
    ticket = cache.take_ticket()
    cache.begin_anew()
    cache.keep(ticket, {"a": answers()})
    assert len(cache) == 0

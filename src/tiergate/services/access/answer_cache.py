"""Keeps the answers about accounts that were asked for lately, up to a number of accounts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock

from tiergate.services.access.prepare_answers import Answers, Unprepared
from tiergate.store.change_feed import CATALOG, account_of_topic, clock_of_topic


@dataclass(slots=True, eq=False)
class Ticket:
    """Taken before accounts are read; gathers what is forgotten in the meantime, which is not kept then."""

    accounts: set[str] = field(default_factory=set)
    everything: bool = False


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit that has begun: whether others see what it changes cannot be told until it is over."""

    topics: frozenset[str]
    is_under_way: Callable[[], bool]


class AnswerCache:
    """Answers by account. What was not asked for since the cache was full last goes first.

    ``recent`` may be read without a lock; everything else takes one.
    """

    def __init__(self, most: int) -> None:
        """Keep at most so many accounts."""
        self._most = most
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything, whoever may hold the lock: also what keeps others from being read."""
        self.recent: dict[str, Answers | Unprepared] = {}
        self._earlier: dict[str, Answers | Unprepared] = {}
        self._tickets: set[Ticket] = set()
        self._commits: list[_Commit] = []
        self._lock = Lock()

    def __len__(self) -> int:
        """Count the accounts that are kept."""
        with self._lock:
            return len(self.recent) + len(self._earlier)

    def find(self, account_id: str) -> Answers | Unprepared | None:
        """Return the answers about an account, and count it among the recent ones."""
        with self._lock:
            found = self._earlier.pop(account_id, None)
            if found is None:
                return self.recent.get(account_id)
            self.recent[account_id] = found
            return found

    def take_ticket(self) -> Ticket:
        """Begin to read accounts; what is forgotten from now on is not kept with this ticket."""
        ticket = Ticket()
        with self._lock:
            self._tickets.add(ticket)
            self._commits = [commit for commit in self._commits if commit.is_under_way()]
            for commit in self._commits:
                self._forget(commit.topics)
        return ticket

    def give_back(self, ticket: Ticket) -> None:
        """End what ``take_ticket`` began."""
        with self._lock:
            self._tickets.discard(ticket)

    def keep(self, ticket: Ticket, answers: Mapping[str, Answers | Unprepared]) -> None:
        """Keep what was read, apart from what was forgotten since the ticket was taken."""
        with self._lock:
            if ticket.everything or ticket not in self._tickets:
                return
            for account_id, found in answers.items():
                if account_id not in ticket.accounts:
                    self._earlier.pop(account_id, None)
                    self.recent[account_id] = found
            self._make_room()

    def exchange(self, account_id: str, unprepared: Unprepared, prepared: Answers) -> None:
        """Keep the answers in place of what they were prepared from, unless that is forgotten."""
        with self._lock:
            if self.recent.get(account_id) is unprepared:
                self.recent[account_id] = prepared

    def _make_room(self) -> None:
        # Reading leaves no mark, which would cost more than the reading. So when memory is nearly full, all
        # become earlier ones; who is asked for again becomes recent, and who is not goes first.
        size = len(self.recent) + len(self._earlier)
        if size > self._most * 7 // 8 and len(self.recent) > self._most * 3 // 4:
            self._earlier, self.recent = self.recent, {}
        surplus = len(self.recent) + len(self._earlier) - self._most
        for account_id in list(islice(self._earlier, max(0, surplus))):
            del self._earlier[account_id]

    def forget(self, topics: Iterable[str]) -> None:
        """Forget what rests on something that has changed."""
        with self._lock:
            self._forget(topics)

    def forget_at_commit(self, topics: frozenset[str], is_under_way: Callable[[], bool]) -> None:
        """Forget what a commit changes that begins now; what is read while it is under way is not kept."""
        with self._lock:
            self._commits.append(_Commit(topics, is_under_way))
            self._forget(topics)

    def _forget(self, topics: Iterable[str]) -> None:
        for topic in topics:
            account_id, clock = account_of_topic(topic), clock_of_topic(topic)
            if account_id is not None:
                self._forget_account(account_id)
            elif clock is not None:
                self._forget_clock(clock)
            elif topic == CATALOG:
                self._forget_all()

    def _forget_account(self, account_id: str) -> None:
        self.recent.pop(account_id, None)
        self._earlier.pop(account_id, None)
        for ticket in self._tickets:
            ticket.accounts.add(account_id)

    def _forget_clock(self, clock: str) -> None:
        for answers in (self.recent, self._earlier):
            for account_id in [one for one, found in answers.items() if found.test_clock == clock]:
                del answers[account_id]
        for ticket in self._tickets:
            ticket.everything = True

    def _forget_all(self) -> None:
        self.recent, self._earlier = {}, {}
        for ticket in self._tickets:
            ticket.everything = True

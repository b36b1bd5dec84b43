"""The report of the benchmarks: verdicts, and the exit code that CI goes by."""

import sys
from collections.abc import Iterator

import pytest

import benchmarks.__main__ as command
from benchmarks.load import Cost, median_of, post, read_answer
from benchmarks.row import Row


def kept(_quick: bool) -> Iterator[Row]:
    """A benchmark whose gate is just held."""
    yield Row("kept", 80.0, 10.0, 8)


def missed(_quick: bool) -> Iterator[Row]:
    """A benchmark whose gate is just missed."""
    yield Row("missed", 80.1, 10.0, 8)


class Answers:
    """A connection that hands out bytes piece by piece."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def recv(self, _most: int) -> bytes:
        """The next piece."""
        return self._pieces.pop(0)


@pytest.mark.parametrize(
    ("names", "code", "verdicts"),
    [([], 1, {"kept": "ok", "missed": "MISSED"}), (["kept"], 0, {"kept": "ok"})],
    ids=["all", "one"],
)
def test_verdicts(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    names: list[str],
    code: int,
    verdicts: dict[str, str],
) -> None:
    """A ratio up to the gate is good, one above it fails the run; only what is named is measured."""
    monkeypatch.setattr(command, "BENCHMARKS", {"kept": kept, "missed": missed})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick", *names])
    assert command.main() == code
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "≤" in line]
    assert {row[0]: row[-1] for row in rows} == verdicts


def test_unknown_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that does not exist is told, with those that do."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", "sandbox-apy"])
    with pytest.raises(SystemExit):
        command.main()
    told = capsys.readouterr().err
    assert "sandbox-apy" in told
    assert "sandbox-year" in told


def test_median() -> None:
    """One slow round does not move the figure."""
    assert median_of([Cost(10, 5), Cost(900, 800), Cost(11, 6)]) == Cost(11, 6)


def test_answers_in_pieces() -> None:
    """An answer is read to its end however it is cut up, and one that is not 200 fails the benchmark."""
    whole = Answers(b"HTTP/1.1 200 OK\r\nContent-", b"Length: 4\r\n\r\nab", b"cd")
    assert read_answer(whole) == b"abcd"
    with pytest.raises(RuntimeError, match="402"):
        read_answer(Answers(b"HTTP/1.1 402 Payment Required\r\ncontent-length: 0\r\n\r\n"))


def test_request() -> None:
    """A request is form-encoded, and says how long it is."""
    head, _, body = post("/v1/customers", "name=Ada Lovelace&metadata[a]=b", "key-1").partition(b"\r\n\r\n")
    assert body == b"name=Ada%20Lovelace&metadata[a]=b"
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Idempotency-Key: key-1" in head

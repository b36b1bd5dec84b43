"""The clock is read in one place, and no test waits for it."""

import ast

from tests.tidy.source import modules

READERS_OF_THE_CLOCK = {"src/tiergate/real_time.py", "src/tiergate_sandbox/real_time.py"}
CLOCKS = {
    *("time.time", "time.time_ns", "time.gmtime", "time.localtime", "time.ctime", "time.strftime"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
}
NOTHING_IMPORTED_BY_ITSELF = {"time", "time_ns", "gmtime", "localtime", "ctime", "strftime", "sleep"}


def _readings(tree: ast.Module) -> list[int]:
    """The lines that read the clock, called or handed on as a function."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCKS
    ]


def test_the_clock_is_read_in_one_module_of_each_package() -> None:
    """Only the two real_time modules ask what time it is; everybody else is told."""
    strays = [
        f"{name}:{line}"
        for name, tree in modules("src")
        if name not in READERS_OF_THE_CLOCK
        for line in _readings(tree)
    ]
    assert strays == []


def test_time_is_used_by_its_full_name() -> None:
    """Nobody imports `time` or `sleep` out of the module time, where these tests would miss them."""
    strays = [
        f"{name}:{node.lineno}"
        for folder in ("src", "tests")
        for name, tree in modules(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in {"time", "asyncio"}
        and NOTHING_IMPORTED_BY_ITSELF & {alias.name for alias in node.names}
    ]
    assert strays == []


def test_no_test_sleeps() -> None:
    """Tests wait for something that happens, never for time to pass."""
    sleepers = [
        f"{name}:{node.lineno}"
        for name, tree in modules("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(".sleep")
        and ast.unparse(node) != "asyncio.sleep(0)"
    ]
    assert sleepers == []

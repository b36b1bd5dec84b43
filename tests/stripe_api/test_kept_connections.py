"""How requests travel to Stripe: over few connections, through a proxy, and never over another process's."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.support.ports import free_port
from tiergate.stripe_api.kept_connections import KeptConnections


class Telling(BaseHTTPRequestHandler):
    """Answers with the port that the connection came from, and what the request line named."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        content = f"{self.client_address[1]} {self.path} {self.headers.get('Proxy-Authorization')}".encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(name="port")
def fixture_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where such answers are given; the environment names no proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Telling) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


def told(client: KeptConnections, url: str) -> list[str]:
    """What a request was answered with."""
    body, status, _ = client.request("get", url, {})
    assert status == 200
    return str(body, "ascii").split(" ")


def test_all_threads_share_connections(port: int) -> None:
    """One request after the other goes over one connection, whichever thread sends it."""
    client, found = KeptConnections(), []
    for _ in range(3):
        sender = threading.Thread(target=lambda: found.append(told(client, f"http://127.0.0.1:{port}/a")[0]))
        sender.start()
        sender.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    client.close()


def test_a_forked_process_opens_its_own(port: int) -> None:
    """A child never speaks over a connection of its parent's, whose answers are not for it."""
    client = KeptConnections()
    mine = told(client, f"http://127.0.0.1:{port}/a")[0]
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, told(client, f"http://127.0.0.1:{port}/a")[0].encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(readable, 100).decode()
    assert theirs.isdigit()
    assert theirs != mine
    assert told(client, f"http://127.0.0.1:{port}/a")[0] == mine
    client.close()


def test_a_proxy_of_the_environment_is_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go to the proxy, with its user and password, unless the host is excepted."""
    monkeypatch.setenv("http_proxy", f"http://ada:s%40fe@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    through = KeptConnections()
    assert told(through, "http://stripe.test/a")[1:] == ["http://stripe.test/a", "Basic", "YWRhOnNAZmU="]
    past = KeptConnections()
    assert told(past, f"http://127.0.0.1:{port}/a")[1:] == ["/a", "None"]
    through.close()
    past.close()


@pytest.mark.parametrize(
    ("scheme", "is_repeated"), [("http", True), ("https", False)], ids=["hung up", "no certificate"]
)
def test_what_is_worth_repeating(port: int, scheme: str, *, is_repeated: bool) -> None:
    """Whoever does not answer may do so the next time; whoever cannot prove who it is will not."""
    address = free_port() if is_repeated else port
    with pytest.raises(stripe.APIConnectionError, match="could not be reached") as caught:
        KeptConnections().request("get", f"{scheme}://127.0.0.1:{address}/a", {})
    assert caught.value.should_retry is is_repeated

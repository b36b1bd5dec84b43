"""The SDK's way to Stripe over connections that are kept open, shared by all threads of a process.

The SDK's own client keeps connections for each thread, and reads the environment before each request anew:
that takes longer than the request. Repeating what failed, and how long to wait before, is left to the SDK.
"""

import os
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as TimedOutError
from urllib3.util import make_headers, parse_url

_TIMEOUT_SECONDS = 80.0
"""As long as the SDK waits. Source: https://github.com/stripe/stripe-python"""
_MOST_KEPT = 10
_unreached: Callable[..., stripe.APIConnectionError] = stripe.APIConnectionError
_TO_BE_REPEATED = (TimedOutError, ProtocolError, ProxyError, NewConnectionError, OSError)


class KeptConnections(stripe.HTTPClient):
    """Sends requests. A proxy that the environment names when the first one is sent is used for all.

    A forked process opens connections of its own.
    """

    name = "urllib3"

    def __init__(self, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        """Prepare; nothing is opened before the first request."""
        super().__init__()
        self._timeout_seconds = timeout_seconds
        self._opened: tuple[int, urllib3.PoolManager] | None = None

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | bytes | None = None,
        **_more: object,
    ) -> tuple[Any, int, Mapping[str, str]]:  # fmt: skip
        """Return body (bytes), status and headers of an answer. Raises ``stripe.APIConnectionError``."""
        try:
            answer = self._connections(url).urlopen(
                method.upper(),
                url,
                body=post_data,
                headers={"Accept-Encoding": "gzip, deflate", **(headers or {})},
                retries=False,
                redirect=False,
                timeout=self._timeout_seconds,
            )
        except (HTTPError, OSError) as error:
            is_passing = isinstance(error, _TO_BE_REPEATED) and not isinstance(error, SSLError)
            raise _unreached(
                f"Stripe could not be reached ({type(error).__name__}: {error})", should_retry=is_passing
            ) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        """Close what is open."""
        if self._opened is not None:
            self._opened[1].clear()

    def _connections(self, url: str) -> urllib3.PoolManager:
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), _open(url))
        return self._opened[1]


def _open(url: str) -> urllib3.PoolManager:
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    trusted = ssl.create_default_context(cafile=stripe.ca_bundle_path) if scheme == "https" else None
    proxies = {} if proxy_bypass(host) else getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy:
        return urllib3.PoolManager(maxsize=_MOST_KEPT, ssl_context=trusted)
    login = parse_url(proxy).auth
    named = make_headers(proxy_basic_auth=unquote(login)) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=named, maxsize=_MOST_KEPT, ssl_context=trusted)

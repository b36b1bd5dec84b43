"""Webhook endpoints as destinations: one signed POST for each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiergate_sandbox.delivery import Outcome
from tiergate_sandbox.signing import webhook_headers

if TYPE_CHECKING:
    import httpx2

TIMEOUT_SECONDS = 20.0


class WebhookSender:
    """Posts webhooks. Redirects are failures, and proxies of the environment are not used."""

    def __init__(self) -> None:
        self._client: httpx2.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Make one request and return how it went; nothing is raised for what the receiver does."""
        import httpx2

        if self._client is None:
            self._client = httpx2.AsyncClient(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
            )
        try:
            response = await self._client.post(url, content=body, headers=dict(headers))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Outcome(None, f"{type(error).__name__}: {error}".rstrip(": "))
        return Outcome(response.status_code)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One webhook endpoint of the account.

    ``render`` gives the event's JSON in the shapes of the endpoint's API version, ``sign`` the headers
    for that body at this moment.
    """

    id: str
    url: str
    enabled_events: frozenset[str]
    api_version: str | None
    render: Callable[[str, str | None], bytes]
    sign: Callable[[bytes], dict[str, str]]
    sender: WebhookSender

    def wants(self, event_type: str) -> bool:
        """Whether the endpoint has this type enabled, by name or by ``*``."""
        return event_type in self.enabled_events or "*" in self.enabled_events

    async def send(self, event_id: str) -> Outcome:
        """Post the event, signed anew."""
        body = self.render(event_id, self.api_version)
        return await self.sender.post(self.url, body, self.sign(body))


def endpoints(
    listed: list[dict[str, Any]],
    render: Callable[[str, str | None], bytes],
    secrets: Callable[[str, str], list[str]],
    at: Callable[[], int],
    sender: WebhookSender,
) -> Iterator[Endpoint]:
    """Yield the destinations for the endpoints that the world lists."""

    def signer(entry: dict[str, Any]) -> Callable[[bytes], dict[str, str]]:
        return lambda body: webhook_headers(body, secrets(entry["id"], entry["secret"]), at())

    for entry in listed:
        yield Endpoint(
            id=entry["id"],
            url=entry["url"],
            enabled_events=frozenset(entry["enabled_events"]),
            api_version=entry["api_version"],
            render=render,
            sign=signer(entry),
            sender=sender,
        )

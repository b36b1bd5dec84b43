"""A client's own key for each write: the same again is answered the same, and done once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.web.routes.site import Site
from tests.web.routes.test_change_routes import have, post

WRITES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "checkout": ({"plan": "team"}, {"plan": "scale"}),
    "trial": ({"plan": "team"}, {"plan": "scale"}),
    "ask": ({"plan": "team"}, {"plan": "scale"}),
    "portal": ({}, {"return_url": "/settings"}),
    "email": ({"email": "money@acme.test"}, {"email": "else@acme.test"}),
}
"""What is wished, and something else."""


def prepare(site: Site, sandbox_url: str, name: str) -> None:
    """The portal is only for who has bought something."""
    if name == "portal":
        have(site, sandbox_url)


@pytest.mark.parametrize("by", ["header", "parameter"])
@pytest.mark.parametrize("name", WRITES)
def test_a_key_has_one_answer(site: Site, sandbox_url: str, name: str, by: str) -> None:
    """The same key and wish have the same answer, another wish is 409, and another account has own keys."""
    prepare(site, sandbox_url, name)
    wish, other = WRITES[name]

    def send(body: dict[str, Any]) -> Any:
        if by == "header":
            return post(site, name, body, **{"Idempotency-Key": "k1"})
        return post(site, name, {**body, "key": "k1"})

    first = send(wish)
    assert first.status_code == 200, first.text
    assert [send(wish).json() for _ in range(3)] == [first.json()] * 3
    refused = send(other)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    assert post(site, "cancel", {"key": "k1"}).json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("name", WRITES)
def test_a_key_pressed_five_times_at_once(site: Site, sandbox_url: str, name: str) -> None:
    """Five requests under one key get one and the same answer."""
    prepare(site, sandbox_url, name)
    wish = {**WRITES[name][0], "key": "k1"}
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: post(site, name, wish), range(5)))
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.text for answer in found}) == 1


def test_a_key_of_a_trial_with_a_card(site: Site) -> None:
    """The checkout that asks for the card is the same page each time."""
    first = post(site, "trial", {"plan": "scale", "key": "k1"})
    assert first.status_code == 202
    assert post(site, "trial", {"plan": "scale", "key": "k1"}).json() == first.json()
    assert post(site, "trial", {"plan": "scale", "interval": "year", "key": "k1"}).status_code == 409


def test_an_address_set_later_stays(site: Site) -> None:
    """A repetition of an older wish answers as it did, and undoes nothing that came after it."""
    post(site, "email", {"email": "one@acme.test", "key": "k1"})
    post(site, "email", {"email": "two@acme.test", "key": "k2"})
    assert post(site, "email", {"email": "one@acme.test", "key": "k1"}).json() == {"email": "one@acme.test"}
    assert site.billing.describe("acme").told.account.email == "two@acme.test"


def test_what_was_refused_may_be_wished_again(site: Site, sandbox_url: str) -> None:
    """A refusal does not use a key up: once it is possible, the same key does it."""
    refused = post(site, "portal", {"key": "k1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "checkout_required")
    have(site, sandbox_url)
    assert post(site, "portal", {"key": "k1"}).status_code == 200


@pytest.mark.parametrize("name", [*WRITES, "cancel"])
def test_a_key_is_no_novel(site: Site, name: str) -> None:
    """A key of more than 255 characters is 422, in the header as in the body."""
    wish = WRITES.get(name, ({}, {}))[0]
    assert post(site, name, wish, **{"Idempotency-Key": "k" * 256}).status_code == 422
    assert post(site, name, {**wish, "key": "k" * 256}).status_code == 422

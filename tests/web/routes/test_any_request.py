"""Whatever is sent to the API, and however an account stands: answers are as described, and none is a 5xx.

The requests are made from the API's own description, the sensible ones and those that break it.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, Config, GenerationMode
from schemathesis.core.result import Ok

from tests.services.bench import northwind
from tests.services.changing import PER_SEAT
from tests.web.routes.site import Site
from tests.web.routes.test_change_routes import FAILS_LATER, VISA, have

STANDING = ["newcomer", "trying", "paying", "cannot_pay", "leaving", "has_seats"]
"""How an account stands before the requests come."""

KNOWN: dict[str, list[Any]] = {
    "plan": ["free", "starter", "team", "scale", "crew"],
    "interval": ["month", "year"],
    "add_on": ["storage"],
    "feature": ["projects", "roles", "api_calls"],
    "seats": [2, 3, 7],
    "quantity": [0, 1, 2],
    "reason": ["too_expensive", "other", ""],
    "email": ["money@acme.test"],
    "form_token": [""],
    "flow": ["payment_method_update", "subscription_cancel", "subscription_update"],
}
"""What makes a request one that means something here; the bounds of seats are each plan's own."""

ALLOWED, FORBIDDEN = GenerationMode.POSITIVE, GenerationMode.NEGATIVE

REFUSED_AS_THINGS_ARE = ["2xx", "303", "304", "401", "402", "403", "404", "409"]
"""What may be answered to a request that is as described; whatever else is not may be 400 or 422."""


def hard(times: int) -> settings:
    """Return how a request is tried: always the same requests, so many of them."""
    return settings(
        max_examples=times,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def shop(site: Site) -> Site:
    """A site that sells seats and an add-on too."""
    site.billing.push_plans(northwind() + PER_SEAT)
    return site


def stand(site: Site, sandbox_url: str, standing: str) -> None:
    """Let the account stand so."""
    if standing == "trying":
        site.billing.start_trial("acme", "team")
    elif standing == "has_seats":
        have(site, sandbox_url, "crew")
    elif standing != "newcomer":
        have(site, sandbox_url, "starter", FAILS_LATER if standing == "cannot_pay" else VISA)
    if standing == "leaving":
        site.billing.cancel("acme")
    if standing == "cannot_pay":
        site.billing.change_plan("acme", "team")


def operations(site: Site) -> list[APIOperation[Any, Any, Any, Any]]:
    """Read the description, and return what it describes."""
    checks = {"positive_data_acceptance": {"expected-statuses": REFUSED_AS_THINGS_ARE}}
    config = Config.from_dict({"checks": checks})
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", site.app, config=config)
    found = list(schema.get_all_operations())
    return [each.ok() for each in found if isinstance(each, Ok)]


def with_known_words(case: Case[Any], data: st.DataObject) -> Case[Any]:
    """Put what means something here in the place of what was made up."""
    for said in (case.body, case.query):
        if isinstance(said, dict):
            known = sorted(said.keys() & KNOWN.keys())
            said.update({name: data.draw(st.sampled_from(KNOWN[name])) for name in known if said[name]})
    return case


@pytest.mark.parametrize(
    ("standing", "mode"), [("newcomer", ALLOWED), ("newcomer", FORBIDDEN), ("paying", FORBIDDEN)]
)
def test_every_operation(shop: Site, sandbox_url: str, standing: str, mode: GenerationMode) -> None:
    """Each operation in turn, by what the description allows, or by what it forbids."""
    stand(shop, sandbox_url, standing)
    headers = {"Authorization": f"Bearer {shop.billing.access_token('acme')}"}
    for operation in operations(shop):
        if mode is FORBIDDEN and not (operation.query or operation.body):
            continue  # there is nothing that could be wrong

        @hard(6)
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Case[Any]) -> None:
            case.call_and_validate(headers=headers)

        send()


@pytest.mark.parametrize("standing", STANDING)
def test_a_life_of_requests(shop: Site, sandbox_url: str, standing: str) -> None:
    """One request after the other from each standing on, of things that exist: each finds what is there."""
    stand(shop, sandbox_url, standing)
    headers = {"Authorization": f"Bearer {shop.billing.access_token('acme')}"}
    described = [each for each in operations(shop) if "/admin/" not in each.path]

    @hard(100)
    @given(data=st.data())
    def live(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(described))
        case = data.draw(operation.as_strategy(generation_mode=ALLOWED))
        answer = with_known_words(case, data).call_and_validate(headers=headers)
        answered.append((operation.path, answer.status_code))

    answered: list[tuple[str, int]] = []
    live()
    assert len({path for path, status in answered if status < 400}) > 5, answered

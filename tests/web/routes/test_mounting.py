"""The application inside another one: under a path, with the host's own way of knowing who asks."""

import re

import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from tests.web.routes.site import HTML, Site, signed
from tiergate.web.app import create_app

PREFIX = "/internal/billing-app"


def mounted_in_fastapi(app: ASGIApp) -> FastAPI:
    """A FastAPI host."""
    host = FastAPI()
    host.mount(PREFIX, app)
    return host


def mounted_in_starlette(app: ASGIApp) -> Starlette:
    """A Starlette host."""
    return Starlette(routes=[Mount(PREFIX, app)])


async def account_of(request: Request) -> str | None:
    """An async host: it asks its own session store."""
    return request.headers.get("x-account")


@pytest.fixture(params=[mounted_in_starlette, mounted_in_fastapi])
def host(request: pytest.FixtureRequest, site: Site) -> TestClient:
    """A client of the host, signed in as ``acme``."""
    inner = create_app(site.billing, account_of)
    return TestClient(
        request.param(inner), "http://host.test", follow_redirects=False, headers={"x-account": "acme"}
    )


def test_an_async_account_of_is_asked(host: TestClient) -> None:
    """The host may answer from an async function; without its word nobody is signed in."""
    assert host.get(f"{PREFIX}/api/billing/subscription").json()["account_id"] == "acme"
    del host.headers["x-account"]
    assert host.get(f"{PREFIX}/api/billing/subscription").status_code == 401


@pytest.mark.parametrize("page", ["/pricing", "/billing"])
def test_every_link_stays_under_the_mount(host: TestClient, page: str) -> None:
    """Every address of ours that a page names begins with the mount path, and answers there."""
    shown = host.get(f"{PREFIX}{page}", headers=HTML)
    assert shown.status_code == 200
    named = set(re.findall(r'(?:href|src|action)="(/[^"#]*)"', shown.text))
    assert named
    for path in named:
        assert path.startswith(f"{PREFIX}/"), path
        method = "POST" if "/api/" in path else "GET"
        assert host.request(method, path).status_code in (200, 422), path


def test_redirects_stay_under_the_mount(host: TestClient) -> None:
    """The mount's root leads to the pricing page below it."""
    assert host.get(f"{PREFIX}/").headers["location"] == f"{PREFIX}/pricing"


def test_problems_have_the_mounts_style(host: TestClient) -> None:
    """The page of a refusal loads its stylesheet from the mount."""
    del host.headers["x-account"]
    shown = host.get(f"{PREFIX}/billing", headers=HTML)
    assert shown.status_code == 401
    assert f'href="{PREFIX}/static/' in shown.text


def test_the_webhook_works_under_the_mount(host: TestClient) -> None:
    """The webhook is exempt from the same-origin rule under the mount too; the checkout is not."""
    body = (
        b'{"id": "evt_1", "type": "x", "created": 1, "livemode": false, "data": {"object": {"object": "x"}}}'
    )
    cross = {"Sec-Fetch-Site": "cross-site"}
    sent = host.post(f"{PREFIX}/webhooks/stripe", content=body, headers={**signed(body), **cross})
    assert sent.status_code == 200
    assert (
        host.post(f"{PREFIX}/api/billing/checkout", data={"plan": "team"}, headers=cross).status_code == 403
    )


def test_the_checkout_works_under_the_mount(host: TestClient) -> None:
    """A form below the mount leads to Stripe."""
    found = re.search(r'name="form_token" value="([^"]+)"', host.get(f"{PREFIX}/pricing").text)
    assert found
    form = {"plan": "team", "form_token": found[1]}
    assert host.post(f"{PREFIX}/api/billing/checkout", data=form).status_code == 303

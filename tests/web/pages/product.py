"""A made-up product around the billing pages: where one signs up, and what one meets a gate in."""

from html import escape
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from tiergate.billing import Billing

WHO = "who"
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui; max-width: 32rem; margin: 4rem auto; padding: 0 1.25rem }}
input, button {{ font: inherit; padding: .5rem .75rem }} a {{ color: #4f46e5 }}</style>
<h1>{title}</h1>{body}</html>"""


def who(request: Request) -> str | None:
    """Who is signed in: the product's own session says so."""
    return request.cookies.get(WHO)


def product(billing: Billing) -> Starlette:
    """Return the product, with the billing pages in it."""

    async def sign_up(request: Request) -> Response:
        """Ask for a name, and make the account known."""
        if request.method == "GET":
            field = '<label>Workspace <input name="name" required></label>'
            form = f'<form method="post">{field} <button>Sign up</button></form>'
            return HTMLResponse(PAGE.format(title="Sign up", body=form))
        name = parse_qs((await request.body()).decode())["name"][0]
        billing.register(name.lower(), name=name, email=f"billing@{name.lower()}.test", members=2)
        answer = RedirectResponse("/app", 303)
        answer.set_cookie(WHO, name.lower())
        return answer

    def app(_request: Request) -> Response:
        """Lead to what the product does."""
        return HTMLResponse(PAGE.format(title="Northwind", body='<a href="/app/sso">Single sign-on</a>'))

    def gate(request: Request) -> Response:
        """Answer as the plan allows, and say which plan would."""
        decision = billing.check(str(who(request)), "sso")
        if decision.allowed:
            return HTMLResponse(PAGE.format(title="Single sign-on", body="<p>It is switched on.</p>"))
        offer = decision.offer
        assert offer is not None
        name, url = escape(offer.name), f"/billing/change?plan={offer.plan}&amp;interval=month"
        body = f'<p>{name} has single sign-on.</p><a href="{url}">Upgrade to {name}</a>'
        return HTMLResponse(PAGE.format(title="Single sign-on is not in your plan", body=body), 402)

    return Starlette(
        routes=[
            Route("/sign-up", sign_up, methods=["GET", "POST"]),
            Route("/app", app),
            Route("/app/sso", gate),
            Mount("/", billing.asgi),
        ]
    )

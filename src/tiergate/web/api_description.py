"""How the API describes its routes: bodies with an example, and every refusal with its code and remedy."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from tiergate.web.form_schema import form_schema
from tiergate.web.problems import STATUS_OF_CODE
from tiergate.web.read_order import FORM

Responses = dict[int | str, dict[str, Any]]

_PROBLEM = "application/problem+json"
_AGAIN = "Nothing is lost: try again in a moment."

_STATUSES: Mapping[str, tuple[int, ...]] = {
    **{code: (status,) for code, status in STATUS_OF_CODE.items()},
    "cross_site": (403,),
    "internal_error": (500,),
    "request_invalid": (422,),
    "trial_refused": (402, 409),
}

_SAID: Mapping[str, tuple[str, str]] = {
    "access_expired": ("This link has expired.", "Open the billing page from the application again."),
    "access_invalid": ("This link is not valid.", "Open the billing page from the application again."),
    "account_erased": (
        "Account 'initech' was erased.",
        "Make the customer known under another account id.",
    ),
    "add_on_not_sold_so": (
        "An add-on of this account cannot be paid by that interval.",
        "Remove the add-on first; once it is gone, change the interval.",
    ),
    "admin_sign_in_required": ("No admin is signed in.", "Sign in at /admin/sign-in."),
    "already_subscribed": (
        "This account has a subscription already: team, active.",
        "Change the plan on the billing page instead of buying a second one.",
    ),
    "amount_moved": (
        "The change would cost or mean something else by now.",
        "Show the new preview, and have it confirmed.",
    ),
    "body_too_large": ("The request is too large.", "Send 16384 bytes at most."),
    "card_required": ("The trial has no card yet.", "Add a card first, then choose the plan."),
    "catalog_invalid": ("The catalogue has a mistake.", "Correct the line that is named."),
    "change_busy": ("This subscription is being changed by others.", "Try again in a moment."),
    "checkout_busy": ("Another checkout of this account is being opened.", "Try again in a moment."),
    "checkout_closed": ("Nothing can be bought here by oneself.", "Write to us instead."),
    "checkout_required": ("This account has no subscription yet.", "Buy a plan: start a checkout."),
    "content_type_unsupported": ("This is neither JSON nor a form.", "Send it as application/json."),
    "cross_site": (
        "Another website sent this request.",
        "Open the page itself and press the button there.",
    ),
    "csrf_failed": (
        "This form is out of date, or was opened by somebody else.",
        "Open the page anew and send it again.",
    ),
    "database_unavailable": ("We cannot reach our database at the moment.", _AGAIN),
    "draft_conflict": ("The draft is not the one that you saw.", "Look at it once more."),
    "draft_too_long": ("The text is too long.", "Keep it below a million characters."),
    "edit_refused": ("The text cannot be read.", "Correct the line that is named."),
    "email_invalid": ("This is not an e-mail address.", "Write one such as billing@example.com."),
    "fewer_seats_than_members": (
        "There are more people in the account than seats are wanted.",
        "Remove people first, then reduce the seats.",
    ),
    "idempotency_key_reused": (
        "This idempotency key was used for something else.",
        "Use a new key for each new wish.",
    ),
    "internal_error": (
        "Something went wrong on our side.",
        "Try again in a moment; it has been logged.",
    ),
    "no_draft": ("There is no draft.", "Edit a plan first."),
    "no_plans": ("No plans have been published yet.", "Run: tiergate plans push"),
    "not_per_seat": ("This plan is not charged per seat.", "Choose a plan with seats to add some."),
    "order_invalid": ("-1 is no possible number of Storage.", "Order 1 or more, or none."),
    "pause_not_offered": ("Subscriptions cannot be paused here.", "Cancel it instead."),
    "owner_required": (
        "Only an owner of this account can do that.",
        "Ask an owner: POST /api/billing/ask does.",
    ),
    "payment_outstanding": (
        "A payment of this subscription is outstanding.",
        "Pay the open invoice first, then change the plan.",
    ),
    "plan_by_agreement": ("This plan is sold by agreement.", "Get in touch: see the pricing page."),
    "plans_overtaken": ("Another version was published meanwhile.", "Look at the draft once more."),
    "portal_flow_not_possible": ("It is cancelled already.", "Resume it, if it was not meant so."),
    "price_not_at_stripe": ("The price is not at Stripe yet.", "Run: tiergate plans push"),
    "price_unknown": (
        "The subscription's price belongs to no plan that is known here.",
        "Map it with: tiergate plans push, or change it in Stripe's dashboard.",
    ),
    "push_busy": ("Somebody else is publishing.", "Try again in a moment."),
    "push_interrupted": ("Stripe did not answer in the middle.", "Publish again: it goes on from there."),
    "request_invalid": ("The request is not valid.", "plan: Field required"),
    "seats_invalid": ("Crew cannot be bought with 1 seats.", "Choose 2 to 20."),
    "seats_out_of_range": (
        "The plan cannot be bought with so many seats.",
        "Choose a number of seats that the plan allows, or another plan.",
    ),
    "sign_in_required": ("Nobody is signed in.", "Sign in first, then come back to this page."),
    "status_unknown": (
        "The subscription is in a state that this version does not know.",
        "Update tiergate, or change it in Stripe's dashboard.",
    ),
    "stripe_price_invalid": ("The price at Stripe is another one.", "Name one that fits."),
    "stripe_refused": (
        "Our payment provider did not accept this.",
        "Nothing was charged. Try again, and write to us if it happens once more.",
    ),
    "stripe_unavailable": ("Stripe did not answer.", _AGAIN),
    "subscription_paused": ("The subscription is paused.", "Resume it first, then change it."),
    "trial_busy": ("Something else is being bought or tried by this account.", "Try again in a moment."),
    "trial_refused": ("The trial was used before with this e-mail address.", "Team costs $49 per month."),
    "unknown_account": ("There is no account 'initech'.", "Make it known first: billing.register('initech')"),
    "unknown_add_on": ("There is no add-on 'gold'.", "The add-ons are: storage."),
    "unknown_feature": ("There is no feature 'teleport'.", "The features are: projects, roles."),
    "unknown_plan": ("There is no plan 'gold'.", "The plans are: starter, team, scale."),
    "wish_invalid": ("It is not clear what is wanted.", "Say one of: plan, seats, add_on."),
}
"""An example of what each code says, and of what to do about it."""

_MEANT: Mapping[int, str] = {
    400: "It does not make sense.",
    401: "Nobody is signed in.",
    402: "A payment or a card is missing; `pay_url`, if any, is where to pay.",
    403: "It is not allowed.",
    404: "There is no such thing.",
    409: "Refused as things are: `code` says why, `detail` what to do about it.",
    413: "The body is too large.",
    415: "The body is neither JSON nor a form.",
    422: "The request cannot be understood.",
    500: "A mistake of ours; it has been logged.",
    502: "Stripe refused it: nothing was charged.",
    503: "Stripe or the database does not answer: nothing is half-done, and it is safe to repeat.",
}

_MORE: Mapping[str, dict[str, Any]] = {
    "payment_outstanding": {"pay_url": "https://invoice.stripe.com/i/acct_1/test_1"},
    "trial_refused": {"why": "mail_known", "plan": "team"},
}
"""Further members that a problem has."""

ANYBODY = ("database_unavailable", "internal_error")
ACCOUNT = (*ANYBODY, "sign_in_required", "access_invalid", "access_expired", "unknown_account", "no_plans")
WRITE = (
    *ACCOUNT,
    *("owner_required", "account_erased", "cross_site", "csrf_failed"),
    *("body_too_large", "content_type_unsupported", "request_invalid"),
    *("stripe_refused", "stripe_unavailable"),
)
KEYED = (*WRITE, "idempotency_key_reused")
MEMBER = tuple(
    code for code in WRITE if code not in ("owner_required", "stripe_refused", "stripe_unavailable")
)
CHANGE = (
    *KEYED,
    "change_busy",
    "checkout_required",
    "payment_outstanding",
    "price_unknown",
    "status_unknown",
    "subscription_paused",
)
"""What is refused by every route of a kind."""


def refuses(*codes: str) -> Responses:
    """Return the answers with problem details that these codes come as."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        for status in _STATUSES[code]:
            by_status.setdefault(status, []).append(code)
    return {status: _refusal(status, found) for status, found in sorted(by_status.items())}


def sends_forms_on(where: str) -> Responses:
    """Return the answer that a form gets."""
    return {303: {"description": f"A form is sent on: {where}."}}


def takes(order: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """Describe the body that a route reads by itself, from JSON or from a form."""
    schema = order.model_json_schema()
    example = schema.pop("examples")[0]
    schemas = {"application/json": schema, FORM: form_schema(schema)}
    content = {media: {"schema": each, "example": example} for media, each in schemas.items()}
    return {"requestBody": {"required": required, "content": content}}


def _refusal(status: int, codes: Iterable[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": "string"} for name in ("type", "title", "detail")}
    properties |= {"status": {"const": status}, "code": {"enum": sorted(set(codes))}}
    schema = {"type": "object", "properties": properties, "required": sorted(properties)}
    examples = {code: {"value": _problem(status, code)} for code in sorted(set(codes))}
    return {
        "description": _MEANT[status],
        "content": {
            _PROBLEM: {"schema": schema, "examples": examples},
            "text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"},
        },
    }


def _problem(status: int, code: str) -> dict[str, Any]:
    title, detail = _SAID[code]
    told = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    return told | _MORE.get(code, {})

"""Reads what somebody wants, from JSON or from a form of our own pages.

A form bears the token of whoever sends it. JSON needs none: a page of another website can send it neither by
a form nor by a script, unless this site lets it, and ``same_origin`` refuses it besides. Nor does a program
that proves who it is by a token in a header, which no browser adds by itself.
"""

from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from tiergate.rules.errors import TiergateError
from tiergate.web.csrf import CsrfError
from tiergate.web.identity import bearer_of
from tiergate.web.page_frame import acting_in, billing_of
from tiergate.web.read_body import read_body

FORM = "application/x-www-form-urlencoded"
FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field
_JSON = "application/json"
_MAX_ORDER_BYTES = 16 * 1024
_Order = TypeVar("_Order", bound=BaseModel)


class ContentTypeError(TiergateError):
    """What was sent is neither JSON nor a form."""

    code = "content_type_unsupported"


def is_form(request: Request) -> bool:
    """Whether a form was sent, whose sender is led on instead of being answered."""
    return _media_type(request) == FORM


async def read_order(request: Request, kind: type[_Order]) -> _Order:
    """Read the body; none at all is the same as an empty one, and what a form leaves empty is not said.

    Raises ``CsrfError`` for a form without the token of whoever sends it, ``ContentTypeError``,
    ``BodyTooLargeError`` and ``RequestValidationError``.
    """
    body = await read_body(request, _MAX_ORDER_BYTES)
    try:
        if is_form(request):
            return kind.model_validate(_fields(request, body))
        if _media_type(request) != _JSON and (body or _media_type(request)):
            raise ContentTypeError("This is neither JSON nor a form.", f"Send it as {_JSON}.")
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _fields(request: Request, body: bytes) -> dict[str, str]:
    fields = dict(parse_qsl(body.decode(errors="replace")))
    token = fields.pop(FORM_TOKEN, "")
    if bearer_of(request) is None and not billing_of(request).is_form_token(acting_in(request), token):
        raise CsrfError
    return fields


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()

"""Reads what a form or a program orders: the same model for both."""

from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from tiergate.web.read_body import read_body

FORM = "application/x-www-form-urlencoded"
_MAX_ORDER_BYTES = 16 * 1024
_Order = TypeVar("_Order", bound=BaseModel)


def is_form(request: Request) -> bool:
    """Whether a browser's form was sent, which wants a page and no JSON."""
    return request.headers.get("content-type", "").startswith(FORM)


async def read_order(request: Request, kind: type[_Order]) -> _Order:
    """Read the body; none at all is the same as an empty one, and what a form leaves empty is not said.

    Raises ``RequestValidationError`` and ``BodyTooLargeError``.
    """
    body = await read_body(request, _MAX_ORDER_BYTES)
    try:
        if is_form(request):
            return kind.model_validate(dict(parse_qsl(body.decode(errors="replace"))))
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error

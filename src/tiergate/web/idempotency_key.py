"""The client's own name for what it wants: the same name with the same wish has one result for good."""

from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, Field

from tiergate.web.shown_as import strictly_shown_as

_LONGEST = 255

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=_LONGEST,
        description="A name of yours for this wish: the same again has the same result, and is done once.",
        examples=["5f0c2d9e-3b1a-4c55-9a57-2f6f1a6f7c11"],
    ),
]


class KeyedOrder(BaseModel):
    """What every order may hold: the idempotency key, for forms, which cannot send a header."""

    model_config = strictly_shown_as({})

    key: str | None = Field(None, max_length=_LONGEST, description="As the header Idempotency-Key.")

"""The one hierarchy of errors that tiergate raises, each with a stable code and a remedy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class TiergateError(Exception):
    """Base of everything tiergate raises on purpose.

    ``code`` is stable and meant for programs, ``message`` says what is wrong, ``remedy`` says what to
    do about it; the text of the exception is both sentences. ``details`` are further facts for programs,
    as JSON: an address to pay at, for instance.
    """

    code = "tiergate_error"
    details: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class UnknownAccountError(TiergateError):
    """The account has not been made known with ``billing.register``."""

    code = "unknown_account"


class UnknownFeatureError(TiergateError):
    """The catalogue has no feature of this name."""

    code = "unknown_feature"


class UnknownPlanError(TiergateError):
    """The catalogue has no plan, or the plan no price, of this name."""

    code = "unknown_plan"


class UnknownAddOnError(TiergateError):
    """The catalogue has no add-on, or the add-on no price, of this name."""

    code = "unknown_add_on"

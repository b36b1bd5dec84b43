"""The example by which the API's description shows a body or an answer."""

from typing import Any

from pydantic import ConfigDict
from pydantic.config import JsonDict


def shown_as(*examples: dict[str, Any]) -> ConfigDict:
    """Return the configuration of an answer's model."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


def strictly_shown_as(*examples: dict[str, Any], more: JsonDict | None = None) -> ConfigDict:
    """Return the configuration of a body's model, which takes no members that it does not name.

    ``more`` is what the description says further of it.
    """
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples), **(more or {})})

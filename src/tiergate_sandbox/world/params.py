"""Parameters of the routes: declared once, checked and converted before a handler sees them.

A kind of parameter is a function from (what was sent, its name) to the typed value. An empty text unsets, as
in https://docs.stripe.com/api/metadata and everywhere else in the API: it arrives as None.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tiergate_sandbox.world.currencies import CURRENCIES
from tiergate_sandbox.world.errors import invalid, missing_parameter, unknown_parameter

Parse = Callable[[Any, str], Any]

INTEGER = re.compile(r"[-+]?[0-9]{1,20}")
LARGEST_INTEGER = 999_999_999_999
"""The most that an amount can be (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""

LATEST_INSTANT = 99_999_999_999
"""In the year 5138."""


class Param(NamedTuple):
    """A parameter's conversion, and whether a call without it is refused."""

    parse: Parse
    required: bool = False


Spec = Mapping[str, Param]


def required(param: Param) -> Param:
    """Return the parameter as one that must be sent and cannot be unset."""
    return Param(param.parse, required=True)


def check(spec: Spec, sent: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the typed parameters.

    Raises:
        StripeError: ``parameter_unknown``, ``parameter_missing`` or what is wrong with a value.
    """
    typed = {}
    for name, value in sent.items():
        path = f"{prefix}[{name}]" if prefix else name
        param = spec.get(name)
        if param is None:
            raise unknown_parameter(path)
        if param.required and value == "":
            raise invalid(
                f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset "
                "a parameter; "
                f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a "
                "non-empty value.",
                path,
                "parameter_invalid_empty",
            )
        typed[name] = param.parse(value, path)
    for name, param in spec.items():
        if param.required and name not in typed:
            raise missing_parameter(f"{prefix}[{name}]" if prefix else name)
    return typed


def string(max_length: int = 5000) -> Param:
    """Declare a text."""

    def parse(value: Any, path: str) -> str | None:
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {value}", path)
        if len(value) > max_length:
            raise invalid(
                f"Invalid string: must be at most {max_length} characters", path, "parameter_invalid_string"
            )
        return value or None

    return Param(parse)


def currency_code() -> Param:
    """Declare the three letters of a currency, in either case."""

    def parse(value: Any, path: str) -> str | None:
        if value == "":
            return None
        if not isinstance(value, str) or value.lower() not in CURRENCIES:
            raise invalid(f"Invalid currency: {value}. Use three letters such as usd or eur.", path)
        return value.lower()

    return Param(parse)


def ref() -> Param:
    """Declare the id of another object."""
    return string(255)


def integer(least: int | None = None, most: int | None = None) -> Param:
    """Declare a whole number between two bounds."""

    def parse(value: Any, path: str) -> int | None:
        number = _integer(value, path)
        if number is not None and least is not None and number < least:
            raise invalid(
                f"This value must be greater than or equal to {least}.", path, "parameter_invalid_integer"
            )
        if number is not None and most is not None and number > most:
            raise invalid(
                f"This value must be less than or equal to {most}.", path, "parameter_invalid_integer"
            )
        return number

    return Param(parse)


def number(least: float, most: float) -> Param:
    """Declare a number between two bounds, such as a percentage."""

    def parse(value: Any, path: str) -> float | None:
        if value == "":
            return None
        try:
            found = float(value)
        except (TypeError, ValueError):
            raise invalid(f"Invalid decimal: {value}", path) from None
        if not least <= found <= most:
            raise invalid(f"Invalid decimal: {value}; must be between {least} and {most}.", path)
        return found

    return Param(parse)


def timestamp(*words: str) -> Param:
    """Declare an instant in unix seconds, or one of some words such as ``now``."""

    def parse(value: Any, path: str) -> int | str | None:
        if value in words:
            return str(value)
        instant = _integer(value, path)
        if instant is not None and not 0 <= instant <= LATEST_INSTANT:
            raise invalid(
                f"Invalid timestamp: must be an integer Unix time between 0 and {LATEST_INSTANT}", path
            )
        return instant

    return Param(parse)


def boolean() -> Param:
    """Declare a truth value."""

    def parse(value: Any, path: str) -> bool | None:
        if value == "":
            return None
        if value in ("true", True):
            return True
        if value in ("false", False):
            return False
        raise invalid(f"Invalid boolean: {value}", path)

    return Param(parse)


def choice(*options: str) -> Param:
    """Declare one of a few words."""

    def parse(value: Any, path: str) -> str | None:
        if value == "":
            return None
        if value not in options:
            last = options[-1]
            named = last if len(options) == 1 else f"{', '.join(options[:-1])}, or {last}"
            name = path.rpartition("[")[2].rstrip("]")
            raise invalid(f"Invalid {name}: must be one of {named}", path)
        return str(value)

    return Param(parse)


def hash_of(**spec: Param) -> Param:
    """Declare a hash with known keys."""

    def parse(value: Any, path: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, Mapping):
            raise invalid("Invalid object", path)
        return check(spec, value, path)

    return Param(parse)


def map_of(param: Param) -> Param:
    """Declare a hash with any keys, such as currencies."""

    def parse(value: Any, path: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, Mapping):
            raise invalid("Invalid object", path)
        return {key: param.parse(entry, f"{path}[{key}]") for key, entry in value.items()}

    return Param(parse)


def array_of(param: Param, most: int | None = None) -> Param:
    """Declare an array; an empty text is an empty one."""

    def parse(value: Any, path: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, list):
            raise invalid("Invalid array", path)
        if most is not None and len(value) > most:
            raise invalid(f"Array {path} exceeded maximum {most} allowed elements.", path)
        return [param.parse(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return Param(parse)


def metadata() -> Param:
    """Declare metadata: at most 50 keys of 40 characters with values of 500
    (https://docs.stripe.com/api/metadata).
    """

    def parse(value: Any, path: str) -> dict[str, str] | None:
        if value == "":
            return None
        if not isinstance(value, Mapping):
            raise invalid("Invalid object", path)
        if len(value) > 50:
            raise invalid("Metadata can have at most 50 keys.", path)
        for key, entry in value.items():
            _check_metadata(key, entry, path)
        return dict(value)

    return Param(parse)


def address() -> Param:
    """Declare a postal address."""
    return hash_of(**dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), string()))


def only_cards() -> Param:
    """Declare types of payment methods, of which the sandbox has one."""

    def parse(value: Any, path: str) -> list[str]:
        found = array_of(string()).parse(value, path)
        for index, one in enumerate(found):
            if one != "card":
                raise invalid(
                    f"The payment method type provided: {one} is invalid; the sandbox emulates only card.",
                    f"{path}[{index}]",
                )
        return list(found)

    return Param(parse)


def never(remedy: str) -> Param:
    """Declare a switch that can only be left off, because what it switches on is not emulated."""

    def parse(value: Any, path: str) -> None:
        wanted = value.get("enabled", "true") if isinstance(value, Mapping) else value
        if wanted not in ("", "false", False):
            raise invalid(f"{path} is not emulated by the sandbox; {remedy}", path)

    return Param(parse)


def anything() -> Param:
    """Declare a cosmetic hash or value that is stored as it was sent."""
    return Param(lambda value, _path: value if value != "" else None)


def merged_metadata(known: dict[str, str], sent: dict[str, str] | None) -> dict[str, str]:
    """Return metadata after an update: an empty value removes its key, None removes all.

    Raises:
        StripeError: there would be more than 50 keys.
    """
    if sent is None:
        return {}
    merged = {key: value for key, value in {**known, **sent}.items() if value != ""}
    if len(merged) > 50:
        raise invalid("Metadata can have at most 50 keys.", "metadata")
    return merged


def _integer(value: Any, path: str) -> int | None:
    if value == "":
        return None
    if not INTEGER.fullmatch(str(value)):
        raise invalid(f"Invalid integer: {value}", path, "parameter_invalid_integer")
    number = int(value)
    if abs(number) > LARGEST_INTEGER:
        raise invalid(f"Invalid integer: {value} is too large.", path, "parameter_invalid_integer")
    return number


def _check_metadata(key: str, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise invalid("Metadata values must be strings.", f"{path}[{key}]")
    if len(key) > 40:
        raise invalid(f"Metadata keys can have up to 40 characters; '{key}' has {len(key)}.", path)
    if len(value) > 500:
        raise invalid(
            f"Metadata values can have up to 500 characters; '{key}' has {len(value)}.", f"{path}[{key}]"
        )

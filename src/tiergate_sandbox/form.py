"""Decoding of form-encoded parameters, as they come in bodies and in query strings.

Nested values are written ``items[0][price]=price_1``; lists may also be written with empty brackets
(``expand[]=customer``, ``items[][price]=price_1``). Brackets arrive literally or percent-encoded.
"""

from typing import Any
from urllib.parse import parse_qsl

MAX_DEPTH = 10


class FormError(ValueError):
    """The parameters contradict each other or are nested too deeply; ``param`` names the culprit."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


def decode_form(text: str) -> dict[str, Any]:
    """Return the parameters of ``text`` as nested dicts, lists and strings.

    A hash whose keys are all numbers is a list in the order of those numbers, except below
    ``metadata``, where the keys are the user's own words.

    Raises:
        FormError: a name is used as a value and as a container, or is nested too deeply.
    """
    decoded: dict[str, Any] = {}
    nested = False
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name.endswith("]") and "[" in name:
            nested = True
            _insert(decoded, _segments(name), value, name)
        else:
            decoded[name] = value
    return {key: _listed(value, key) for key, value in decoded.items()} if nested else decoded


def merge_forms(*texts: str) -> dict[str, Any]:
    """Decode several form-encoded texts (query and body) as if they were one.

    Raises:
        FormError: see ``decode_form``.
    """
    return decode_form("&".join(text for text in texts if text))


def _segments(name: str) -> list[str]:
    head, _, rest = name.partition("[")
    segments = [head, *rest[:-1].split("][")]
    if len(segments) > MAX_DEPTH:
        raise FormError(f"Parameters may be nested at most {MAX_DEPTH} levels deep.", head)
    return segments


def _insert(node: dict[str, Any], segments: list[str], value: str, name: str) -> None:
    head, rest = segments[0], segments[1:]
    if not rest:
        if isinstance(node.get(head), dict | list):
            raise _contradiction(name)
        node[head] = value
    elif rest[0] == "":
        items = node.setdefault(head, [])
        if not isinstance(items, list):
            raise _contradiction(name)
        _append(items, rest[1:], value, name)
    else:
        child = node.setdefault(head, {})
        if not isinstance(child, dict):
            raise _contradiction(name)
        _insert(child, rest, value, name)


def _append(items: list[Any], segments: list[str], value: str, name: str) -> None:
    if not segments:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or _is_set(items[-1], segments):
        items.append({})
    _insert(items[-1], segments, value, name)


def _is_set(node: object, segments: list[str]) -> bool:
    for segment in segments:
        if not isinstance(node, dict) or segment not in node:
            return False
        node = node[segment]
    return True


def _listed(node: object, name: str) -> Any:
    if isinstance(node, list):
        return [_listed(item, name) for item in node]
    if not isinstance(node, dict):
        return node
    if name != "metadata" and all(key.isdecimal() for key in node):
        return [_listed(node[key], name) for key in sorted(node, key=int)]
    return {key: _listed(value, key) for key, value in node.items()}


def _contradiction(name: str) -> FormError:
    return FormError(f"'{name}' is sent both as a value and as a container; send one of the two.", name)

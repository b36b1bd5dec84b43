"""How the blank form of an object is written down: its keys with their values, alphabetically, as bytes."""

from typing import Any

from tiergate_sandbox.world.store import encode

Obj = dict[str, Any]


def shape(
    kind: str, nulls: str, *, private: Obj | None = None, livemode: bool = True, **values: Any
) -> bytes:
    """Return the blank object of a kind.

    ``nulls`` names the keys that are null, ``private`` goes under ``_``, and ``livemode`` says whether
    objects of the kind tell which mode they belong to.
    """
    everything = {**dict.fromkeys(nulls.split()), **values}
    if livemode:
        everything["livemode"] = False
    ordered: Obj = {"id": "", "object": kind, **dict(sorted(everything.items()))}
    if private is not None:
        ordered["_"] = private
    return encode(ordered)

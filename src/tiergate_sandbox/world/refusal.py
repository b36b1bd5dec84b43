"""A refusal that leaves traces: a declined card makes a failed charge, and the caller still gets an error."""

from dataclasses import dataclass

from tiergate_sandbox.world.errors import StripeError


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a handler returns (instead of raising) when its changes shall stay although the call is "
    "refused.
    """

    error: StripeError

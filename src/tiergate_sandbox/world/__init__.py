"""The pure core of the sandbox: a small Stripe that is told the time and remembers everything else."""

from tiergate_sandbox.world.protocol import Answer, Call, Emitted
from tiergate_sandbox.world.settings import Settings
from tiergate_sandbox.world.world import World

__all__ = ["Answer", "Call", "Emitted", "Settings", "World"]

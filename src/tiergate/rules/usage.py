"""How much of a limited feature is used."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account uses of one feature; ``resets_at`` is when a metered count starts again.

    ``used`` is ``None`` where nobody counts: a limit is then told, and never reached.
    """

    used: int | None = 0
    resets_at: datetime | None = None


NOTHING_USED = Usage()
UNCOUNTED = Usage(used=None)

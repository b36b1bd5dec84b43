"""tiergate: self-serve billing for Python SaaS.

Trials, upgrades and access, in one package: ``from tiergate import Billing``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiergate.billing import Billing
    from tiergate.rules.decision import Decision
    from tiergate.rules.errors import TiergateError
    from tiergate.services.access.answer_check import FeatureRefusedError
    from tiergate.services.accounts.acting import Acting
    from tiergate.settings import Settings

__all__ = ["Acting", "Billing", "Decision", "FeatureRefusedError", "Settings", "TiergateError", "__version__"]

__version__ = "0.1.0"

_HOMES = {
    "Acting": "tiergate.services.accounts.acting",
    "Billing": "tiergate.billing",
    "Decision": "tiergate.rules.decision",
    "FeatureRefusedError": "tiergate.services.access.answer_check",
    "Settings": "tiergate.settings",
    "TiergateError": "tiergate.rules.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a rule alone needs neither Stripe nor a database."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

"""tiergate: self-serve billing for Python SaaS.

Trials, upgrades and access, in one package: ``from tiergate import Billing``.
"""

from tiergate.billing import Billing
from tiergate.rules.decision import Decision
from tiergate.rules.errors import TiergateError
from tiergate.settings import Settings

__all__ = ["Billing", "Decision", "Settings", "TiergateError", "__version__"]

__version__ = "0.1.0"

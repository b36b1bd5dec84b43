"""``Billing`` as the commands use it: from the environment that holds here, on a database that fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tiergate.cli.environment import environment_here

if TYPE_CHECKING:
    from tiergate.billing import Billing


@contextmanager
def opened_billing(*, check_schema: bool = True) -> Iterator["Billing"]:
    """Open ``Billing`` for one command. Raises ``SettingsError`` and ``SchemaTooOldError``."""
    from tiergate.billing import Billing
    from tiergate.settings import settings_from

    with Billing(settings_from(environment_here())) as billing:
        if check_schema:
            billing.check_schema()
        yield billing

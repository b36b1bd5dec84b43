"""How much a process keeps in memory, and for how long it believes it: settings of the deployment."""

import pytest

from tiergate.settings import SettingsError, settings_from

ENVIRONMENT = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}


def test_the_settings_of_memory_are_read() -> None:
    """Both come from the environment, and have a default."""
    settings = settings_from(ENVIRONMENT)
    assert (settings.view_cache, settings.max_staleness_seconds) == (100_000, 5.0)
    given = {"TIERGATE_VIEW_CACHE": "250", "TIERGATE_MAX_STALENESS_SECONDS": "0.5"}
    settings = settings_from({**ENVIRONMENT, **given})
    assert (settings.view_cache, settings.max_staleness_seconds) == (250, 0.5)


@pytest.mark.parametrize("name", ["TIERGATE_VIEW_CACHE", "TIERGATE_MAX_STALENESS_SECONDS"])
@pytest.mark.parametrize("given", ["0", "-1", "many", "nan", "inf"])
def test_what_makes_no_sense_is_refused(name: str, given: str) -> None:
    """Nothing below or at zero, and nothing that is no number; the variable is named."""
    with pytest.raises(SettingsError, match=name):
        settings_from({**ENVIRONMENT, name: given})

"""What buying during a trial does to the days that are left of it."""

import pytest

from tests.rules.builders import TRIAL_END, at, catalog, subscription, trial
from tiergate.rules.policy import Policy, UpgradeInTrial
from tiergate.rules.state import Subscription
from tiergate.rules.upgrade_in_trial import trial_end_after_purchase

NOW, KEEP = UpgradeInTrial.CONVERT_NOW, UpgradeInTrial.KEEP_TRIAL


@pytest.mark.parametrize(
    ("bought", "moment", "policy", "trial_end"),
    [
        pytest.param(trial(), "2026-03-05T00:00:00", NOW, "now", id="converts at once"),
        pytest.param(trial(), "2026-03-05T00:00:00", KEEP, TRIAL_END, id="keeps the rest"),
        pytest.param(trial(), "2026-03-15T09:29:59", KEEP, TRIAL_END, id="keeps the last second"),
        pytest.param(trial(), "2026-03-15T09:30:00", KEEP, None, id="nothing is left"),
        pytest.param(trial(), "2026-03-15T09:30:00", NOW, None, id="nothing is left to convert"),
        pytest.param(trial("active"), "2026-03-05T00:00:00", NOW, None, id="no longer a trial"),
        pytest.param(subscription("trialing"), "2026-03-05T00:00:00", NOW, None, id="a trial without an end"),
    ],
)
def test_a_purchase_during_a_trial(
    bought: Subscription, moment: str, policy: UpgradeInTrial, trial_end: object
) -> None:
    """The policy of the plan that is bought says whether the trial ends now or keeps its days."""
    plan = catalog(Policy(upgrade_in_trial=policy)).plan("team")
    assert trial_end_after_purchase(bought, plan, at(moment)) == trial_end

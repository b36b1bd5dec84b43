"""What buying during a trial does to the days that are left of it."""

from datetime import datetime
from typing import Literal

from tiergate.rules.catalog import Plan
from tiergate.rules.policy import UpgradeInTrial
from tiergate.rules.state import Subscription, SubscriptionStatus


def trial_end_after_purchase(
    subscription: Subscription, bought: Plan, at: datetime
) -> datetime | Literal["now"] | None:
    """Return the ``trial_end`` that a purchase at an instant sets; ``None`` where no trial is running.

    ``"now"`` ends the trial and charges at once; an instant keeps the days that are left. The policy is
    that of the plan that is bought. Source:
    https://docs.stripe.com/api/subscriptions/update#update_subscription-trial_end
    """
    trial_end = subscription.trial_end
    if subscription.status is not SubscriptionStatus.TRIALING or trial_end is None or trial_end <= at:
        return None
    return trial_end if bought.policy.upgrade_in_trial is UpgradeInTrial.KEEP_TRIAL else "now"

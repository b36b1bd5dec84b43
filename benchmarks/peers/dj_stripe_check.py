"""dj-stripe's ``is_subscribed_to`` on SQLite, for a customer that is at hand and has one subscription."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# The peer is installed in an environment of its own, where this runs.
import django
from django.conf import settings
from django.core.management import call_command

from benchmarks.check_turns import take_timed_turns

A_MONTH_SECONDS = 30 * 86_400


def main() -> None:
    """Take turns."""
    with TemporaryDirectory() as folder:
        settings.configure(
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(folder) / "db"}},
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
            STRIPE_TEST_SECRET_KEY="sk_test_benchmark",
            DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
            USE_TZ=True,
        )
        django.setup()
        call_command("migrate", verbosity=0)
        take_timed_turns("customer.is_subscribed_to('prod_team')", customer=subscribed())


def subscribed() -> Any:
    """Create what dj-stripe mirrors of a customer who pays for the product, and return the customer."""
    from djstripe import models

    # It looks for the period on the subscription itself, where Stripe has not put it since March 2025.
    now = int(time.time())
    period = {"current_period_start": now, "current_period_end": now + A_MONTH_SECONDS}
    customer = models.Customer.objects.create(id="cus_1")
    product = models.Product.objects.create(id="prod_team", name="Team", active=True)
    price = models.Price.objects.create(id="price_team", product=product, active=True, currency="usd")
    subscription = models.Subscription.objects.create(
        id="sub_1", customer=customer, stripe_data={"status": "active", **period}
    )
    models.SubscriptionItem.objects.create(
        id="si_1", subscription=subscription, price=price, stripe_data=period
    )
    return customer


if __name__ == "__main__":
    main()

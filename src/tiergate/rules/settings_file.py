"""The ``[checkout]``, ``[billing]`` and ``[trials]`` tables of ``billing.toml``."""

import re

from tiergate.rules.billing_settings import AfterLastRetry, BillingSettings
from tiergate.rules.checkout_settings import BillingAddress, CheckoutSettings
from tiergate.rules.document_reader import Reader
from tiergate.rules.price import INTERVALS
from tiergate.rules.trial_settings import OncePer, TrialSettings

_MOST_DAYS_UNTIL_DUE = 365
_MOST_RETRIES = 8
_MOST_DAYS_BETWEEN = 60
_URL = re.compile(
    r"https://[^\s/\\]+(/\S*)?|http://(localhost|127\.0\.0\.1)(:\d+)?(/\S*)?|/(?![/\\])[^\s\\]*"
)


def read_checkout_settings(reader: Reader) -> CheckoutSettings:
    """Read how the product is bought."""
    usual = CheckoutSettings()
    interval = reader.choice("first_interval", list(INTERVALS), usual.first_interval)
    address = reader.choice("billing_address", [str(each) for each in BillingAddress], usual.billing_address)
    return CheckoutSettings(
        hosted=reader.flag("hosted", usual.hosted),
        first_interval=next(each for each in INTERVALS if each == interval),
        success_url=read_url(reader, "success_url"),
        cancel_url=read_url(reader, "cancel_url"),
        promotion_codes=reader.flag("promotion_codes"),
        automatic_tax=reader.flag("automatic_tax"),
        tax_ids=reader.flag("tax_ids"),
        billing_address=BillingAddress(address),
    )


def read_url(reader: Reader, key: str) -> str:
    """Read an address that pages lead to: an https address, or a path of the application's own."""
    url = reader.text(key)
    if not url or _URL.fullmatch(url):
        return url
    reader.complain(
        key, f"{url!r} is no address to lead to.", 'Write "https://…", or a path that begins with "/".'
    )
    return ""


def read_billing_settings(reader: Reader) -> BillingSettings:
    """Read how renewals are charged."""
    usual = BillingSettings()
    days = reader.integer("days_until_due", usual.days_until_due)
    if not 1 <= days <= _MOST_DAYS_UNTIL_DUE:
        reader.complain(
            "days_until_due", f"{days} days are not possible.", f"Write 1 to {_MOST_DAYS_UNTIL_DUE}."
        )
    after = reader.choice("after_last_retry", [str(each) for each in AfterLastRetry], usual.after_last_retry)
    return BillingSettings(
        auto_charge=reader.flag("auto_charge", usual.auto_charge),
        days_until_due=days,
        dunning=reader.flag("dunning", usual.dunning),
        retry_after_days=_retries(reader, usual.retry_after_days),
        after_last_retry=AfterLastRetry(after),
    )


def _retries(reader: Reader, usual: tuple[int, ...]) -> tuple[int, ...]:
    days = reader.integers("retry_after_days", usual)
    if len(days) <= _MOST_RETRIES and all(1 <= each <= _MOST_DAYS_BETWEEN for each in days):
        return days
    reader.complain(
        "retry_after_days",
        "Stripe cannot retry like that.",
        f"Write at most {_MOST_RETRIES} numbers of days, each 1 to {_MOST_DAYS_BETWEEN}: [3, 5, 7].",
    )
    return usual


def read_trial_settings(reader: Reader) -> TrialSettings:
    """Read who may try a plan."""
    usual = TrialSettings()
    return TrialSettings(
        once_per=OncePer(reader.choice("once_per", [str(each) for each in OncePer], usual.once_per)),
        refuse_throwaway_mail=reader.flag("refuse_throwaway_mail", usual.refuse_throwaway_mail),
        refuse_known_cards=reader.flag("refuse_known_cards", usual.refuse_known_cards),
        refuse_known_mail=reader.flag("refuse_known_mail", usual.refuse_known_mail),
    )

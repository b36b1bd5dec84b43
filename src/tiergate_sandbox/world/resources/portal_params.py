"""What can be said about the billing portal in a request.

https://docs.stripe.com/api/customer_portal/configurations/create and
https://docs.stripe.com/api/customer_portal/sessions/create
"""

from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
    choice,
    hash_of,
    integer,
    metadata,
    ref,
    required,
    string,
    timestamp,
)

REASONS = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
CUSTOMER_UPDATES = ("address", "email", "name", "phone", "shipping", "tax_id")
SUBSCRIPTION_UPDATES = ("price", "promotion_code", "quantity")
FLOWS = (
    "customer_update",
    "payment_method_update",
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
)
LOCALES = (
    "auto",
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "en-AU",
    "en-CA",
    "en-GB",
    "en-IE",
    "en-IN",
    "en-NZ",
    "en-SG",
    "es",
    "es-419",
    "et",
    "fi",
    "fil",
    "fr",
    "fr-CA",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "lt",
    "lv",
    "ms",
    "mt",
    "nb",
    "nl",
    "pl",
    "pt",
    "pt-BR",
    "ro",
    "ru",
    "sk",
    "sl",
    "sv",
    "th",
    "tr",
    "vi",
    "zh",
    "zh-HK",
    "zh-TW",
)
MOST_PRODUCTS = 10


def _features(enabled: Param) -> Param:
    """Declare the features; a new configuration must say of each that it names whether it is enabled."""
    reason = hash_of(
        enabled=required(boolean()), feedback_options=array_of(ref()), options=array_of(choice(*REASONS))
    )
    interval = hash_of(
        interval=required(choice("day", "month", "week", "year")), interval_count=integer(1, 365)
    )
    quantity = hash_of(enabled=required(boolean()), maximum=integer(1), minimum=integer(0))
    product = hash_of(adjustable_quantity=quantity, prices=required(array_of(ref())), product=required(ref()))
    condition = hash_of(type=required(choice("decreasing_item_amount", "shortening_interval")))
    proration = choice("always_invoice", "create_prorations", "none")
    return hash_of(
        customer_update=hash_of(allowed_updates=array_of(choice(*CUSTOMER_UPDATES)), enabled=enabled),
        invoice_history=hash_of(enabled=required(boolean())),
        payment_method_update=hash_of(enabled=required(boolean()), payment_method_configuration=ref()),
        subscription_cancel=hash_of(
            cancellation_reason=reason,
            enabled=enabled,
            mode=choice("at_period_end", "immediately"),
            proration_behavior=proration,
        ),
        subscription_pause=hash_of(
            duration=hash_of(
                interval_options=array_of(interval), type=required(choice("indefinite", "interval_options"))
            ),
            enabled=boolean(),
        ),
        subscription_update=hash_of(
            billing_cycle_anchor=choice("now", "unchanged"),
            default_allowed_updates=array_of(choice(*SUBSCRIPTION_UPDATES)),
            enabled=enabled,
            products=array_of(product, MOST_PRODUCTS),
            proration_behavior=proration,
            schedule_at_period_end=hash_of(conditions=array_of(condition)),
            trial_update_behavior=choice("continue_trial", "end_trial"),
        ),
    )


_COMMON: dict[str, Param] = {
    "business_profile": hash_of(
        headline=string(60), privacy_policy_url=string(), terms_of_service_url=string()
    ),
    "default_return_url": string(),
    "login_page": hash_of(enabled=required(boolean())),
    "metadata": metadata(),
    "name": string(),
}
CREATE_CONFIGURATION: dict[str, Param] = {**_COMMON, "features": required(_features(required(boolean())))}
UPDATE_CONFIGURATION: dict[str, Param] = {
    **_COMMON,
    "active": boolean(),
    "features": _features(boolean()),
}

_OF_SUBSCRIPTION = hash_of(subscription=required(ref()))
_FLOW_DATA = hash_of(
    after_completion=hash_of(
        hosted_confirmation=hash_of(custom_message=string(500)),
        redirect=hash_of(return_url=required(string())),
        type=required(choice("hosted_confirmation", "portal_homepage", "redirect")),
    ),
    subscription_cancel=hash_of(
        retention=hash_of(
            coupon_offer=required(hash_of(coupon=required(ref()))), type=required(choice("coupon_offer"))
        ),
        subscription=required(ref()),
    ),
    subscription_pause=_OF_SUBSCRIPTION,
    subscription_update=_OF_SUBSCRIPTION,
    subscription_update_confirm=hash_of(
        discounts=array_of(hash_of(coupon=ref(), promotion_code=ref()), 1),
        items=required(array_of(hash_of(id=required(ref()), price=ref(), quantity=integer(0)))),
        subscription=required(ref()),
    ),
    type=required(choice(*FLOWS)),
)
CREATE_SESSION: dict[str, Param] = {
    "after_expiration": hash_of(
        customer_login=hash_of(expires_at=timestamp()), type=required(choice("customer_login"))
    ),
    "configuration": ref(),
    "customer": required(ref()),
    "flow_data": _FLOW_DATA,
    "locale": choice(*LOCALES),
    "return_url": string(),
}

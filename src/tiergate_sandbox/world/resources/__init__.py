"""The API's resources, one module each; every module declares its routes."""

from tiergate_sandbox.world.resources import (
    account,
    charges,
    checkout_sessions,
    customers,
    events,
    invoice_items,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    payment_pages,
    prices,
    products,
    setup_intents,
    subscription_items,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)
from tiergate_sandbox.world.routing import Router

_MODULES = (
    account,
    charges,
    checkout_sessions,
    customers,
    events,
    invoice_items,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    payment_pages,
    prices,
    products,
    setup_intents,
    subscription_items,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)

ROUTER = Router(one for module in _MODULES for one in module.ROUTES)

"""Features of products, what customers are entitled to, and the summaries that are told."""

from typing import Any

import pytest

from tests.sandbox.world.conformance import faults_of
from tests.sandbox.world.script import ZERO_INVOICE, Script
from tiergate_sandbox.world import Settings

Obj = dict[str, Any]

SUMMARY = "entitlements.active_entitlement_summary.updated"
FEATURES = "/v1/entitlements/features"
ACTIVE = "/v1/entitlements/active_entitlements"


def feature(script: Script, key: str, *products: str) -> Obj:
    """Create a feature and attach it to products."""
    made = script.post(FEATURES, lookup_key=key, name=key.title())
    for product in products:
        script.post(f"/v1/products/{product}/features", entitlement_feature=made["id"])
    return made


def keys(script: Script, customer: str) -> set[str]:
    """Return the lookup keys of what a customer is entitled to."""
    page = script.get(ACTIVE, customer=customer)
    assert faults_of(page) == []
    return {one["lookup_key"] for one in page["data"]}


def test_features(script: Script) -> None:
    """A feature is found by its lookup key, which is unique, and is archived instead of deleted."""
    made = feature(script, "audit", script.product)
    assert faults_of(made) == []
    assert script.get(FEATURES, lookup_key="audit")["data"] == [made]
    again = script.refused(400, "POST", FEATURES, lookup_key="audit", name="Again")
    assert (again["code"], again["param"]) == ("resource_already_exists", "lookup_key")
    script.post(f"{FEATURES}/{made['id']}", active=False, metadata={"a": "b"})
    assert script.get(FEATURES)["data"] == []
    assert script.get(FEATURES, archived=True)["data"][0]["metadata"] == {"a": "b"}
    other = script.post("/v1/products", name="Other")["id"]
    path = f"/v1/products/{other}/features"
    refused = script.refused(400, "POST", path, entitlement_feature=made["id"])
    assert refused["param"] == "entitlement_feature"


def test_features_of_a_product(script: Script) -> None:
    """What is attached holds the whole feature, cannot be attached twice, and can be taken away."""
    made = feature(script, "audit", script.product)
    path = f"/v1/products/{script.product}/features"
    (attached,) = script.get(path)["data"]
    assert faults_of(attached) == []
    assert attached["entitlement_feature"] == made
    assert script.refused(400, "POST", path, entitlement_feature=made["id"])["param"] == "entitlement_feature"
    assert script.get(f"{path}/{attached['id']}") == attached
    assert script.delete(f"{path}/{attached['id']}")["deleted"] is True
    assert script.get(path)["data"] == []


def test_a_life(script: Script) -> None:
    """A trial entitles, a change of product changes it, an end takes it away; each is told once."""
    other = script.post("/v1/products", name="Team")["id"]
    feature(script, "audit", script.product, other)
    feature(script, "export", other)
    price, dearer = script.price(2500), script.price(5000, product=other)
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, price, trial_period_days=14)
    told = script.happened(
        "customer.subscription.created",
        "setup_intent.created",
        "setup_intent.succeeded",
        *ZERO_INVOICE,
        "customer.updated",
        SUMMARY,
    )
    summary = told.object_of(SUMMARY)
    assert faults_of(summary) == []
    assert [one["lookup_key"] for one in summary["entitlements"]["data"]] == ["audit"]
    assert told.before(SUMMARY) == {"entitlements": {"data": []}}
    item = sub["items"]["data"][0]["id"]
    script.post(f"/v1/subscriptions/{sub['id']}", items=[{"id": item, "price": dearer}])
    told = script.happened("customer.subscription.updated", SUMMARY)
    assert [one["lookup_key"] for one in told.before(SUMMARY)["entitlements"]["data"]] == ["audit"]
    assert keys(script, customer) == {"audit", "export"}
    script.post(f"/v1/subscriptions/{sub['id']}", metadata={"a": "b"})
    script.happened("customer.subscription.updated")
    script.delete(f"/v1/subscriptions/{sub['id']}")
    script.happened("customer.subscription.deleted", SUMMARY)
    assert keys(script, customer) == set()


def test_a_product_gains_a_feature(script: Script) -> None:
    """Those who subscribe already have it from their next period on."""
    customer = script.customer("pm_card_visa")
    script.subscribe(customer, script.price(2500))
    feature(script, "audit", script.product)
    assert keys(script, customer) == set()
    script.advance(days=32)
    assert keys(script, customer) == {"audit"}


def test_two_subscriptions(script: Script) -> None:
    """What two subscriptions give counts once, and stays while one of them lives."""
    feature(script, "audit", script.product)
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    first, second = script.subscribe(customer, price), script.subscribe(customer, price)
    script.forget()
    script.delete(f"/v1/subscriptions/{first['id']}")
    script.happened("customer.subscription.deleted")
    assert keys(script, customer) == {"audit"}
    script.delete(f"/v1/subscriptions/{second['id']}")
    script.happened("customer.subscription.deleted", SUMMARY)


@pytest.mark.parametrize(
    ("statuses", "kept"), [(("active", "trialing", "past_due"), {"audit"}), (("active", "trialing"), set())]
)
def test_past_due(statuses: tuple[str, ...], kept: set[str]) -> None:
    """Whether a past-due subscription entitles is a setting; by default it does."""
    script = Script(Settings(entitling_statuses=statuses))
    feature(script, "audit", script.product)
    customer = script.customer("pm_card_chargeCustomerFail")
    sub = script.subscribe(customer, script.price(2500), trial_period_days=7)
    script.advance(days=8)
    assert script.subscription(sub)["status"] == "past_due"
    assert keys(script, customer) == kept


def test_a_customer_goes(script: Script) -> None:
    """Deleting a customer leaves nothing to be entitled to."""
    feature(script, "audit", script.product)
    customer = script.customer("pm_card_visa")
    script.subscribe(customer, script.price(2500))
    (entitlement,) = script.get(ACTIVE, customer=customer, expand=["data.feature"])["data"]
    assert entitlement["feature"]["lookup_key"] == "audit"
    script.delete(f"/v1/customers/{customer}")
    script.refused(404, "GET", f"{ACTIVE}/{entitlement['id']}")

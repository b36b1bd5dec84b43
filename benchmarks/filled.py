"""Worlds with many customers, filled in process."""

import time
from typing import Any

from tiergate_sandbox.world import Call, Settings, World

CARD = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
PRICE_ID_KEY = "pro"


class Filler:
    """A world and the calls that fill it, all at one instant."""

    def __init__(self, settings: Settings) -> None:
        self.world = World(0, settings)
        self.at = int(time.time())
        product = self.post("/v1/products", name="Pro")["id"]
        recurring = {"interval": "month"}
        self.price = self.post(
            "/v1/prices", product=product, currency="usd", unit_amount="2500", recurring=recurring
        )["id"]

    def post(self, path: str, **params: Any) -> dict[str, Any]:
        """Make one call that must succeed, and return the body of its answer."""
        answer, _ = self.world.call(Call("POST", path, params), self.at)
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.body}")
        return answer.body

    def customer(self, number: int, **params: Any) -> str:
        """Create a customer with a card."""
        made = self.post("/v1/customers", email=f"customer-{number}@example.com", **CARD, **params)
        return str(made["id"])

    def subscribe(self, customer: str) -> None:
        """Subscribe a customer, who pays at once."""
        self.post("/v1/subscriptions", customer=customer, items=[{"price": self.price}])


def filled(customers: int, settings: Settings) -> World:
    """Return a world with customers, each with a card; every tenth pays for a subscription."""
    filler = Filler(settings)
    for number in range(customers):
        customer = filler.customer(number)
        if number % 10 == 0:
            filler.subscribe(customer)
    return filler.world

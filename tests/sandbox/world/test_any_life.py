"""Lives made of chance: whatever is called in whatever order, the world stays whole."""

from random import Random

import pytest

from tests.sandbox.world.script import DAY, HOUR, Obj, Script
from tiergate_sandbox.world import Settings
from tiergate_sandbox.world.indexes import subscription_of
from tiergate_sandbox.world.settings import changed

CARDS = ("pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired")
PRORATIONS = ("none", "always_invoice", "create_prorations")
STEPS = 60


class Life:
    """Two customers, some prices, and calls drawn by lot."""

    def __init__(self, seed: int) -> None:
        self.lot = Random(seed)
        actions = ("cancel", "mark_unpaid", "leave_past_due", "pause")
        self.script = Script(
            changed(Settings(relaxed_clocks=True), {"after_retries": self.lot.choice(actions)})
        )
        rates = ((0, "month"), (1000, "month"), (2500, "month"), (9900, "year"), (700, "week"))
        self.prices = [self.script.price(amount, interval) for amount, interval in rates]
        self.customers = [self.script.customer(self.lot.choice(CARDS)) for _ in range(2)]
        self.calls = (
            self.subscribe,
            self.change,
            self.change,
            self.end,
            self.rest,
            self.plan,
            self.pay,
            self.wait,
        )

    def live(self) -> None:
        """Make one call, or let time pass."""
        self.lot.choice((*self.calls, self.wait, self.wait))()

    def subscriptions(self) -> list[Obj]:
        """Return all subscriptions, as they are now."""
        found: list[Obj] = self.script.get(
            "/v1/subscriptions", test_clock=self.script.clock, status="all", limit=100
        )["data"]
        return found

    def schedules(self) -> list[Obj]:
        """Return all schedules, as they are now."""
        found: list[Obj] = self.script.get("/v1/subscription_schedules", limit=100)["data"]
        return found

    def post(self, path: str, **params: object) -> None:
        """Call, and take whatever Stripe's answer is; an error of the sandbox itself is raised."""
        self.script.call("POST", path, params)

    def wait(self) -> None:
        """Let an hour to forty days pass."""
        self.script.advance(seconds=self.lot.choice((HOUR, DAY, 5 * DAY, 17 * DAY, 40 * DAY)))

    def subscribe(self) -> None:
        """Subscribe to one or two prices."""
        items = [{"price": price} for price in self.lot.sample(self.prices, self.lot.choice((1, 1, 2)))]
        self.post(
            "/v1/subscriptions",
            customer=self.lot.choice(self.customers),
            items=items,
            payment_behavior=self.lot.choice(("allow_incomplete", "default_incomplete")),
            trial_period_days=self.lot.choice((0, 0, 1, 5, 20)),
        )

    def change(self) -> None:
        """Change an item, the trial, or the end of a subscription."""
        for sub in self.lot.sample(found := self.subscriptions(), min(1, len(found))):
            item = self.lot.choice(sub["items"]["data"])["id"]
            now = self.script.frozen_time()
            params: Obj = self.lot.choice(
                (
                    {"items": [{"id": item, "price": self.lot.choice(self.prices)}]},
                    {"items": [{"id": item, "quantity": self.lot.randrange(4)}]},
                    {"items": [{"price": self.lot.choice(self.prices)}]},
                    {"trial_end": self.lot.choice(("now", now + 4 * DAY))},
                    {"cancel_at": self.lot.choice(("", "max_period_end", now + 2 * DAY, now + 50 * DAY))},
                )
            )
            behavior = self.lot.choice(("pending_if_incomplete", "allow_incomplete", "default_incomplete"))
            if "cancel_at" not in params:
                params["payment_behavior"] = behavior
            params["proration_behavior"] = self.lot.choice(PRORATIONS)
            self.post(f"/v1/subscriptions/{sub['id']}", **params)

    def end(self) -> None:
        """Cancel a subscription, sometimes."""
        for sub in self.lot.sample(found := self.subscriptions(), min(1, len(found))):
            if self.lot.random() < 0.4:
                self.post(f"/v1/subscriptions/{sub['id']}/cancel", prorate=True, invoice_now=True)

    def rest(self) -> None:
        """Pause or resume a subscription, or only its collection."""
        for sub in self.lot.sample(found := self.subscriptions(), min(1, len(found))):
            path = f"/v1/subscriptions/{sub['id']}"
            behavior = self.lot.choice(("void", "keep_as_draft", "mark_uncollectible"))
            if self.lot.random() < 0.3:
                self.post(path, pause_collection=self.lot.choice(("", {"behavior": behavior})))
            elif sub["status"] == "paused":
                payment = self.lot.choice(("resume_on_payment_attempt", "resume_on_payment_success"))
                self.post(f"{path}/resume", payment_behavior=payment)
            else:
                self.post(f"{path}/pause")

    def plan(self) -> None:
        """Begin, change, release or cancel a schedule."""
        found = self.schedules()
        phases = [
            {
                "items": [{"price": self.lot.choice(self.prices)}],
                "duration": {"interval": self.lot.choice(("day", "week", "month"))},
                "proration_behavior": self.lot.choice(PRORATIONS),
            }
            for _ in range(self.lot.randrange(1, 4))
        ]
        if not found or self.lot.random() < 0.5:
            customer = self.lot.choice(self.customers)
            start = self.lot.choice(("now", self.script.frozen_time() + 3 * DAY))
            self.post("/v1/subscription_schedules", customer=customer, start_date=start, phases=phases)
            return
        path = f"/v1/subscription_schedules/{self.lot.choice(found)['id']}"
        if self.lot.random() < 0.5:
            self.post(path, phases=phases, end_behavior=self.lot.choice(("release", "cancel")))
        else:
            self.post(f"{path}/{self.lot.choice(('release', 'cancel'))}")

    def pay(self) -> None:
        """Pay, void or give up the latest invoice, or take another card."""
        customer = self.lot.choice(self.customers)
        path = f"/v1/payment_methods/{self.lot.choice(CARDS)}/attach"
        method = self.script.post(path, customer=customer)["id"]
        self.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})
        for sub in self.lot.sample(found := self.subscriptions(), min(1, len(found))):
            if sub["latest_invoice"] is not None:
                way = self.lot.choice(("pay", "pay", "void", "mark_uncollectible"))
                self.post(f"/v1/invoices/{sub['latest_invoice']}/{way}")


def billed(script: Script, sub: Obj) -> int:
    """Return all that a subscription was charged and given back, pending or not."""
    invoices = script.get("/v1/invoices", subscription=sub["id"], limit=100)["data"]
    pending = script.get("/v1/invoiceitems", customer=sub["customer"], pending=True, limit=100)["data"]
    lines = [line for invoice in invoices for line in invoice["lines"]["data"]]
    own = [item for item in pending if subscription_of(item) == sub["id"]]
    return sum(entry["amount"] for entry in lines + own)


@pytest.mark.parametrize("seed", range(12))
def test_the_world_stays_whole(seed: int) -> None:
    """Nothing fails; what lives has a running period; no more is given back than was charged."""
    life = Life(seed)
    for _ in range(STEPS):
        life.live()
        now = life.script.frozen_time()
        for sub in life.subscriptions():
            assert (sub["status"] == "paused") == (sub["status_details"] is not None)
            if sub["status"] in ("active", "trialing", "past_due", "unpaid"):
                assert all(item["current_period_end"] > now for item in sub["items"]["data"])
        for schedule in life.schedules():
            if schedule["status"] == "active":
                assert life.script.subscription(schedule["subscription"])["schedule"] == schedule["id"]
                assert schedule["current_phase"]["end_date"] > now
    for sub in life.subscriptions():
        assert billed(life.script, sub) >= -len(sub["items"]["data"]) * STEPS

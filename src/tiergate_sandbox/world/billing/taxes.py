"""Which taxes apply to a line: those said by hand, or the simple automatic ones by the customer's country.

https://docs.stripe.com/tax/subscriptions
"""

from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid
from tiergate_sandbox.world.taxing import AUTOMATIC_PERCENTAGES, Rate

Obj = dict[str, Any]


def rates_for(draft: Draft, invoice: Obj, line: Obj) -> list[Rate]:
    """Return the tax rates of an invoice line."""
    if invoice["automatic_tax"]["enabled"]:
        return _automatic(draft, invoice, line)
    named = invoice["_"].get("tax_rates", {}).get(line["id"]) or invoice["default_tax_rates"]
    return [Rate.of(draft.glance("tax_rate", one)) for one in named]


def set_rates(invoice: Obj, line: Obj, rates: list[str]) -> None:
    """Note the tax rates that a line has of its own; without any, the invoice's defaults count."""
    if rates:
        invoice["_"].setdefault("tax_rates", {})[line["id"]] = list(rates)


def checked(draft: Draft, sent: list[str] | None, param: str) -> list[str]:
    """Return the ids of active tax rates.

    Raises:
        StripeError: when one does not exist or is archived.
    """
    for one in sent or []:
        if not draft.need("tax_rate", one, param, 400)["active"]:
            raise invalid(f"The tax rate {one} is inactive; make it active again or use another one.", param)
    return list(sent or [])


def ids_of(draft: Draft, customer: Obj) -> list[Obj]:
    """Return the customer's tax ids as an invoice shows them."""
    found = draft.find("tax_id", "customer", customer["id"])
    return [{"type": one["type"], "value": one["value"]} for one in found]


def automatic(invoice: Obj, *, enabled: bool) -> None:
    """Turn the automatic tax of a draft on or off, and tell whether the customer's place is known."""
    status = None
    if enabled:
        status = "complete" if _country(invoice) else "requires_location_inputs"
    invoice["automatic_tax"] = {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": status,
    }


def setting(*, enabled: bool) -> Obj:
    """Return ``automatic_tax`` as a subscription shows it."""
    return {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
    }


def has_location(customer: Obj) -> bool:
    """Tell whether it is known in which country a customer is."""
    return bool(_country_of(customer["address"], customer["shipping"]))


def need_location(customer: Obj) -> None:
    """Check that automatic tax can know where the customer is.

    Raises:
        StripeError: ``customer_tax_location_invalid``.
    """
    if not has_location(customer):
        raise StripeError(
            "The customer's location isn't recognized. Set a valid customer address in order to "
            "automatically calculate tax.",
            code="customer_tax_location_invalid",
            param="automatic_tax[enabled]",
        )


def _automatic(draft: Draft, invoice: Obj, line: Obj) -> list[Rate]:
    country = _country(invoice)
    if country is None or country not in AUTOMATIC_PERCENTAGES:
        return []
    details = (line["pricing"] or {}).get("price_details")
    price = draft.glance("price", details["price"]) if details else None
    inclusive = price is not None and price["tax_behavior"] == "inclusive"
    return [Rate.of(_automatic_rate(draft, country, inclusive=inclusive))]


def _automatic_rate(draft: Draft, country: str, *, inclusive: bool) -> Obj:
    """Return the tax rate object of a country; it is made when it is first needed."""
    found = draft.find("tax_rate", "automatic", f"{country}/{inclusive}")
    if found:
        return found[0]
    kind, percentage = AUTOMATIC_PERCENTAGES[country]
    return draft.add(
        blank(
            "tax_rate",
            draft.new_id("txr_"),
            active=False,
            country=country,
            created=draft.now_on(None),
            display_name=kind.upper(),
            effective_percentage=percentage,
            inclusive=inclusive,
            jurisdiction=country,
            jurisdiction_level="country",
            percentage=percentage,
            tax_type=kind,
            _={"automatic": f"{country}/{inclusive}"},
        )
    )


def _country(invoice: Obj) -> str | None:
    return _country_of(invoice["customer_address"], invoice["customer_shipping"])


def _country_of(address: Obj | None, shipping: Obj | None) -> str | None:
    place = (shipping or {}).get("address") or address or {}
    return place.get("country") or (address or {}).get("country")

"""From the text of ``billing.toml`` to a catalogue, or to a list of mistakes with place and remedy."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog import (
    AddOn,
    Catalog,
    Feature,
    FeatureKind,
    FeatureValue,
    Plan,
    Product,
    Question,
    Seats,
    Trial,
    TrialModel,
)
from tiergate.rules.document_reader import Reader
from tiergate.rules.errors import TiergateError
from tiergate.rules.feature_values import fits, remedy_for
from tiergate.rules.policy import Policy
from tiergate.rules.policy_file import read_policy
from tiergate.rules.price import Price
from tiergate.rules.price_file import read_prices
from tiergate.rules.prompts_file import read_prompts
from tiergate.rules.settings_file import (
    read_billing_settings,
    read_checkout_settings,
    read_trial_settings,
    read_url,
)
from tiergate.rules.toml_positions import Path, Position, position_of, positions_of

_MAX_PUBLIC_TRIAL_DAYS = 730
"""Stripe's own limit. Source: https://docs.stripe.com/api/subscriptions/create#create_subscription-trial_period_days"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in the file: where, what, and what to do about it.

    ``line`` and ``column`` count from 1.
    """

    line: int
    column: int
    message: str
    remedy: str

    def __str__(self) -> str:
        """Read as ``line 12, column 5: message remedy``."""
        return f"line {self.line}, column {self.column}: {self.message} {self.remedy}"


class CatalogError(TiergateError):
    """The catalogue file has mistakes; ``mistakes`` lists all of them in the order of the file."""

    code = "catalog_invalid"

    def __init__(self, mistakes: tuple[Mistake, ...], file_name: str) -> None:
        super().__init__("\n".join(f"{file_name}, {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def parse_catalog(text: str, file_name: str = "billing.toml", version: int = 0) -> Catalog:
    """Read a catalogue from the text of its file; raises ``CatalogError``."""
    return read_catalog(parse_document(text, file_name), file_name, positions_of(text), version)


def parse_document(text: str, file_name: str = "billing.toml") -> dict[str, Any]:
    """Read the TOML alone; raises ``CatalogError`` for text that is no TOML or names a table twice."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond what Python reads
        raise CatalogError((_syntax_mistake(str(error)),), file_name) from None


def read_catalog(
    document: Mapping[str, Any],
    file_name: str = "billing.toml",
    positions: Mapping[Path, Position] | None = None,
    version: int = 0,
) -> Catalog:
    """Read a catalogue from a parsed document; raises ``CatalogError`` naming every mistake at once."""
    reader = Reader(document)
    product = _product(reader.table("product"))
    features = {key: _feature(key, table) for key, table in reader.tables("features")}
    policy = read_policy(reader.table("policy"), Policy(), features)
    plans = [
        _plan(key, table, rank, features, policy) for rank, (key, table) in enumerate(reader.tables("plans"))
    ]
    add_ons = [_add_on(key, table, features) for key, table in reader.tables("addons")]
    page = reader.table("pricing_page")
    checkout, billing = (
        read_checkout_settings(reader.table("checkout")),
        read_billing_settings(reader.table("billing")),
    )
    prompts = read_prompts(reader.table("prompts"))
    trials = read_trial_settings(reader.table("trials"))
    faq, tax_note = tuple(_question(table) for table in page.list("faq")), page.text("tax_note")
    _check_plans(reader, plans, add_ons)
    _check_currency(reader, product, {c for price in _sold(plans, add_ons) for c in price.currencies})
    reader.finish()
    if reader.complaints:
        located = [
            Mistake(*position_of(complaint.path, positions or {}), complaint.message, complaint.remedy)
            for complaint in reader.complaints
        ]
        in_order = sorted(located, key=lambda mistake: (mistake.line, mistake.column))
        raise CatalogError(tuple(in_order), file_name)
    by_rank = sorted(plans, key=lambda plan: plan.rank)
    return Catalog(
        product,
        features,
        {plan.key: plan for plan in by_rank},
        {add_on.key: add_on for add_on in add_ons},
        checkout,
        billing,
        prompts,
        trials,
        faq,
        tax_note,
        version,
    )


def _syntax_mistake(message: str) -> Mistake:
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(found.group(1)), int(found.group(2))) if found else (1, 1)
    twice = re.search(r"Cannot (?:declare|overwrite|mutate).*?\('plans', '([^']+)'\)", message)
    if twice:
        return Mistake(
            line,
            column,
            f"Plan {twice.group(1)!r} is there twice.",
            "Give the second one another name, or delete it.",
        )
    return Mistake(
        line, column, f"This is not valid TOML: {message}.", "Correct the line; see https://toml.io."
    )


def _product(reader: Reader) -> Product:
    return Product(
        name=reader.text("name", required=True),
        headline=reader.text("headline", "Pricing that grows with you"),
        tagline=reader.text("tagline"),
        support_email=reader.text("support_email"),
        currency=reader.text("currency").lower(),
    )


def _feature(key: str, reader: Reader) -> Feature:
    kind = reader.choice("kind", [str(kind) for kind in FeatureKind], FeatureKind.SWITCH)
    return Feature(
        key=key,
        name=reader.text("name", key.replace("_", " ").capitalize()),
        kind=FeatureKind(kind),
        description=reader.text("description"),
        unit=reader.text("unit"),
    )


def _plan(key: str, reader: Reader, position: int, features: Mapping[str, Feature], policy: Policy) -> Plan:
    prices = read_prices(key, reader, ("plans", key))
    return Plan(
        key=key,
        name=reader.text("name", key.replace("_", " ").capitalize()),
        rank=reader.integer("rank", position),
        description=reader.text("description"),
        highlight=reader.flag("highlight"),
        features=_values(reader.table("features"), features),
        prices=prices,
        trial=_trial(reader.table("trial"), features) if reader.has("trial") else None,
        policy=read_policy(reader.table("policy"), policy, features),
        seats=_seats(reader.table("seats")) if reader.has("seats") else None,
        contact_url=_contact_url(reader),
        is_public=reader.flag("public", True),
    )


def _seats(reader: Reader) -> Seats:
    minimum = reader.integer("minimum", 1)
    maximum = reader.integer("maximum") if reader.has("maximum") else None
    if minimum < 1:
        reader.complain("minimum", f"{minimum} seats cannot be bought.", "Write 1 or more.")
    if maximum is not None and maximum < minimum:
        reader.complain(
            "maximum", f"{maximum} seats are fewer than the minimum of {minimum}.", "Write a higher number."
        )
    return Seats(minimum, maximum)


def _contact_url(reader: Reader) -> str:
    """Read where to write to: a page, or an e-mail address as ``mailto:``."""
    if reader.text("contact_url").startswith("mailto:"):
        return reader.text("contact_url")
    return read_url(reader, "contact_url")


def _add_on(key: str, reader: Reader, features: Mapping[str, Feature]) -> AddOn:
    prices = read_prices(key, reader, ("addons", key))
    if not prices:
        reader.complain_at(
            ("addons", key), f"Add-on {key!r} has no price.", f"Add one under [[addons.{key}.prices]]."
        )
    return AddOn(
        key=key,
        name=reader.text("name", key.replace("_", " ").capitalize()),
        description=reader.text("description"),
        features=_values(reader.table("features"), features),
        prices=prices,
    )


def _trial(reader: Reader, features: Mapping[str, Feature]) -> Trial:
    days = reader.integer("days", 1, required=True)
    if not 1 <= days <= _MAX_PUBLIC_TRIAL_DAYS:
        reader.complain("days", f"A trial of {days} days is not possible.", "Choose 1 to 730 days.")
    card = reader.choice("card", ["required", "not_required"], "not_required")
    model = TrialModel(reader.choice("model", [str(model) for model in TrialModel], TrialModel.FREE_TRIAL))
    if model is TrialModel.REVERSE_TRIAL and card == "required":
        reader.complain(
            "card", "A reverse trial begins by itself, before anybody could ask for a card.", "Delete card."
        )
    partial = _values(reader.table("features"), features)
    return Trial(days, card == "required", partial if reader.has("features") else None, model)


def _question(reader: Reader) -> Question:
    return Question(reader.text("question", required=True), reader.text("answer", required=True))


def _values(reader: Reader, features: Mapping[str, Feature]) -> dict[str, FeatureValue]:
    values: dict[str, FeatureValue] = {}
    for key in reader:
        feature = features.get(key)
        if feature is None:
            reader.complain_unknown(key, "feature", features, f"declare it under [features.{key}]")
            reader.skip(key)
            continue
        value = reader.scalar(key)
        if fits(value, feature.kind):
            values[key] = value
        else:
            reader.complain(key, f"Feature {key!r} cannot be {value!r}.", remedy_for(feature.kind))
    return values


def _check_plans(reader: Reader, plans: list[Plan], add_ons: list[AddOn]) -> None:
    if not plans:
        reader.complain("plans", "There are no plans.", "Add one, for instance [plans.pro].")
    free = [plan for plan in plans if plan.is_free]
    for plan in free[1:]:
        reader.complain_at(
            ("plans", plan.key),
            f"Plans {free[0].key!r} and {plan.key!r} are both free.",
            f"Give {plan.key!r} a price under [[plans.{plan.key}.prices]]: only one plan can be the floor.",
        )
    _check_trials(reader, plans)
    _check_sold(reader, plans)
    _check_ranks(reader, plans)
    _check_lookup_keys(reader, plans, add_ons)


def _check_trials(reader: Reader, plans: list[Plan]) -> None:
    reverse = [plan.key for plan in plans if plan.trial and plan.trial.model is TrialModel.REVERSE_TRIAL]
    for key in reverse[1:]:
        reader.complain_at(
            ("plans", key, "trial", "model"),
            f"Plans {reverse[0]!r} and {key!r} would both begin at sign-up.",
            "Let only one plan have a reverse trial.",
        )


def _check_sold(reader: Reader, plans: list[Plan]) -> None:
    for plan in plans:
        for key, is_there in (("trial", plan.trial), ("seats", plan.seats)):
            if is_there and not plan.prices:
                reader.complain_at(
                    ("plans", plan.key, key),
                    f"Plan {plan.key!r} is not sold, so it has no {key}.",
                    f"Add a price under [[plans.{plan.key}.prices]], or delete {key}.",
                )


def _sold(plans: list[Plan], add_ons: list[AddOn]) -> Iterator[Price]:
    for plan in plans:
        yield from plan.prices
    for add_on in add_ons:
        yield from add_on.prices


def _check_currency(reader: Reader, product: Product, sold: Collection[str]) -> None:
    if product.currency and product.currency not in sold:
        reader.complain_at(
            ("product", "currency"),
            f"Nothing is sold in {product.currency!r}.",
            f"Write one of: {', '.join(sorted(sold))}." if sold else "Delete it, or add prices.",
        )


def _check_ranks(reader: Reader, plans: list[Plan]) -> None:
    ranks: dict[int, str] = {}
    for plan in plans:
        if plan.rank in ranks:
            reader.complain_at(
                ("plans", plan.key, "rank"),
                f"Plans {ranks[plan.rank]!r} and {plan.key!r} have the same rank {plan.rank}.",
                "Ranks say which plan is an upgrade: give each its own, or leave them out to use the order.",
            )
        ranks.setdefault(plan.rank, plan.key)


def _check_lookup_keys(reader: Reader, plans: list[Plan], add_ons: list[AddOn]) -> None:
    owners: dict[str, tuple[str, str, str, str]] = {}
    sold = [("plans", "plan", plan.key, plan.prices) for plan in plans]
    sold += [("addons", "add-on", add_on.key, add_on.prices) for add_on in add_ons]
    for group, what, key, prices in sold:
        for index, price in enumerate(prices):
            itself = (what, key, price.interval, price.currency)
            owner = owners.setdefault(price.lookup_key, itself)
            if owner != itself:
                whose = f"{owner[0]} {owner[1]!r} per {owner[2]}"
                reader.complain_at(
                    (group, key, "prices", index, "lookup_key"),
                    f"The lookup key {price.lookup_key!r} is taken by {whose}.",
                    f'Give this price its own: lookup_key = "{price.lookup_key}_{price.currency}".',
                )

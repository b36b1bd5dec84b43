"""The founder's own texts in the language of a page: names, descriptions, questions.

They stand in ``billing.toml`` in one language; the ``[offer]`` table of a language's file says them in its
own. Texts alone differ: keys, prices and rules are the same in every language.
"""

from collections.abc import Mapping
from dataclasses import replace

from tiergate.rules.catalog import UNLIMITED, AddOn, Catalog, Feature, FeatureValue, Plan, Product
from tiergate.services.changes.preview_change import Preview
from tiergate.translation import Translation
from tiergate.web.billing_facts import BillingPage, Running, Terms


def catalog_in(language: Translation, catalog: Catalog) -> Catalog:
    """Return an offer with its texts in a language."""
    if not language.offer:
        return catalog
    return replace(
        catalog,
        product=product_in(language, catalog.product),
        features={key: feature_in(language, feature) for key, feature in catalog.features.items()},
        plans={key: plan_in(language, plan) for key, plan in catalog.plans.items()},
        add_ons={key: _add_on_in(language, add_on) for key, add_on in catalog.add_ons.items()},
        faq=tuple(
            replace(each, question=language.named(each.question), answer=language.named(each.answer))
            for each in catalog.faq
        ),
        tax_note=language.named(catalog.tax_note),
    )


def product_in(language: Translation, product: Product) -> Product:
    """Return what is sold with its texts in a language."""
    return replace(
        product,
        name=language.named(product.name),
        headline=language.named(product.headline),
        tagline=language.named(product.tagline),
    )


def plan_in(language: Translation, plan: Plan) -> Plan:
    """Return a plan with its texts in a language, those among its features' values too."""
    return replace(
        plan,
        name=language.named(plan.name),
        description=language.named(plan.description),
        features=_values_in(language, plan.features),
    )


def feature_in(language: Translation, feature: Feature) -> Feature:
    """Return a feature with its texts in a language."""
    return replace(
        feature,
        name=language.named(feature.name),
        description=language.named(feature.description),
        unit=language.named(feature.unit),
    )


def page_in(language: Translation, page: BillingPage) -> BillingPage:
    """Return what the billing page is made from, with the founder's texts in a language."""
    if not language.offer:
        return page
    return replace(
        page,
        catalog=catalog_in(language, page.catalog),
        plan=_some_plan_in(language, page.plan),
        subscribed_plan=_some_plan_in(language, page.subscribed_plan),
        usage=tuple(replace(line, feature=feature_in(language, line.feature)) for line in page.usage),
        running=_running_in(language, page.running) if page.running else None,
    )


def preview_in(language: Translation, preview: Preview) -> Preview:
    """Return a preview with the founder's texts in a language."""
    if not language.offer:
        return preview
    return replace(
        preview,
        change=replace(preview.change, plan=_some_plan_in(language, preview.change.plan)),
        features={
            key: (_value_in(language, before), _value_in(language, after))
            for key, (before, after) in preview.features.items()
        },
    )


def _running_in(language: Translation, running: Running) -> Running:
    return replace(
        running,
        terms=_terms_in(language, running.terms),
        coming=_terms_in(language, running.coming) if running.coming else None,
        waiting=_terms_in(language, running.waiting) if running.waiting else None,
    )


def _terms_in(language: Translation, terms: Terms) -> Terms:
    return replace(terms, plan=_some_plan_in(language, terms.plan))


def _some_plan_in(language: Translation, plan: Plan | None) -> Plan | None:
    return plan_in(language, plan) if plan else None


def _add_on_in(language: Translation, add_on: AddOn) -> AddOn:
    name, description = language.named(add_on.name), language.named(add_on.description)
    return replace(add_on, name=name, description=description, features=_values_in(language, add_on.features))


def _values_in(language: Translation, values: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
    return {key: _value_in(language, value) for key, value in values.items()}


def _value_in(language: Translation, value: FeatureValue) -> FeatureValue:
    return language.named(value) if isinstance(value, str) and value != UNLIMITED else value

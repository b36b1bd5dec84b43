"""In which language a customer is spoken to on Stripe's pages."""

from tiergate.rules.catalog import Plan
from tiergate.rules.choose_language import choose_language
from tiergate.rules.trial_eligibility import Eligibility, refusal_words
from tiergate.services.context import Context
from tiergate.translation import ENGLISH, Translation


def spoken_to(context: Context, language: str | None) -> Translation:
    """Return the language of a customer; English where none is named."""
    if language is None:
        return ENGLISH
    return context.translations[choose_language([language], tuple(context.translations))]


def refusal_said(translation: Translation, why: Eligibility, plan: Plan) -> str:
    """Say in a sentence why an account may not try a plan; empty where it may."""
    words = translation.problems.get(f"trial_refused.{why}")
    return words.title if words else refusal_words(why, plan)

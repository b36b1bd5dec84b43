"""Who may try a plan."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from tests.rules.builders import at, catalog, subscription, trial
from tiergate.rules.catalog import Plan, Trial, TrialModel
from tiergate.rules.catalog_file import CatalogError, parse_catalog
from tiergate.rules.state import Subscription
from tiergate.rules.trial_eligibility import (
    Eligibility,
    Tries,
    may_try,
    plan_to_try,
    refusal_words,
)
from tiergate.rules.trial_settings import OncePer, TrialSettings

MAIL = "ada@example.test"
USUAL = TrialSettings()
PER_PLAN = TrialSettings(once_per=OncePer.PLAN)
LENIENT = TrialSettings(refuse_throwaway_mail=False, refuse_known_cards=False, refuse_known_mail=False)
ENDED_TRIAL = replace(trial("canceled"), ended_at=at("2026-03-15T09:30:00"))
ENDED_PURCHASE = subscription("canceled")
NOBODY = Tries()


def team() -> Plan:
    """A plan that can be tried."""
    return replace(catalog().plan("team"), trial=Trial(14))


@pytest.mark.parametrize(
    ("subscriptions", "email", "tries", "settings", "answer"),
    [
        pytest.param([], MAIL, NOBODY, USUAL, "eligible", id="a newcomer"),
        pytest.param([], None, NOBODY, USUAL, "eligible", id="no address known"),
        pytest.param([ENDED_PURCHASE], MAIL, NOBODY, USUAL, "eligible", id="bought, never tried"),
        pytest.param([trial()], MAIL, NOBODY, USUAL, "already_subscribed", id="tries now"),
        pytest.param([subscription("past_due")], MAIL, NOBODY, USUAL, "already_subscribed", id="owes"),
        pytest.param([subscription("incomplete_expired")], MAIL, NOBODY, USUAL, "eligible", id="never paid"),
        pytest.param([ENDED_TRIAL], MAIL, NOBODY, USUAL, "tried_before", id="tried"),
        pytest.param([], MAIL, Tries(by_account=["scale"]), USUAL, "tried_before", id="rows are lost"),
        pytest.param([], MAIL, Tries(by_account=["scale"]), PER_PLAN, "eligible", id="another plan"),
        pytest.param([], MAIL, Tries(by_account=["team"]), PER_PLAN, "tried_before", id="the same plan"),
        pytest.param([], "a@yopmail.com", NOBODY, USUAL, "throwaway_mail", id="throw-away mail"),
        pytest.param([], "a@yopmail.com", NOBODY, LENIENT, "eligible", id="throw-away mail allowed"),
        pytest.param([], MAIL, Tries(by_mail=["scale"]), USUAL, "mail_known", id="mail known"),
        pytest.param([], MAIL, Tries(by_mail=["scale"]), PER_PLAN, "eligible", id="mail tried another"),
        pytest.param([], MAIL, Tries(by_mail=["scale"]), LENIENT, "eligible", id="known mail allowed"),
        pytest.param([], MAIL, Tries(by_card=["team"]), USUAL, "card_known", id="card known"),
        pytest.param([], MAIL, Tries(by_card=["team"]), LENIENT, "eligible", id="known card allowed"),
        pytest.param(
            [ENDED_TRIAL], MAIL, Tries(["team"], ["team"], ["team"]), LENIENT, "tried_before",
            id="one's own trial always counts",
        ),
    ],
)  # fmt: skip
def test_who_may_try(
    subscriptions: Collection[Subscription],
    email: str | None,
    tries: Tries,
    settings: TrialSettings,
    answer: str,
) -> None:
    """The first reason against a trial is the answer; without one the account may try."""
    assert may_try(team(), settings, subscriptions, email, tries) == answer


def test_a_plan_without_a_trial_cannot_be_tried() -> None:
    """Nobody tries what has no trial, whoever asks."""
    plan = replace(team(), trial=None)
    assert may_try(plan, USUAL, [], MAIL, NOBODY) is Eligibility.NO_TRIAL


@pytest.mark.parametrize("why", list(Eligibility))
def test_every_answer_has_its_words(why: Eligibility) -> None:
    """A refusal is a whole sentence; that one may try needs none."""
    words = refusal_words(why, team())
    assert words.endswith(".") or (words == "" and why is Eligibility.ELIGIBLE)


@pytest.mark.parametrize(
    ("trials", "chosen"),
    [
        ({}, None),
        ({"team": Trial(14, card_required=True)}, "team"),
        ({"starter": Trial(14, card_required=True), "team": Trial(7)}, "team"),
        ({"starter": Trial(14), "team": Trial(7)}, "starter"),
        ({"starter": Trial(14), "team": Trial(7, model=TrialModel.REVERSE_TRIAL)}, "team"),
    ],
    ids=["none", "with a card", "without one first", "the smallest", "the reverse trial first"],
)
def test_which_plan_is_tried_where_none_is_named(trials: dict[str, Trial], chosen: str | None) -> None:
    """That of the reverse trial, else the first without a card, else the first that can be tried."""
    plans = [Plan(key, key, rank, trial=trials.get(key)) for rank, key in enumerate(["starter", "team"])]
    found = plan_to_try(plans)
    assert (found and found.key) == chosen


def test_what_can_be_set() -> None:
    """Each key of ``[trials]`` arrives where it is kept, and what is not written is as usual."""
    head = '[product]\nname = "Acme"\n[plans.free]\n[trials]\n'
    assert parse_catalog(head).trials == USUAL
    every = 'once_per = "plan"\nrefuse_throwaway_mail = false\nrefuse_known_cards = false\n'
    read = parse_catalog(f"{head}{every}refuse_known_mail = false\n").trials
    assert read == TrialSettings(OncePer.PLAN, False, False, False)
    with pytest.raises(CatalogError, match="product, plan"):
        parse_catalog(f'{head}once_per = "year"\n')

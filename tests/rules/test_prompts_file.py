"""What the catalogue file says of reminders and warnings, and what follows from it."""

import pytest

from tests.rules.builders import TRIAL_END, account, at, trial
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import CatalogError, parse_catalog
from tiergate.rules.occasions import occasions_of
from tiergate.rules.prompt_settings import PromptSettings


def catalog(prompts: str) -> Catalog:
    """Read a file with these prompts."""
    return parse_catalog(f'[product]\nname = "Acme"\n[plans.free]\n[prompts]\n{prompts}\n')


def test_everything_that_can_be_set() -> None:
    """Both lists arrive in the order in which they take effect, whatever order they are written in."""
    read = catalog("usage_at_percent = [95, 50]\ntrial_ending_days = [0, 1, 7]").prompts
    assert read == PromptSettings((50, 95), (7, 1, 0))
    assert catalog("").prompts == PromptSettings((80, 100), (3, 1, 0))


@pytest.mark.parametrize(
    "line",
    [
        "usage_at_percent = [0]",
        "usage_at_percent = [101]",
        "usage_at_percent = [50, 60, 70]",
        "trial_ending_days = [-1]",
        "trial_ending_days = [61]",
        "trial_ending_days = [3, 3]",
        "trial_ending_days = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]",
    ],
)
def test_what_can_be_wrong(line: str) -> None:
    """What cannot be done is one mistake at its line, with what to write."""
    with pytest.raises(CatalogError, match=r"line 5, column 1: .* like that\. Write ") as caught:
        catalog(line)
    assert len(caught.value.mistakes) == 1


@pytest.mark.parametrize(
    ("percents", "near", "urgent"),
    [((80, 100), 80, 100), ((50, 90), 50, 90), ((70,), 70, 70), ((), 100, 100)],
    ids=str,
)
def test_from_when_usage_is_pointed_out(percents: tuple[int, ...], near: int, urgent: int) -> None:
    """The first number warns, the last is urgent; without any only a limit that is reached counts."""
    prompts = PromptSettings(percents)
    assert [prompts.is_near(near - 1), prompts.is_near(near)] == [False, True]
    assert [prompts.is_urgent(urgent - 1), prompts.is_urgent(urgent)] == [False, True]


def test_reminders_come_on_the_days_that_the_file_names() -> None:
    """Each day named is one reminder, due so long before the end and stale when the next one is due."""
    found = occasions_of(account(trial()), prompts=PromptSettings(trial_ending_days=(7, 2)))
    assert [(o.step, o.due_at, o.expires_at) for o in found] == [
        ("7_days", at("2026-03-08T09:30:00"), at("2026-03-13T09:30:00")),
        ("2_days", at("2026-03-13T09:30:00"), TRIAL_END),
    ]
    assert occasions_of(account(trial()), prompts=PromptSettings(trial_ending_days=())) == ()

"""Each mistake that a catalogue file can have, with its line and its remedy."""

import re
from dataclasses import dataclass

import pytest

from tests.rules.builders import NORTHWIND
from tiergate.rules.catalog_file import CatalogError, parse_catalog

FIRST_PRICE = '[[plans.starter.prices]]\ninterval = "month"\ncurrency = "usd"\nunit_amount = 1900\n'

LINE_OF_TEAM = NORTHWIND[: NORTHWIND.index('name = "Team"')].count("\n") + 1


@dataclass(frozen=True)
class Slip:
    """A mistake made in Northwind's file: what was written instead, where it shows, what is said."""

    name: str
    old: str
    new: str
    shown: str
    """The line of the changed file at which the mistake is reported; a blank one means line 1."""
    message: str

    def __str__(self) -> str:
        """Name the test case."""
        return self.name


SLIPS = [
    Slip(
        "limit beyond what databases and scripts can count",
        "seats = 50",
        "seats = 9007199254740992",
        "seats = 9007199254740992",
        "'seats' is too large to be counted. Write 9007199254740991 at most.",
    ),
    Slip(
        "rank beyond what can be counted",
        "[plans.free]",
        "[plans.free]\nrank = -9007199254740992",
        "rank = -9007199254740992",
        "'rank' is too large to be counted. Write 9007199254740991 at most.",
    ),
    Slip(
        "unknown feature, with the one that was meant",
        "projects = 5",
        "project = 5",
        "features = { project = 5",
        "There is no feature 'project'. Did you mean 'projects'? "
        "Otherwise declare it under [features.project].",
    ),
    Slip(
        "unknown feature, nothing like it",
        'roles = true\naudit_log = "90 days"',
        'teleport = true\naudit_log = "90 days"',
        "teleport = true",
        "There is no feature 'teleport'. Correct it, or declare it under [features.teleport].",
    ),
    Slip(
        "duplicate plan",
        "[plans.scale]",
        "[plans.team]",
        "[plans.team]#2",
        "Plan 'team' is there twice. Give the second one another name, or delete it.",
    ),
    Slip(
        "price without currency",
        FIRST_PRICE,
        FIRST_PRICE.replace('currency = "usd"\n', ""),
        "[[plans.starter.prices]]",
        "[[plans.starter.prices]] number 1 has no 'currency'. Add currency = … to it.",
    ),
    Slip(
        "price without amount",
        FIRST_PRICE,
        FIRST_PRICE.replace("unit_amount = 1900\n", ""),
        "[[plans.starter.prices]]",
        "[[plans.starter.prices]] number 1 has no 'unit_amount'. Add unit_amount = … to it.",
    ),
    Slip(
        "currency that is none",
        FIRST_PRICE,
        FIRST_PRICE.replace('"usd"', '"dollar"'),
        'currency = "dollar"',
        "'dollar' is not a currency. Write its three letters, such as \"usd\".",
    ),
    Slip(
        "currency of the wrong type",
        FIRST_PRICE,
        FIRST_PRICE.replace('"usd"', "840"),
        "currency = 840",
        "'currency' is 840. Write a text in quotes.",
    ),
    Slip(
        "amount of nothing",
        "unit_amount = 1900",
        "unit_amount = 0",
        "unit_amount = 0",
        "A price must be more than nothing. Write the amount in the smallest unit (4900 is $49.00); "
        "a free plan has no prices at all.",
    ),
    Slip(
        "amount below nothing",
        "unit_amount = 1900",
        "unit_amount = -1900",
        "unit_amount = -1900",
        "A price must be more than nothing. Write the amount in the smallest unit (4900 is $49.00); "
        "a free plan has no prices at all.",
    ),
    Slip(
        "amount with decimals",
        "unit_amount = 1900",
        "unit_amount = 19.00",
        "unit_amount = 19.00",
        "'unit_amount' is 19.0. Write a whole number.",
    ),
    Slip(
        "yes as a number",
        "unit_amount = 1900",
        "unit_amount = true",
        "unit_amount = true",
        "'unit_amount' is True. Write a whole number.",
    ),
    Slip(
        "interval that is not sold",
        FIRST_PRICE,
        FIRST_PRICE.replace('"month"', '"week"'),
        'interval = "week"',
        "'interval' cannot be 'week'. Write one of: month, year.",
    ),
    Slip(
        "two prices for the same",
        'interval = "year"\ncurrency = "usd"\nunit_amount = 18000',
        'interval = "month"\ncurrency = "usd"\nunit_amount = 18000',
        "[[plans.starter.prices]]#2",
        "There are two prices per month in usd, eur, gbp. "
        "Delete one: customers would not know which they pay.",
    ),
    Slip(
        "lookup key of another plan",
        "unit_amount = 4900",
        'unit_amount = 4900\nlookup_key = "starter_yearly"',
        'lookup_key = "starter_yearly"',
        "The lookup key 'starter_yearly' is taken by plan 'starter' per year. "
        'Give this price its own: lookup_key = "starter_yearly_usd".',
    ),
    Slip(
        "lookup key of the same plan's other interval",
        "unit_amount = 46800",
        'unit_amount = 46800\nlookup_key = "team_monthly"',
        'lookup_key = "team_monthly"',
        "The lookup key 'team_monthly' is taken by plan 'team' per month. "
        'Give this price its own: lookup_key = "team_monthly_usd".',
    ),
    Slip(
        "prices that are no list of tables",
        "[plans.free]",
        "[plans.free]\nprices = [1900]",
        "prices = [1900]",
        "'prices' is [1900]. Write a list of tables, such as [[plans.free.prices]].",
    ),
    Slip(
        "prices that are no list",
        "[plans.free]",
        "[plans.free]\nprices = 1900",
        "prices = 1900",
        "'prices' is 1900. Write a list of tables, such as [[plans.free.prices]].",
    ),
    Slip(
        "a plan that is no table",
        NORTHWIND[NORTHWIND.index("[plans.free]") : NORTHWIND.index("[plans.starter]")],
        "[plans]\nfree = 3\n",
        "free = 3",
        "'free' is 3. Write a table, such as [plans.free].",
    ),
    Slip(
        "two free plans",
        "[plans.starter]",
        "[plans.hobby]\n[plans.starter]",
        "[plans.hobby]",
        "Plans 'free' and 'hobby' are both free. Give 'hobby' a price under [[plans.hobby.prices]]: "
        "only one plan can be the floor.",
    ),
    Slip(
        "two plans of one rank",
        '[plans.scale]\nname = "Scale"',
        '[plans.scale]\nname = "Scale"\nrank = 2',
        "rank = 2",
        "Plans 'team' and 'scale' have the same rank 2. Ranks say which plan is an upgrade: "
        "give each its own, or leave them out to use the order.",
    ),
    Slip(
        "rank of the wrong type",
        "[plans.free]",
        '[plans.free]\nrank = "first"',
        'rank = "first"',
        "'rank' is 'first'. Write a whole number.",
    ),
    Slip(
        "text of the wrong type",
        'name = "Team"',
        "name = 7",
        "name = 7",
        "'name' is 7. Write a text in quotes.",
    ),
    Slip(
        "flag of the wrong type",
        "highlight = true",
        'highlight = "yes"',
        'highlight = "yes"',
        "'highlight' is 'yes'. Write true or false.",
    ),
    Slip(
        "feature of a value that is none",
        'audit_log = "1 year"',
        "audit_log = 1.5",
        "audit_log = 1.5",
        "'audit_log' is 1.5. Write a text, a whole number, true or false.",
    ),
    Slip(
        "switch with a number",
        "sso = true",
        "sso = 1",
        "sso = 1",
        "Feature 'sso' cannot be 1. It is a switch: write true or false.",
    ),
    Slip(
        "setting that is merely on",
        'audit_log = "1 year"',
        "audit_log = true",
        "audit_log = true",
        "Feature 'audit_log' cannot be True. It is a setting: "
        "write a text or a number, or false where the plan lacks it.",
    ),
    Slip(
        "limit below nothing",
        "seats = 50",
        "seats = -1",
        "seats = -1",
        "Feature 'seats' cannot be -1. It is a limit: write a number or \"unlimited\".",
    ),
    Slip(
        "limit that is merely on",
        "seats = 50",
        "seats = true",
        "seats = true",
        "Feature 'seats' cannot be True. It is a limit: write a number or \"unlimited\".",
    ),
    Slip(
        "metered with another word",
        "api_calls = 1000000",
        'api_calls = "many"',
        'api_calls = "many"',
        "Feature 'api_calls' cannot be 'many'. It is metered: write a number or \"unlimited\".",
    ),
    Slip(
        "kind of feature that is none",
        "[features.sso]",
        '[features.exports]\nkind = "counted"\n[features.sso]',
        'kind = "counted"',
        "'kind' cannot be 'counted'. Write one of: switch, limit, per_seat, metered, setting.",
    ),
    Slip(
        "trial without days",
        'trial = { days = 14, card = "required" }',
        'trial = { card = "required" }',
        'trial = { card = "required" }',
        "[plans.scale.trial] has no 'days'. Add days = … to it.",
    ),
    Slip(
        "trial of no days",
        'trial = { days = 14, card = "required" }',
        'trial = { days = 0, card = "required" }',
        'trial = { days = 0, card = "required" }',
        "A trial of 0 days is not possible. Choose 1 to 730 days.",
    ),
    Slip(
        "trial longer than Stripe allows",
        'trial = { days = 14, card = "required" }',
        'trial = { days = 731, card = "required" }',
        'trial = { days = 731, card = "required" }',
        "A trial of 731 days is not possible. Choose 1 to 730 days.",
    ),
    Slip(
        "trial of the wrong type",
        'trial = { days = 14, card = "required" }',
        'trial = { days = "14" }',
        'trial = { days = "14" }',
        "'days' is '14'. Write a whole number.",
    ),
    Slip(
        "card with another word",
        'trial = { days = 14, card = "required" }',
        'trial = { days = 14, card = "yes" }',
        'trial = { days = 14, card = "yes" }',
        "'card' cannot be 'yes'. Write one of: required, not_required.",
    ),
    *(
        Slip(
            f"{key} with another word",
            "grace_days = 3",
            f'{key} = "perhaps"',
            f'{key} = "perhaps"',
            f"{key!r} cannot be 'perhaps'. Write one of: {words}.",
        )
        for key, words in {
            "after_grace": "free, read_only, blocked",
            "after_cancel": "free, read_only, blocked",
            "first_charge": "allow, wait",
            "on_unknown": "deny, allow, last_known",
            "on_cancel_now": "end, keep_paid",
            "on_pause": "free, read_only, blocked",
            "on_pause_collection": "keep, pause",
            "on_duplicate": "announce, cancel",
            "upgrade_in_trial": "convert_now, keep_trial",
            "cancel": "period_end, now",
            "fewer_seats_than_members": "refuse, at_renewal",
        }.items()
    ),
    *(
        Slip(
            f"{key} of {days}",
            "grace_days = 3",
            f"{key} = {days}",
            f"{key} = {days}",
            f"{days} days are not possible. Write 0 to 365.",
        )
        for key, days in [
            ("grace_days", -1),
            ("grace_days", 366),
            ("first_charge_grace_days", -1),
            ("max_unconfirmed_days", 1000),
            ("pause_days", 366),
        ]
    ),
    Slip(
        "pauses that take nothing away",
        "grace_days = 3",
        "pause_days = 30",
        "pause_days = 30",
        'Whoever pauses would keep everything, and pay nothing. Write on_pause_collection = "pause" beside '
        "pause_days.",
    ),
    Slip(
        "policy of a plan with another word",
        "[plans.scale.features]",
        '[plans.scale.policy]\nafter_trial = "gone"\n[plans.scale.features]',
        'after_trial = "gone"',
        "'after_trial' cannot be 'gone'. Write one of: free, read_only, blocked.",
    ),
    Slip(
        "hours of the last known answer beyond a year",
        "grace_days = 3",
        "last_known_hours = 8761",
        "last_known_hours = 8761",
        "8761 hours are not possible. Write 0 to 8760.",
    ),
    Slip(
        "policy of a feature that there is not",
        "grace_days = 3",
        "features = { project = { grace_days = 1 } }",
        "features = { project = { grace_days = 1 } }",
        "There is no feature 'project'. Did you mean 'projects'? "
        "Otherwise declare it under [features.project].",
    ),
    Slip(
        "unknown key in the policy of a feature",
        "grace_days = 3",
        "features = { projects = { grace_day = 1 } }",
        "features = { projects = { grace_day = 1 } }",
        "There is no key 'grace_day'. Did you mean 'grace_days'? Otherwise delete it.",
    ),
    Slip(
        "policy of a feature with another word",
        "grace_days = 3",
        'features = { projects = { on_unknown = "perhaps" } }',
        'features = { projects = { on_unknown = "perhaps" } }',
        "'on_unknown' cannot be 'perhaps'. Write one of: deny, allow, last_known.",
    ),
    Slip(
        "part of a trial that is no feature",
        'trial = { days = 14, card = "required" }',
        "trial = { days = 14, features = { projets = 3 } }",
        "trial = { days = 14, features = { projets = 3 } }",
        "There is no feature 'projets'. Did you mean 'projects'? "
        "Otherwise declare it under [features.projets].",
    ),
    Slip(
        "misspelt features of a trial",
        'trial = { days = 14, card = "required" }',
        "trial = { days = 14, feature = { projects = 3 } }",
        "trial = { days = 14, feature = { projects = 3 } }",
        "There is no key 'feature'. Did you mean 'features'? Otherwise delete it.",
    ),
    Slip(
        "add-on without a price",
        "[plans.free]",
        "[addons.more]\nfeatures = { projects = 5 }\n\n[plans.free]",
        "[addons.more]",
        "Add-on 'more' has no price. Add one under [[addons.more.prices]].",
    ),
    Slip(
        "add-on that sells what there is not",
        "[plans.free]",
        "[addons.more]\nfeatures = { sso = 5 }\n"
        'prices = [{ currency = "usd", unit_amount = 5 }]\n\n[plans.free]',
        "features = { sso = 5 }",
        "Feature 'sso' cannot be 5. It is a switch: write true or false.",
    ),
    Slip(
        "lookup key of an add-on that a plan has",
        "[plans.free]",
        '[[addons.team.prices]]\ncurrency = "usd"\nunit_amount = 5\n\n[plans.free]',
        "[[addons.team.prices]]",
        "The lookup key 'team_monthly' is taken by plan 'team' per month. "
        'Give this price its own: lookup_key = "team_monthly_usd".',
    ),
    Slip(
        "per seat, and no number",
        '[features.api_calls]\nname = "API calls"\nkind = "metered"\n',
        '[features.api_calls]\nname = "API calls"\nkind = "metered"\n\n[features.gb]\nkind = "per_seat"\n\n'
        "[plans.tiny]\nfeatures = { gb = true }\nprices = [{ currency = 'usd', unit_amount = 5 }]\n",
        "features = { gb = true }",
        "Feature 'gb' cannot be True. It is counted per seat: write a number or \"unlimited\".",
    ),
    Slip(
        "unknown key, with the one that was meant",
        "grace_days = 3",
        "graec_days = 3",
        "graec_days = 3",
        "There is no key 'graec_days'. Did you mean 'grace_days'? Otherwise delete it.",
    ),
    Slip(
        "unknown key, nothing like it",
        'name = "Team"',
        'name = "Team"\nzzz = 1',
        "zzz = 1",
        "There is no key 'zzz'. Correct it, or delete it.",
    ),
    Slip(
        "unknown key in a price",
        "unit_amount = 142800",
        "unit_amount = 142800\nunit_amuont = 3",
        "unit_amuont = 3",
        "There is no key 'unit_amuont'. Did you mean 'unit_amount'? Otherwise delete it.",
    ),
    Slip(
        "unknown table",
        "[policy]",
        "[polcy]",
        "[polcy]",
        "There is no key 'polcy'. Did you mean 'policy'? Otherwise delete it.",
    ),
    Slip(
        "no product",
        NORTHWIND[NORTHWIND.index("[product]") : NORTHWIND.index("[features.projects]")],
        "",
        "",
        "[product] has no 'name'. Add name = … to it.",
    ),
    Slip(
        "no plans",
        NORTHWIND[NORTHWIND.index("[plans.free]") :],
        "",
        "",
        "There are no plans. Add one, for instance [plans.pro].",
    ),
    Slip(
        "no TOML",
        'name = "Team"',
        "name = Team",
        "name = Team",
        f"This is not valid TOML: Invalid value (at line {LINE_OF_TEAM}, column 8). Correct the line; see https://toml.io.",
    ),
]


def line_number(text: str, shown: str) -> int:
    """Return the line at which a text stands; ``#2`` at its end means the second time."""
    needle, _, count = shown.partition("#")
    if not needle:
        return 1
    found = [number for number, line in enumerate(text.split("\n"), start=1) if line.startswith(needle)]
    return found[int(count or 1) - 1]


@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_each_mistake_names_its_line_and_its_remedy(slip: Slip) -> None:
    """One slip gives exactly one mistake: at its line, with what is wrong and what to do."""
    assert slip.old in NORTHWIND
    text = NORTHWIND.replace(slip.old, slip.new, 1)
    with pytest.raises(CatalogError) as raised:
        parse_catalog(text, "northwind.toml")
    line = line_number(text, slip.shown)
    assert (
        re.sub(r", column \d+", "", str(raised.value), count=1)
        == f"northwind.toml, line {line}: {slip.message}"
    )
    assert [mistake.line for mistake in raised.value.mistakes] == [line]
    assert raised.value.code == "catalog_invalid"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    """Whoever made three mistakes corrects them in one go."""
    text = NORTHWIND.replace("seats = 50", "seats = -1").replace("grace_days = 3", "grace_days = -3")
    text = text.replace("[features.seats]", "[features.seats]\ncolour = 1")
    with pytest.raises(CatalogError) as raised:
        parse_catalog(text)
    lines = [line_number(text, shown) for shown in ("colour", "grace_days", "seats = -1")]
    assert [mistake.line for mistake in raised.value.mistakes] == lines
    assert [line.partition(", column")[0] for line in str(raised.value).splitlines()] == [
        f"billing.toml, line {line}" for line in lines
    ]


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5000], ids=["nesting", "number"])
def test_what_no_parser_can_follow_is_a_mistake_like_any_other(value: str) -> None:
    """A file beyond all reading is refused, and nothing else breaks."""
    with pytest.raises(CatalogError, match="This is not valid TOML"):
        parse_catalog(f"a = {value}")


def test_windows_line_ends_and_odd_separators_do_not_shift_the_lines() -> None:
    """Lines are counted as TOML counts them, whatever else looks like the end of one."""
    text = "# a\u2028b\x85c\n" + NORTHWIND.replace("seats = 50", "seats = -1")
    text = text.replace("\n", "\r\n")
    with pytest.raises(CatalogError) as raised:
        parse_catalog(text)
    assert [mistake.line for mistake in raised.value.mistakes] == [line_number(text, "seats = -1")]

"""``GET /api/plans`` and the embed's script: for every page, and nothing of an account to others."""

import pytest

from tests.web.routes.site import HOST, Site
from tiergate.web.plans_answer import PlansAnswer
from tiergate.web.plans_example import EXAMPLE

OFFERED = "/api/plans"
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://elsewhere.test"},
    {"Origin": "null"},
]


def verbs(answer: "dict[str, list[dict[str, list[dict[str, str]]]]]") -> list[str]:
    """The verbs of all plans, by the month."""
    return [plan["offers"][0]["verb"] for plan in answer["plans"]]


def test_everybody_may_read_the_plans(site: Site) -> None:
    """Plans with prices, offers, trial and features, in words and figures; the answer fits its schema."""
    answer = site.as_nobody().get(OFFERED).json()
    PlansAnswer.model_validate(answer)
    assert (answer["product"], answer["saving"], answer["signed_in"]) == ("Northwind", "Save 20%", False)
    assert answer["currency"] == {"shown": "usd", "because": "default", "offered": ["usd", "eur", "gbp"]}
    team = answer["plans"][2]
    assert team["prices"][0] == {
        "interval": "month",
        "lookup_key": "team_monthly",
        "tiers_mode": None,
        "tax_behavior": "unspecified",
        "amounts": {
            currency: {"unit_amount": amount, "formatted": written, "tiers": [], "tiers_in_words": []}
            for currency, amount, written in (
                ("usd", 4900, "$49"),
                ("eur", 4500, "€45"),
                ("gbp", 3900, "£39"),
            )
        },
    }
    offer = team["offers"][1]
    assert (offer["interval"], offer["amount"], offer["note"]) == ("year", "$39", "Billed yearly · $468")
    assert offer["url"] == f"{HOST}/pricing?interval=year&currency=usd#plan-team"
    assert team["trial"]["terms"].startswith("No card needed. After 14 days")
    assert answer["plans"][3]["trial"]["terms"].startswith("Free for 14 days, then $149 per month")
    assert verbs(answer) == ["start_free", "start_trial", "start_trial", "start_trial"]


def test_figures_follow_the_locale(site: Site) -> None:
    """The strings are written as the browser asks, and the answer names the locale."""
    answer = site.as_nobody().get(OFFERED, headers={"Accept-Language": "de-AT"}).json()
    assert answer["locale"] == "de_AT"
    assert answer["plans"][2]["prices"][0]["amounts"]["usd"]["formatted"] == "$\N{NO-BREAK SPACE}49"


def test_an_account_gets_its_own_verbs(site: Site) -> None:
    """Who is signed in is told what it can do; a change leads to the billing page with the wish."""
    site.subscribe("acme")
    response = site.signed_in().get(OFFERED)
    answer = response.json()
    assert verbs(answer) == ["downgrade", "downgrade", "current", "upgrade"]
    assert answer["plans"][2]["is_current"]
    assert answer["plans"][3]["offers"][1]["url"] == f"{HOST}/billing/change?plan=scale&interval=year"
    assert response.headers["cache-control"] == "private, no-cache"
    led = site.signed_in().get("/billing/change?plan=scale&interval=year")
    assert led.headers["location"] == "/billing/buy?plan=scale&interval=year"


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_other_origins_learn_nothing_of_an_account(site: Site, headers: dict[str, str]) -> None:
    """Another page may read the answer, and it is the one that nobody in particular gets."""
    site.subscribe("acme")
    foreign = site.signed_in().get(OFFERED, headers=headers)
    assert foreign.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in foreign.headers
    assert foreign.content == site.as_nobody().get(OFFERED).content


def test_only_the_plans_are_for_other_origins(site: Site) -> None:
    """No other answer of the API, and no page, may be read by another origin."""
    for path in ("/pricing", "/billing", "/api/billing/subscription", "/api/openapi.json", "/healthz"):
        assert "access-control-allow-origin" not in site.signed_in().get(path).headers, path


@pytest.mark.parametrize("path", [OFFERED, "/embed.js"])
def test_what_has_not_changed_is_not_sent_again(site: Site, path: str) -> None:
    """The tag saves the body, strong or weak; another tag does not."""
    first = site.as_nobody().get(path)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = site.as_nobody().get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert site.as_nobody().get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_cache_is_told_what_the_answer_depends_on(site: Site) -> None:
    """Cookies, language, origin and the session decide; each answer for another visitor has another tag."""
    answer = site.as_nobody().get(OFFERED)
    varies = {name.strip() for name in answer.headers["vary"].split(",")}
    assert {"Cookie", "Accept-Language", "Origin", "Sec-Fetch-Site", "Authorization"} <= varies
    german = site.as_nobody().get(OFFERED, headers={"Accept-Language": "de"})
    assert german.headers["etag"] != answer.headers["etag"]


def test_the_script_may_be_loaded_by_any_page(site: Site) -> None:
    """A module of another origin needs its permission."""
    answer = site.as_nobody().get("/embed.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "customElements.define" in answer.text


def test_the_example_of_the_description_is_an_answer(site: Site) -> None:
    """What the API's description shows has all fields of the schema."""
    shown = site.as_nobody().get("/api/openapi.json").json()["components"]["schemas"]["PlansAnswer"]
    PlansAnswer.model_validate(EXAMPLE)
    (example,) = shown["examples"]
    assert sorted(example) == sorted(EXAMPLE) == sorted(shown["required"])

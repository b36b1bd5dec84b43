"""What the admin's forms, its text page and its API do to the draft."""

import html
import re
import tomllib

import pytest

from tests.web.routes.site import AdminClient, Site
from tiergate.services.plans.draft_catalog import LONGEST


def draft(site: Site) -> str:
    """The text of the draft, or of what is published."""
    return site.billing.administration.editing().text


def names(site: Site) -> list[str]:
    """The plans of the draft."""
    return list(tomllib.loads(draft(site))["plans"])


def row(number: int = 0, **typed: str) -> dict[str, str]:
    """The fields of one price, under names that ``submit`` understands."""
    usual = {"was": "", "interval": "month", "currency": "usd", "amount": "29", "options": "",
             "tax_behavior": "unspecified", "lookup_key": "", "stripe_price": ""}  # fmt: skip
    return {f"price__{number}__{name}": value for name, value in {**usual, **typed}.items()}


def field(page: str, name: str) -> str:
    """What a field holds in a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def test_a_plan_is_created(site: Site) -> None:
    """The form becomes a table of the file, and the list shows it as a draft."""
    admin = site.as_admin()
    fields = {"name": "Pro", "public": "yes", "trial": "none", "feature__seats": "9", **row()}
    answer = admin.submit("/admin/plans", key="pro", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/plans?done=saved")
    assert tomllib.loads(draft(site))["plans"]["pro"] == {
        "features": {"seats": 9},
        "prices": [{"interval": "month", "currency": "usd", "unit_amount": 2900}],
    }
    assert "There is a draft that is not published" in admin.get("/admin/plans").text
    assert "pro" not in site.billing.catalog().plans


@pytest.mark.parametrize(
    "key", ["", "Pro", "2nd", "a b", "é", "team", "review", "new", "x" * 41, "a/b", "a.b"]
)
def test_not_every_key_is_one(site: Site, key: str) -> None:
    """One that is taken, that is no plain word, or that is an address of a page is refused at its field."""
    admin = site.as_admin()
    answer = admin.submit("/admin/plans", key=key, name="Anything", trial="none", **row())
    assert answer.status_code == 422
    assert 'id="key-mistake"' in answer.text
    assert 'value="Anything"' in answer.text
    assert names(site) == ["free", "starter", "team", "scale"]


def test_what_is_typed_is_escaped(site: Site) -> None:
    """A name with markup in it stays a name, in the form with a mistake and in the list."""
    admin, evil = site.as_admin(), '<script>alert("1")</script>'
    shown = admin.submit("/admin/plans", key="-", name=evil, trial="none", **row()).text
    admin.submit("/admin/plans", key="evil", name=evil, trial="none", **row())
    for page in (
        shown,
        *(admin.get(f"/admin/plans{where}").text for where in ("", "/evil", "/text", "/review")),
    ):
        assert "<script" not in page
        assert "&lt;script" in page


def test_a_plan_is_deleted_and_moved(site: Site) -> None:
    """Both end up in the draft alone; what is not there any more is told, and a page of it is 404."""
    admin = site.as_admin()
    assert admin.submit("/admin/plans/team/move", direction="up").status_code == 303
    assert admin.submit("/admin/plans/starter/delete").headers["location"] == "/admin/plans?done=removed"
    assert names(site) == ["free", "team", "scale"]
    assert admin.get("/admin/plans/starter").status_code == 404
    assert admin.submit("/admin/plans/starter", name="x").status_code == 404
    gone = admin.submit("/admin/plans/starter/delete")
    assert (gone.status_code, gone.json()["code"]) == (409, "edit_refused")
    assert list(site.billing.catalog().plans) == ["free", "starter", "team", "scale"]


def test_features_are_made_changed_and_deleted(site: Site) -> None:
    """A feature gets its kind and unit; deleted, it is gone from all plans."""
    admin = site.as_admin()
    made = admin.submit("/admin/features", key="storage", name="Storage", kind="limit", unit="GB")
    assert made.status_code == 303
    assert 'name="feature-storage"' in admin.get("/admin/plans/team").text
    other = {"name": "Space", "kind": "per_seat", "unit": "GB", "description": "All"}
    changed = admin.submit("/admin/features/storage", **other)
    assert changed.status_code == 303
    assert tomllib.loads(draft(site))["features"]["storage"] == other
    assert admin.submit("/admin/features/seats/delete").status_code == 303
    assert "seats" not in draft(site)


@pytest.mark.parametrize(
    "fields", [{"key": "seats"}, {"key": "!"}, {"key": "a", "kind": "magic"}, {"key": "a", "name": ""}]
)
def test_odd_features_are_refused(site: Site, fields: dict[str, str]) -> None:
    """A key that is taken or none, an unknown kind, no name: the form is shown again."""
    answer = site.as_admin().submit("/admin/features", **{"name": "A", "kind": "switch", **fields})
    assert answer.status_code == 422
    assert "-mistake" in answer.text
    assert site.billing.administration.editing().draft is None


def test_the_text_is_edited_whole(site: Site) -> None:
    """What the page shows can be sent back unchanged; what is sent becomes the draft."""
    admin = site.as_admin()
    page = admin.get("/admin/plans/text").text
    shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert shown
    text = html.unescape(shown[1])
    assert text == draft(site)
    seen = field(page, "seen")
    unchanged = admin.submit("/admin/plans/text", text=text.replace("\n", "\r\n"), seen=seen)
    assert unchanged.status_code == 303
    assert site.billing.administration.editing().draft is None
    admin.submit("/admin/plans/text", text=f"# Mine\r\n{text}", seen=seen)
    assert draft(site) == f"# Mine\n{text}"


def test_a_text_that_is_no_toml_is_shown_again(site: Site) -> None:
    """With the place of the mistake; nothing is saved, and nothing that was typed is lost."""
    admin = site.as_admin()
    seen = field(admin.get("/admin/plans/text").text, "seen")
    answer = admin.submit("/admin/plans/text", text="[plans\nmine", seen=seen)
    assert answer.status_code == 422
    assert "Line 1, column 7" in answer.text
    assert "[plans\nmine" in answer.text
    assert site.billing.administration.editing().draft is None


def test_two_who_edit_the_text_do_not_overwrite_each_other(site: Site) -> None:
    """The second is told, keeps the own text on the page, and saves nothing."""
    admin = site.as_admin()
    seen = field(admin.get("/admin/plans/text").text, "seen")
    assert admin.submit("/admin/plans/text", text=draft(site) + "# one\n", seen=seen).status_code == 303
    answer = admin.submit("/admin/plans/text", text="# the other", seen=seen)
    assert answer.status_code == 409
    assert "Somebody has edited the draft" in answer.text
    assert "# the other" in answer.text
    assert draft(site).endswith("# one\n")


def test_two_who_edit_a_plan_do_not_overwrite_each_other(site: Site) -> None:
    """Who opened the form before another saved is told, keeps what was typed, and sets no price back."""
    admin = site.as_admin()
    seen = field(admin.get("/admin/plans/team").text, "seen")
    usual = {"name": "Team", "public": "yes", "trial": "none", "seen": seen}
    assert admin.submit("/admin/plans/team", **usual, **row(was="0", amount="59")).status_code == 303
    late = admin.submit("/admin/plans/team", **usual, **row(was="0", amount="49"), description="Mine")
    assert late.status_code == 409
    assert "Somebody has changed this" in late.text
    assert "Mine" in late.text
    assert tomllib.loads(draft(site))["plans"]["team"]["prices"][0]["unit_amount"] == 5900


def test_a_plan_form_from_before_a_version_was_published_changes_nothing(site: Site) -> None:
    """A form that was open while another price was published does not put the old one into a draft."""
    admin = site.as_admin()
    seen = field(admin.get("/admin/plans/team").text, "seen")
    site.billing.push_plans(draft(site).replace("unit_amount = 4900", "unit_amount = 4700"))
    typed = {"name": "Team", "trial": "none", "seen": seen, **row(was="0", amount="49")}
    late = admin.submit("/admin/plans/team", **typed)
    assert late.status_code == 409
    assert site.billing.administration.editing().draft is None


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("/admin/features/seats", {"name": "Chairs", "kind": "limit"}, {"name": "Seats", "kind": "limit"}),
        ("/admin/settings/checkout", {"first_interval": "year"}, {"first_interval": "month"}),
    ],
)
def test_two_who_edit_a_feature_or_settings(
    site: Site, path: str, first: dict[str, str], second: dict[str, str]
) -> None:
    """The second is refused, and what the first saved stays."""
    admin = site.as_admin()
    seen = field(admin.get(path).text, "seen")
    usual = {"billing_address": "auto"} if "settings" in path else {}
    assert admin.submit(path, **usual, **first, seen=seen).status_code == 303
    saved = draft(site)
    late = admin.submit(path, **usual, **second, seen=seen)
    assert (late.status_code, late.json()["code"]) == (409, "draft_conflict")
    assert draft(site) == saved


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/admin/plans/team", "feature__projects"),
        ("/admin/plans/team", "seats_minimum"),
        ("/admin/plans/team", "price__0__was"),
        ("/admin/plans/keep", "version"),
        ("/admin/settings/billing", "days_until_due"),
    ],
)
@pytest.mark.parametrize("number", ["9" * 5000, "\u0663", "-1"])
def test_numbers_that_are_none_break_nothing(site: Site, path: str, name: str, number: str) -> None:
    """What is too long to be a number, or one of another script, is told as a mistake, or counts as none."""
    typed = {"name": "Team", "trial": "none", "seats": "yes", **row(), name: number}
    assert site.as_admin().submit(path, **typed).status_code in (303, 409, 422)


def test_a_draft_with_mistakes_is_shown_and_not_published(site: Site) -> None:
    """Line, column and remedy stand on the review page, every page says so, and publishing is refused."""
    admin = site.as_admin()
    admin.submit("/admin/features", key="extra", name="Extra", kind="limit")
    admin.submit("/admin/plans/team", name="Team", public="yes", trial="none", feature__extra="7", **row())
    admin.submit("/admin/features/extra", name="Extra", kind="switch")
    review = admin.get("/admin/plans/review").text
    assert re.search(r"Line \d+, column \d+", review)
    assert "It is a switch: write true or false." in review
    assert "/admin/plans/publish" not in review
    assert "The draft has 1 mistake" in admin.get("/admin/plans").text
    assert admin.submit("/admin/plans/publish", seen="").status_code == 409
    assert site.billing.catalog().version == 1


def test_nothing_to_review(site: Site) -> None:
    """Without a draft the page says so and publishes nothing."""
    admin = site.as_admin()
    assert "nothing waits to be" in admin.get("/admin/plans/review").text
    answer = admin.submit("/admin/plans/publish", seen="")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_draft")


def test_a_form_may_not_be_endless(site: Site) -> None:
    """Too many fields, and too long a text, are refused."""
    admin = site.as_admin()
    many = admin.post("/admin/plans", data={f"f{number}": "x" for number in range(2001)})
    assert many.status_code == 422
    seen = field(admin.get("/admin/plans/text").text, "seen")
    long = admin.submit("/admin/plans/text", text="#" * (LONGEST + 1), seen=seen)
    assert (long.status_code, long.json()["code"]) == (413, "draft_too_long")


@pytest.fixture
def api(site: Site) -> AdminClient:
    """A client of the API, with the token in its header."""
    client = site.as_admin()
    client.headers["X-CSRF-Token"] = client.get("/api/admin/plans").json()["csrf_token"]
    return client


def test_the_api_edits_compares_and_publishes(site: Site, api: AdminClient) -> None:
    """The draft is written, its differences are read, and the version that was seen is published."""
    text = draft(site)
    told = api.put(
        "/api/admin/plans", json={"text": text.replace("unit_amount = 4900", "unit_amount = 5900")}
    )
    assert told.status_code == 200, told.text
    answer = told.json()
    assert (answer["version"], answer["text"], answer["draft"]["mistakes"]) == (1, text, [])
    diff = api.get("/api/admin/plans/diff").json()
    assert (diff["version_now"], diff["version_next"]) == (1, 2)
    assert [change["key"] for change in diff["offers"]] == ["team"]
    stale = api.post("/api/admin/plans/publish", json={"fingerprint": "0"})
    assert (stale.status_code, stale.json()["code"]) == (409, "draft_conflict")
    pushed = api.post("/api/admin/plans/publish", json={"fingerprint": answer["draft"]["fingerprint"]})
    assert pushed.status_code == 200, pushed.text
    assert (pushed.json()["version"], pushed.json()["created"]) == (2, ["team_monthly"])
    assert site.billing.catalog().version == 2


def test_the_api_tells_mistakes(site: Site, api: AdminClient) -> None:
    """No TOML is refused with the place; other mistakes are kept and told; a draft can be dropped."""
    refused = api.put("/api/admin/plans", json={"text": "[plans"})
    assert (refused.status_code, refused.json()["code"]) == (422, "catalog_invalid")
    assert "line 1" in refused.json()["title"]
    kept = api.put("/api/admin/plans", json={"text": '[product]\nname = "X"\n'}).json()
    assert "There are no plans" in kept["draft"]["mistakes"][0]
    assert api.get("/api/admin/plans/diff").json()["code"] == "catalog_invalid"
    assert api.delete("/api/admin/plans/draft").json()["draft"] is None


def test_the_api_is_described(site: Site) -> None:
    """OpenAPI has the admin's routes, and none of the pages."""
    paths = site.as_nobody().get("/api/openapi.json").json()["paths"]
    assert {path for path in paths if "admin" in path} == {
        "/api/admin/plans", "/api/admin/plans/diff", "/api/admin/plans/publish", "/api/admin/plans/draft",
    }  # fmt: skip

"""The commands that hand out and erase what is kept about an account."""

import json
from pathlib import Path

from tests.cli.running import Tiergate
from tiergate.billing import Billing
from tiergate.settings import Settings

KEY, SECRET = "sk_test_accounts", "whsec_accounts"


def environment(tmp_path: Path) -> dict[str, str]:
    """A database with one account."""
    url = f"sqlite:///{tmp_path / 'tiergate.db'}"
    with Billing(Settings(url, KEY, (SECRET,))) as billing:
        billing.migrate()
        billing.register("acme", email="ada@acme.test", name="Ada")
    return {"DATABASE_URL": url, "STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET}


def test_export_prints_json(tiergate: Tiergate, tmp_path: Path) -> None:
    """What is printed can be piped on: it is JSON, and nothing else."""
    code, out, _ = tiergate("account", "export", "acme", **environment(tmp_path))
    assert (code, json.loads(out)["account"]["email"]) == (0, "ada@acme.test")


def test_erase_erases_and_may_be_repeated(tiergate: Tiergate, tmp_path: Path) -> None:
    """The second time it says so; afterwards the export holds nothing personal."""
    variables = environment(tmp_path)
    code, out, _ = tiergate("account", "erase", "acme", "--yes", "--by", "a clerk", **variables)
    assert (code, "is erased: " in out) == (0, True)
    code, out, _ = tiergate("account", "erase", "acme", "--yes", **variables)
    assert (code, "it was before" in out) == (0, True)
    _, out, _ = tiergate("account", "export", "acme", **variables)
    assert "ada" not in out.lower().replace("metadata", "")


def test_an_unknown_account_is_told(tiergate: Tiergate, tmp_path: Path) -> None:
    """A slip in the id is a sentence on standard error, and a failure."""
    code, _, err = tiergate("account", "erase", "acne", "--yes", **environment(tmp_path))
    assert (code, "There is no account 'acne'" in err) == (1, True)

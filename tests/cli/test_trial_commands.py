"""``tiergate trial``: started, extended and ended from the command line."""

from pathlib import Path

from tests.cli.running import KEY, NORTHWIND, Tiergate, configured
from tiergate.billing import Billing
from tiergate.settings import settings_from


def test_a_trial_from_the_command_line(tiergate: Tiergate, sandbox_url: str, tmp_path: Path) -> None:
    """A trial begins, lasts a week longer, and ends; what cannot be done is said with the remedy."""

    def run(*arguments: str) -> tuple[int, str, str]:
        return tiergate(*arguments, **configured(sandbox_url))

    (tmp_path / "billing.toml").write_text(NORTHWIND)
    assert KEY
    assert run("migrate")[0] == run("plans", "push")[0] == 0
    code, _, told = run("trial", "start", "ghost")
    assert code != 0
    assert "billing.register" in told
    environment = {**configured(sandbox_url), "DATABASE_URL": f"sqlite:///{tmp_path / 'tiergate.db'}"}
    with Billing(settings_from(environment)) as billing:
        billing.register("globex", email="g@globex.test")
    code, _, told = run("trial", "extend", "globex", "7")
    assert (code != 0, "tiergate trial start globex" in told) == (True, True)
    assert "globex tries team until" in run("trial", "start", "globex", "--plan", "team")[1]
    assert "lasts until" in run("trial", "extend", "globex", "7", "--by", "eve")[1]
    assert "trialing" in run("explain", "globex")[1]
    assert run("trial", "end", "globex")[1] == "The trial of globex has ended.\n"
    assert "canceled" in run("explain", "globex")[1]

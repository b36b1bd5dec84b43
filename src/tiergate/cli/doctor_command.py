"""``tiergate doctor``: is everything as it has to be, and if not, what to do."""

from collections.abc import Sequence

import typer

from tiergate.cli.opened import opened_billing
from tiergate.services.examination.finding import Finding

_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def doctor() -> None:
    """Examine the set-up: keys, webhooks, prices, portal, drift, stuck events, clock and migrations."""
    with opened_billing(check_schema=False) as billing:
        findings = billing.doctor()
    tell_findings(findings)
    warnings = sum(finding.verdict == "warning" for finding in findings)
    counted = "1 warning" if warnings == 1 else f"{warnings} warnings"
    typer.echo(f"\nNothing is broken; {counted}." if warnings else "\nAll is well.")


def tell_findings(findings: Sequence[Finding]) -> None:
    """Tell what was found; ends the command with status 1 where there are problems."""
    for finding in findings:
        typer.echo(f" {_MARKS[finding.verdict]} {finding.check:<18}{finding.message}")
        if finding.remedy:
            typer.echo(f"   {'':<18}→ {finding.remedy}")
    problems = [finding for finding in findings if finding.verdict == "problem"]
    if problems:
        counted = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        typer.echo(f"\n{counted} to repair.")
        raise typer.Exit(1)

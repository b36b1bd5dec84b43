"""The commands about the endpoint that Stripe sends its events to."""

from typing import TYPE_CHECKING, Annotated

import typer

from tiergate.cli.doctor_command import tell_findings
from tiergate.cli.environment import environment_here
from tiergate.cli.opened import opened_billing

if TYPE_CHECKING:
    from tiergate.stripe_api.gateway import Gateway

webhooks = typer.Typer(no_args_is_help=True, help="The endpoint that Stripe sends its events to.")


@webhooks.command()
def create(
    url: Annotated[str, typer.Argument(help="Its address, such as https://app.example.com/webhooks/stripe.")],
) -> None:
    """Register an endpoint at Stripe with exactly the events needed; again changes nothing."""
    from tiergate.services.examination.webhook_endpoints import register_webhooks

    endpoint = register_webhooks(_gateway(), url)
    if endpoint.secret is not None:
        typer.echo(f"{endpoint.url} is registered as {endpoint.id}.")
        typer.echo("Put its signing secret into the environment; it is shown this once:")
        typer.echo(f"STRIPE_WEBHOOK_SECRET={endpoint.secret}")
        return
    told = "is in line now" if endpoint.is_changed else "is registered already"
    typer.echo(f"{endpoint.url} {told}, as {endpoint.id}.")
    typer.echo("Its signing secret stays as it is; Stripe's dashboard shows it under Developers > Webhooks.")


@webhooks.command()
def check() -> None:
    """Compare the endpoint at Stripe with what is needed: events, API version, status."""
    with opened_billing(check_schema=False) as billing:
        findings = billing.check_webhooks()
    tell_findings(findings)


def _gateway() -> "Gateway":
    """Return the calls to Stripe, with the key alone: there is no webhook secret yet."""
    from tiergate.settings import secret_key_from
    from tiergate.stripe_api.gateway import Gateway

    environment = environment_here()
    return Gateway(secret_key_from(environment), environment.get("STRIPE_API_BASE") or None)

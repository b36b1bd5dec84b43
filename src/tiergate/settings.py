"""The settings, and how they are read from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from tiergate.rules.errors import TiergateError


class SettingsError(TiergateError):
    """A setting is missing or makes no sense; the remedy names the variable."""

    code = "settings_invalid"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a deployment decides. Secrets are never part of its ``repr``."""

    database_url: str
    stripe_secret_key: str = field(repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_base: str | None = None
    public_url: str = "http://localhost:8000"
    """Where the pages are reached from outside, with the path they are mounted under."""
    test_clock: str | None = None
    """A Stripe test clock for new customers; ignored in live mode."""

    def __post_init__(self) -> None:
        """Refuse what could only fail later, and less clearly."""
        if not self.stripe_secret_key.startswith(("sk_", "rk_")):
            raise SettingsError(
                "STRIPE_SECRET_KEY is missing or is no secret key.",
                "Copy the one that begins with sk_ or rk_ from Developers > API keys in your Stripe "
                "dashboard, or run: tiergate demo (it needs no key).",
            )
        if not self.stripe_webhook_secrets or not all(self.stripe_webhook_secrets):
            raise SettingsError(
                "STRIPE_WEBHOOK_SECRET is missing: without it Stripe's webhooks look like forgeries.",
                "Copy the endpoint's signing secret (whsec_…) from Developers > Webhooks in your Stripe "
                "dashboard, or the one that `stripe listen` prints.",
            )


def settings_from(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from environment variables; raises ``SettingsError``.

    ``DATABASE_URL`` may be any SQLAlchemy URL; without it a SQLite file in the working directory serves.
    ``STRIPE_WEBHOOK_SECRET`` may hold several secrets with commas between them.
    """
    given = os.environ if environment is None else environment
    secrets = (secret.strip() for secret in given.get("STRIPE_WEBHOOK_SECRET", "").split(","))
    return Settings(
        database_url=database_url(given.get("DATABASE_URL", "")),
        stripe_secret_key=given.get("STRIPE_SECRET_KEY", ""),
        stripe_webhook_secrets=tuple(secret for secret in secrets if secret),
        stripe_api_base=given.get("STRIPE_API_BASE") or None,
        public_url=given.get("TIERGATE_PUBLIC_URL", "http://localhost:8000").rstrip("/"),
        test_clock=given.get("TIERGATE_TEST_CLOCK") or None,
    )


def database_url(given: str) -> str:
    """Return the SQLAlchemy URL of a database, whichever of the usual spellings was given."""
    if not given:
        return "sqlite:///tiergate.db"
    for prefix in ("postgres://", "postgresql://"):
        if given.startswith(prefix):
            return "postgresql+psycopg://" + given.removeprefix(prefix)
    return given

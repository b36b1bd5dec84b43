"""The settings, and how they are read from the environment."""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tiergate.rules.errors import TiergateError
from tiergate.stripe_api.pace import LIVE_READS_PER_SECOND, TEST_READS_PER_SECOND

_MOST_DIGITS = 6
_SHORTEST_KEY = 32


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
    reconcile_every_hours: int = 24
    """How often the worker compares everything with Stripe; 0 is never."""
    stripe_reads_per_second: float | None = None
    """How fast Stripe is read in bulk, in calls per second; ``None`` is as fast as it answers."""

    view_cache: int = 100_000
    """How many accounts a process keeps in memory to answer checks from."""
    max_staleness_seconds: float = 5.0
    """For how long memory is believed without hearing of what others change."""
    country_header: str | None = None
    """The header in which a proxy of yours names the visitor's country; without it none is believed."""
    stripe_prices: Mapping[str, str] = field(default_factory=dict)
    """The variables ``STRIPE_PRICE_…``, which ``stripe_price`` in the file may name: ids of prices."""
    sign_up_url: str = ""
    """Where somebody who is not signed in goes to get a plan, with the wish in its query."""
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """What links to the billing page are signed with; the first signs, all are believed."""
    templates: Path | None = None
    """A folder whose templates replace the package's own of the same name."""
    translations: Path | None = None
    """A folder with a file for each language that is added, or said otherwise: ``fr.toml``."""
    languages: tuple[str, ...] = ()
    """The languages that pages are offered in, the first for who asks for no other; empty for all."""

    def __post_init__(self) -> None:
        """Refuse what could only fail later, and less clearly."""
        _require_secret_key(self.stripe_secret_key)
        if not self.stripe_webhook_secrets or not all(self.stripe_webhook_secrets):
            raise SettingsError(
                "STRIPE_WEBHOOK_SECRET is missing: without it Stripe's webhooks look like forgeries.",
                "Copy the endpoint's signing secret (whsec_…) from Developers > Webhooks in your Stripe "
                "dashboard, or the one that `stripe listen` prints.",
            )
        if any(len(key) < _SHORTEST_KEY for key in self.secret_keys):
            raise SettingsError(
                f"TIERGATE_SECRET_KEY has fewer than {_SHORTEST_KEY} characters: it could be guessed.",
                "Set it to a random text, for instance what this prints: openssl rand -base64 36",
            )


def secret_key_from(environment: Mapping[str, str]) -> str:
    """Read Stripe's secret key alone, for what comes before webhooks; raises ``SettingsError``."""
    return _require_secret_key(environment.get("STRIPE_SECRET_KEY", ""))


def _require_secret_key(key: str) -> str:
    if not key.startswith(("sk_", "rk_")):
        raise SettingsError(
            "STRIPE_SECRET_KEY is missing or is no secret key.",
            "Copy the one that begins with sk_ or rk_ from Developers > API keys in your Stripe "
            "dashboard, or run: tiergate demo (it needs no key).",
        )
    return key


def settings_from(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from environment variables; raises ``SettingsError``.

    ``DATABASE_URL`` may be any SQLAlchemy URL; without it a SQLite file in the working directory serves.
    ``STRIPE_WEBHOOK_SECRET`` and ``TIERGATE_SECRET_KEY`` may hold several with commas between them.
    """
    given = os.environ if environment is None else environment
    return Settings(
        database_url=database_url(given.get("DATABASE_URL", "")),
        stripe_secret_key=given.get("STRIPE_SECRET_KEY", ""),
        stripe_webhook_secrets=_secrets(given, "STRIPE_WEBHOOK_SECRET"),
        stripe_api_base=given.get("STRIPE_API_BASE") or None,
        public_url=given.get("TIERGATE_PUBLIC_URL", "http://localhost:8000").rstrip("/"),
        test_clock=given.get("TIERGATE_TEST_CLOCK") or None,
        reconcile_every_hours=_whole(given, "TIERGATE_RECONCILE_EVERY_HOURS", 24),
        stripe_reads_per_second=_reads_per_second(given),
        view_cache=max(1, int(_positive(given, "TIERGATE_VIEW_CACHE", 100_000))),
        max_staleness_seconds=_positive(given, "TIERGATE_MAX_STALENESS_SECONDS", 5.0),
        country_header=_header_name(given.get("TIERGATE_COUNTRY_HEADER", "")),
        stripe_prices={
            name: value for name, value in given.items() if value and name.startswith("STRIPE_PRICE_")
        },
        sign_up_url=_address(given, "TIERGATE_SIGN_UP_URL"),
        secret_keys=_secrets(given, "TIERGATE_SECRET_KEY"),
        templates=_folder(given, "TIERGATE_TEMPLATES", "templates"),
        translations=_folder(given, "TIERGATE_TRANSLATIONS", "languages"),
        languages=_languages(given.get("TIERGATE_LANGUAGES", "")),
    )


def _secrets(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(secret for told in given.get(name, "").split(",") if (secret := told.strip()))


def form_keys(settings: Settings) -> tuple[str, ...]:
    """Return what the tokens of forms are made with: forms need a key also where no link is handed out."""
    secrets = settings.secret_keys or (settings.stripe_secret_key,)
    return tuple(hmac.new(secret.encode(), b"forms", hashlib.sha256).hexdigest() for secret in secrets)


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    told = given.get(name) or str(default)
    if not told.isdecimal() or len(told) > _MOST_DIGITS:
        raise SettingsError(f"{name} cannot be {told!r}.", f"Write a whole number, such as {default}.")
    return int(told)


def _address(given: Mapping[str, str], name: str) -> str:
    told = given.get(name, "")
    if told and not re.fullmatch(r"https?://\S+|/(?![/\\])\S*", told):
        raise SettingsError(
            f"{name} cannot be {told!r}.", 'Write "https://…", or a path that begins with "/".'
        )
    return told


def _languages(told: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(language.strip() for language in told.split(",") if language.strip()))
    for language in found:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            raise SettingsError(
                f"TIERGATE_LANGUAGES cannot name {language!r}.", "Write languages with commas, such as de,en."
            )
    return found


def _folder(given: Mapping[str, str], name: str, of: str) -> Path | None:
    told = given.get(name)
    if not told:
        return None
    if not Path(told).is_dir():
        raise SettingsError(f"{name} is {told!r}, which is no folder.", f"Name the folder of your {of}.")
    return Path(told)


def _header_name(told: str) -> str | None:
    if told and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", told):
        raise SettingsError(
            f"TIERGATE_COUNTRY_HEADER cannot be {told!r}.", "Write a header's name, such as CF-IPCountry."
        )
    return told or None


def _reads_per_second(given: Mapping[str, str]) -> float | None:
    """Return the pace that was set, or what Stripe allows; a sandbox knows no limit."""
    told = given.get("TIERGATE_STRIPE_READS_PER_SECOND")
    if not told:
        if given.get("STRIPE_API_BASE"):
            return None
        live = given.get("STRIPE_SECRET_KEY", "").startswith(("sk_live_", "rk_live_"))
        return LIVE_READS_PER_SECOND if live else TEST_READS_PER_SECOND
    return _positive(given, "TIERGATE_STRIPE_READS_PER_SECOND", 0)


def _positive(given: Mapping[str, str], name: str, default: float) -> float:
    """Return a number above 0; ``default`` where it is not set. Raises ``SettingsError``."""
    told = given.get(name)
    if not told:
        return default
    try:
        number = float(told)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise SettingsError(
            f"{name} cannot be {told!r}.", "Write a number above 0, such as 20, or leave it out."
        )
    return number


def database_url(given: str) -> str:
    """Return the SQLAlchemy URL of a database, whichever of the usual spellings was given."""
    if not given:
        return "sqlite:///tiergate.db"
    for prefix in ("postgres://", "postgresql://"):
        if given.startswith(prefix):
            return "postgresql+psycopg://" + given.removeprefix(prefix)
    return given

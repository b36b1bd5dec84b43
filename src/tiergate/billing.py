"""Billing: the object that a host holds. It puts settings, store, Stripe and clock together."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tiergate.real_time import now as real_now
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision
from tiergate.rules.errors import TiergateError
from tiergate.services.advance_clock import advance_clock
from tiergate.services.answer_check import answer_check
from tiergate.services.context import Context
from tiergate.services.describe_account import AccountView, describe_account
from tiergate.services.explain import Explanation, explain
from tiergate.services.follow_checkout import follow_checkout
from tiergate.services.ingest_webhook import ingest_webhook
from tiergate.services.load_catalog import load_catalog
from tiergate.services.push_plans import Pushed, push_plans
from tiergate.services.register_account import Details, register_account
from tiergate.services.run_due import run_due
from tiergate.services.start_checkout import start_checkout
from tiergate.settings import Settings, settings_from
from tiergate.store import Database
from tiergate.store.checkout_rows import Checkout, find_checkout
from tiergate.store.empty_tables import empty_tables, other_accounts
from tiergate.store.migrate import check_schema, upgrade_database
from tiergate.stripe_api.gateway import Gateway
from tiergate.worker import Worker

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tiergate.web.identity import AccountOf


class NotADemoError(TiergateError):
    """The database belongs to somebody: a demo must not empty it."""

    code = "not_a_demo"


class Billing:
    """Self-serve billing for one application. Safe to share between threads.

    Every method works on the local mirror, apart from ``start_checkout``, ``follow_checkout``, ``run_due``,
    ``push_plans`` and ``advance_clock``, which may call Stripe and then may raise
    ``StripeUnavailableError`` or ``StripeRefusedError``.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        account_of: "AccountOf | None" = None,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        """Put everything together; without ``settings`` they are read from the environment.

        ``account_of`` says which account a request to the web application acts for; without it nobody is
        signed in there. Nothing is contacted yet. Raises ``SettingsError``.
        """
        self._account_of = account_of
        self.settings = settings or settings_from()
        self._context = Context(
            database=Database(self.settings.database_url),
            gateway=Gateway(self.settings.stripe_secret_key, self.settings.stripe_api_base),
            now=now,
            webhook_secrets=self.settings.stripe_webhook_secrets,
            public_url=self.settings.public_url,
            test_clock=self.settings.test_clock,
        )
        self._worker = Worker(self.run_due)

    @cached_property
    def asgi(self) -> "FastAPI":
        """The web application: pages, API and webhook, to be mounted in the host's own or served alone.

        ``TIERGATE_PUBLIC_URL`` has to name the path it is mounted under.
        """
        from tiergate.web.app import create_app
        from tiergate.web.identity import nobody

        return create_app(self, self._account_of or nobody)

    def migrate(self) -> None:
        """Bring the database to this code's schema. Raises ``SchemaTooNewError``."""
        upgrade_database(self._context.database)

    def begin_anew(self, account_id: str) -> None:
        """Empty the database of a demo whose only account is this one.

        Raises ``NotADemoError`` where there are other accounts, and leaves everything as it is.
        """
        with self._context.database.write() as tx:
            others = other_accounts(tx, account_id)
            if others:
                counted = "1 other account" if others == 1 else f"{others} other accounts"
                raise NotADemoError(
                    f"The database holds {counted}: it is not a demo's.",
                    "Point DATABASE_URL at an empty database.",
                )
            empty_tables(tx)

    def check_schema(self) -> None:
        """Make sure that this code can work with the database as it is.

        Raises ``SchemaTooOldError`` and ``SchemaTooNewError``.
        """
        with self._context.database.read() as connection:
            check_schema(connection)

    def register(
        self,
        account_id: str,
        *,
        email: str | None = None,
        name: str | None = None,
        locale: str | None = None,
        time_zone: str | None = None,
        members: int | None = None,
        signed_up_at: datetime | None = None,
        channel: str | None = None,
    ) -> None:
        """Make one of the host's accounts known, or bring it up to date; what is not given stays.

        ``time_zone`` is an IANA name, ``members`` the number of people in the account, ``channel`` how it
        came (``self_serve``, ``sales``). Raises ``UnknownTimeZoneError``.
        """
        details = Details(
            email=email,
            name=name,
            locale=locale,
            time_zone=time_zone,
            members=members,
            signed_up_at=signed_up_at,
            channel=channel,
        )
        register_account(self._context, account_id, details)

    def check(self, account_id: str, feature: str) -> Decision:
        """Answer whether an account may use a feature, why, and until when that holds.

        Raises ``UnknownAccountError`` and ``UnknownFeatureError``.
        """
        return answer_check(self._context, account_id, feature)

    def start_checkout(self, account_id: str, plan: str, interval: str = "month") -> str:
        """Return the address of Stripe's checkout page for a plan; safe to call again and again.

        Raises ``AlreadySubscribedError``, ``UnknownPlanError`` and ``UnknownAccountError``.
        """
        return start_checkout(self._context, account_id, plan, interval)

    def follow_checkout(self, session_id: str) -> str | None:
        """Ask Stripe what became of a checkout and mirror it; returns the session's status.

        ``None`` for a session that was not started here.
        """
        return follow_checkout(self._context, session_id)

    def checkout(self, session_id: str) -> Checkout | None:
        """Return a checkout that was started here, as far as it is known."""
        with self._context.database.read() as tx:
            return find_checkout(tx, session_id)

    def ingest_webhook(self, body: bytes, signature: str | None) -> str:
        """Take in one webhook delivery: the raw body and the ``Stripe-Signature`` header.

        Returns the event's id. Raises ``SignatureError`` and ``UnreadableEventError``.
        """
        return ingest_webhook(self._context, body, signature)

    def run_due(self) -> int:
        """Do what time has made due, and return how many accounts were looked at."""
        return run_due(self._context)

    def describe(self, account_id: str) -> AccountView:
        """Describe an account and the subscription it rests on. Raises ``UnknownAccountError``."""
        return describe_account(self._context, account_id)

    def explain(self, account_id: str) -> Explanation:
        """Tell what an account has, why, and what comes next. Raises ``UnknownAccountError``."""
        return explain(self._context, account_id)

    def catalog(self) -> Catalog:
        """Return the catalogue in force. Raises ``NoPlansError``."""
        with self._context.database.read() as tx:
            return load_catalog(tx)

    def push_plans(self, text: str, file_name: str = "billing.toml") -> Pushed:
        """Publish the text of a catalogue file, here and at Stripe. Raises ``CatalogError``."""
        return push_plans(self._context, text, file_name)

    def advance_clock(self, test_clock: str, by: timedelta, pause: Callable[[], None]) -> datetime:
        """Move a Stripe test clock, wait for it with ``pause``, and return what it shows then."""
        return advance_clock(self._context, test_clock, by, pause)

    def start(self, every_seconds: float = 30.0) -> None:
        """Start a thread that calls ``run_due`` regularly. Call it in each process, after any fork."""
        self._worker.start(every_seconds)

    def close(self) -> None:
        """Stop the thread and give all connections back."""
        self._worker.stop()
        self._context.database.close()

    def ping(self) -> None:
        """Make sure that the database answers."""
        with self._context.database.read() as connection:
            connection.exec_driver_sql("SELECT 1")

    def __enter__(self) -> "Billing":
        """Use as a context manager that closes at the end."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Close."""
        self.close()

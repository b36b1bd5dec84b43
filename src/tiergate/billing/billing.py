"""Billing: the object that a host holds. It puts settings, store, Stripe and clock together."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tiergate.billing.access import BillingAccess
from tiergate.billing.changes import Changes
from tiergate.billing.checkout import BillingCheckout
from tiergate.billing.plans import BillingPlans
from tiergate.billing.trials import BillingTrials
from tiergate.real_time import now as real_now
from tiergate.rules.catalog import FeatureValue
from tiergate.rules.decision import Decision
from tiergate.rules.payment_problem import PaymentProblem
from tiergate.services.access.access_change import Callback
from tiergate.services.access.answer_check import FeatureRefusedError
from tiergate.services.access.check_desk import CheckDesk
from tiergate.services.access.consume_usage import Consumed, consume, release
from tiergate.services.access.deliver_changes import listen
from tiergate.services.access.describe_account import AccountView, describe_account
from tiergate.services.access.enforce import enforce
from tiergate.services.access.explain import Explanation, explain
from tiergate.services.access.grant_access import GrantDetails, grant_access, revoke_grant
from tiergate.services.accounts.register_account import Details, register_account
from tiergate.services.administration.administration import Administration
from tiergate.services.advance_clock import advance_clock
from tiergate.services.begin_anew import begin_anew
from tiergate.services.changes.why_unpaid import why_account_unpaid
from tiergate.services.context import Context
from tiergate.services.examination.doctor import examine
from tiergate.services.examination.finding import Finding
from tiergate.services.examination.webhook_endpoints import check_webhooks
from tiergate.services.reconcile.adopt import Adopted, Choices, Progress, adopt
from tiergate.services.reconcile.reconcile import Reconciled, Tell, reconcile
from tiergate.services.run_due import run_due
from tiergate.services.webhooks.ingest_webhook import aingest_webhook, ingest_webhook, wait_until_told
from tiergate.services.webhooks.replay_event import replay_event, show_event
from tiergate.settings import Settings, form_keys, settings_from
from tiergate.store import Database, Transaction
from tiergate.store.event_log import LoggedEvent, logged_events
from tiergate.store.migrate import check_schema, upgrade_database
from tiergate.stripe_api.gateway import Gateway
from tiergate.stripe_api.pace import Pace, no_hurry
from tiergate.translation_files import read_translations
from tiergate.worker import Worker

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tiergate.web.identity import AccountOf


_LAST_WORDS_SECONDS = 5.0


class Billing(BillingCheckout, BillingPlans, BillingTrials, BillingAccess, Changes):
    """Self-serve billing for one application. Safe to share between threads.

    Checks are answered from memory, everything else from the local mirror, apart from ``run_due``,
    ``enforce``, ``reconcile``, ``adopt``, ``doctor``, ``check_webhooks``, ``advance_clock`` and what
    ``BillingCheckout``, ``BillingPlans``, ``BillingTrials`` and ``Changes`` name: these may call Stripe, and
    may raise ``StripeUnavailableError`` or ``StripeRefusedError``.
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
            pace=self._pace(),
            reconcile_every=timedelta(hours=self.settings.reconcile_every_hours) or None,
            stripe_prices=self.settings.stripe_prices,
            translations=read_translations(self.settings.translations, self.settings.languages),
            secret_keys=self.settings.secret_keys,
            form_keys=form_keys(self.settings),
        )
        self.administration = Administration(self._context)
        self._worker = Worker(self.run_due)
        self._desk = CheckDesk(self._context, self.settings.view_cache, self.settings.max_staleness_seconds)

    def _pace(self) -> Callable[[], None]:
        per_second = self.settings.stripe_reads_per_second
        return Pace(per_second) if per_second else no_hurry

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
        begin_anew(self._context, account_id)

    def check_schema(self) -> None:
        """Raise ``SchemaTooOldError`` or ``SchemaTooNewError`` where this code cannot use the database."""
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

    def allowed(self, account_id: str, feature: str, *, connection: Transaction | None = None) -> bool:
        """Answer yes or no, as ``check`` does with the grounds."""
        if connection is not None:
            return self._desk.check_within(connection, account_id, feature).allowed
        return self._desk.allowed(account_id, feature)

    def check(self, account_id: str, feature: str, *, connection: Transaction | None = None) -> Decision:
        """Answer whether an account may use a feature, why, and until when that holds.

        The answer comes from memory; an account that is not there is read first. With ``connection``, one of
        the host's on the same database, it comes from the host's own transaction. Raises
        ``UnknownAccountError`` and ``UnknownFeatureError``.
        """
        if connection is not None:
            return self._desk.check_within(connection, account_id, feature)
        return self._desk.check(account_id, feature)

    async def acheck(self, account_id: str, feature: str) -> Decision:
        """Answer as ``check`` does; an account that is not in memory is read in a thread."""
        known = self._desk.remembered(account_id, feature)
        if known is not None:
            return known
        return await asyncio.to_thread(self._desk.check, account_id, feature)

    def require(self, account_id: str, feature: str, *, connection: Transaction | None = None) -> Decision:
        """Answer as ``check`` does, and raise ``FeatureRefusedError`` where that is a refusal."""
        decision = self.check(account_id, feature, connection=connection)
        if not decision.allowed:
            raise FeatureRefusedError(decision)
        return decision

    def warm(self) -> int:
        """Load all accounts into memory, or as many as are kept there, and return how many that are."""
        return self._desk.warm()

    def consume(
        self, account_id: str, feature: str, n: int = 1, *, key: str, connection: Transaction | None = None
    ) -> Consumed:
        """Use ``n`` of a limited or metered feature if the account may now; one ``key`` never counts twice.

        With ``connection``, the host's own on the same database, it counts in the host's transaction or not
        at all. Raises ``UnknownAccountError``, ``UnknownFeatureError`` and ``UsageError``.
        """
        return consume(self._context, account_id, feature, n, key=key, connection=connection)

    def release(self, account_id: str, feature: str, n: int = 1, *, key: str) -> Consumed:
        """Give back ``n`` of what there may be so many of at once; one ``key`` never gives back twice.

        Raises ``UnknownAccountError``, ``UnknownFeatureError`` and ``UsageError``.
        """
        return release(self._context, account_id, feature, n, key=key)

    def on_access_changed(self, callback: Callback, *, in_transaction: bool = False) -> Callback:
        """Have ``callback`` told of each ``AccessChange``, in order, again until it returns; a decorator too.

        It is told at least once, with a stable ``key``. With ``in_transaction`` the change has the
        ``connection`` of the transaction that notes it as told: what is written through that happens exactly
        once. (On SQLite nothing else can be written meanwhile.) Raises ``AlreadyListeningError``.
        """
        listen(self._context, callback, in_transaction=in_transaction)
        return callback

    def enforce(self, account_id: str | None = None) -> int:
        """Look at one account now, or at all whose time has come, and tell the callback what has changed.

        Returns how many changes it was told. Raises ``UnknownAccountError``.
        """
        return enforce(self._context, account_id)

    def grant(
        self,
        account_id: str,
        kind: str,
        *,
        plan: str | None = None,
        features: Mapping[str, FeatureValue] | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        note: str = "",
        granted_by: str = "",
    ) -> str:
        """Give an account access by hand, and return the grant's id.

        ``kind`` is ``comp`` (a plan, for nothing), ``extension`` (its trial lasts until ``ends_at``),
        ``add_on`` (features on top: numbers add up) or ``override`` (features as agreed). It holds from now,
        or ``starts_at``, until ``ends_at`` or until it is revoked; instants are the account's time.
        Raises ``GrantError``, ``UnknownAccountError``, ``UnknownPlanError`` and ``UnknownFeatureError``.
        """
        details = GrantDetails(kind, plan, features or {}, starts_at, ends_at, note, granted_by)
        return grant_access(self._context, account_id, details)

    def revoke(self, account_id: str, grant_id: str, by: str = "") -> None:
        """Take a grant back from now on. Raises ``UnknownGrantError`` and ``UnknownAccountError``."""
        revoke_grant(self._context, account_id, grant_id, by)

    def ingest_webhook(self, body: bytes, signature: str | None, *, tells_later: bool = False) -> str:
        """Take in one webhook delivery: the raw body and the ``Stripe-Signature`` header.

        When this returns the event is durable, applied, and told. A route that answers Stripe sets
        ``tells_later``: then threads tell what follows a moment later, and ``run_due`` does if the process
        ends before. Returns the event's id. Raises ``SignatureError`` and ``UnreadableEventError``.
        """
        return ingest_webhook(self._context, body, signature, tells_later=tells_later)

    async def aingest_webhook(self, body: bytes, signature: str | None) -> str:
        """Take in one webhook delivery without blocking the event loop; for a route that answers Stripe.

        When this returns the event is durable and applied; a moment later it is told as well. The same as
        ``ingest_webhook`` with ``tells_later``.
        """
        return await aingest_webhook(self._context, body, signature)

    def run_due(self) -> int:
        """Do what time has made due, and return how many accounts were looked at."""
        return run_due(self._context)

    def describe(self, account_id: str) -> AccountView:
        """Describe an account and the subscription it rests on. Raises ``UnknownAccountError``."""
        return describe_account(self._context, account_id)

    def why_unpaid(self, view: AccountView) -> PaymentProblem | None:
        """Ask Stripe, briefly, why an account's open invoice is not paid; ``None`` where nobody knows."""
        return why_account_unpaid(self._context, view)

    def explain(self, account_id: str, feature: str | None = None, at: datetime | None = None) -> Explanation:
        """Tell what an account has, why, and what comes next; of one feature, and at another instant.

        Print it, or take ``as_json()``. Raises ``UnknownAccountError`` and ``UnknownFeatureError``.
        """
        return explain(self._context, account_id, feature, at)

    def check_webhooks(self) -> list[Finding]:
        """Compare the webhook endpoint at Stripe with what is needed."""
        return list(check_webhooks(self._context))

    def advance_clock(self, test_clock: str, by: timedelta, pause: Callable[[], None]) -> datetime:
        """Move a Stripe test clock, wait for it with ``pause``, and return what it shows then."""
        return advance_clock(self._context, test_clock, by, pause)

    def reconcile(
        self,
        account_id: str | None = None,
        *,
        dry_run: bool = False,
        tell: Tell = lambda _difference: None,
    ) -> Reconciled:
        """Compare one account, or all that is mirrored, with Stripe; repair what differs and report it.

        ``dry_run`` only reports; ``tell`` hears of each difference as it is found. Calls Stripe, at the pace
        that its rate limit allows. Raises ``UnknownAccountError``.
        """
        return reconcile(self._context, account_id, dry_run=dry_run, tell=tell)

    def adopt(
        self,
        choices: Choices | None = None,
        progress: Progress = lambda _what, _count: None,
    ) -> Adopted:
        """Take over an existing Stripe account: all customers and subscriptions, linked to accounts.

        Interrupted, it goes on where it was. Calls Stripe. Raises ``AdoptingError`` and ``UnknownPlanError``.
        """
        return adopt(self._context, choices, progress)

    def doctor(self) -> list[Finding]:
        """Examine keys, webhooks, prices, portal, drift, stuck events, the clock and the tables."""
        return examine(self._context)

    def events(
        self,
        *,
        state: str | None = None,
        event_type: str | None = None,
        account_id: str | None = None,
        limit: int = 50,
    ) -> list[LoggedEvent]:
        """Return the newest of Stripe's events that fit, the newest first, without their payloads."""
        with self._context.database.read() as tx:
            return logged_events(tx, state=state, event_type=event_type, account_id=account_id, limit=limit)

    def event(self, event_id: str) -> tuple[LoggedEvent, str]:
        """Return what became of an event, and its payload. Raises ``UnknownEventError``."""
        return show_event(self._context, event_id)

    def replay_event(self, event_id: str) -> LoggedEvent:
        """Apply an event once more, and return what became of it. Raises ``UnknownEventError``."""
        return replay_event(self._context, event_id)

    def start(self, every_seconds: float = 30.0) -> None:
        """Start a thread that calls ``run_due`` regularly. Call it in each process, after any fork.

        Another one begins to hear what other processes change, which otherwise the first check begins.
        """
        self._desk.follow()
        self._worker.start(every_seconds)

    def wait_until_told(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until this process has told what its webhooks led to; false when time ran out."""
        return wait_until_told(self._context, timeout_seconds)

    def close(self) -> None:
        """Tell what webhooks led to, stop the threads, and give all connections back."""
        self.wait_until_told(_LAST_WORDS_SECONDS)
        self._worker.stop()
        self._desk.close()
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

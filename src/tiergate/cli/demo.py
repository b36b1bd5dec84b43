"""``tiergate demo``: a sandbox and an application side by side, with a product and an account in them."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import FrameType

import httpx2
from fastapi import Request
from starlette.middleware.trustedhost import TrustedHostMiddleware

from tiergate.billing import Billing
from tiergate.cli.environment import DEMO_ACCOUNT, DEMO_FOLDER, forget_demo, remember_demo
from tiergate.cli.logs import write_logs
from tiergate.cli.serving import require_free_port, serve_app
from tiergate.real_time import now
from tiergate.rules.billing_settings import AfterLastRetry, BillingSettings
from tiergate.rules.errors import TiergateError
from tiergate.services.examination.webhook_endpoints import register_webhooks
from tiergate.settings import Settings, database_url
from tiergate.stripe_api.gateway import Gateway

_LOG = DEMO_FOLDER / "demo.log"
_SANDBOX_KEY = "sk_test_tiergate_demo"
_AUTHORIZATION = {"Authorization": f"Bearer {_SANDBOX_KEY}"}
_WORK_EVERY_SECONDS = 1.0
_RETRY_AFTER_SECONDS = "1,5,30,60,300,900,3600"
_SANDBOX_PATIENCE_SECONDS = 20.0
_ADMIN = "admin@northwind.example"
_PASSWORD_BYTES = 12
_AFTER_RETRIES = {
    AfterLastRetry.CANCEL: "cancel",
    AfterLastRetry.UNPAID: "mark_unpaid",
    AfterLastRetry.PAST_DUE: "leave_past_due",
}

_WELCOME = """
  Northwind is open for business.

    Pricing   {public_url}/pricing
    Billing   {public_url}/billing        signed in as Acme Inc.
    Admin     {public_url}/admin          {admin}, password {password}
    Sandbox   {sandbox_url}/              a small Stripe: customers, clocks, events

  Try it: {to_try}

    {command} explain
    {command} clock advance 14d

  and look at the billing page again. To pay, use the card 4242 4242 4242 4242.
  Stop with Ctrl-C. The log is in {log}.
"""


_TRY = "start a trial of Team, then in another terminal, in this folder"
_TRIES = "Acme Inc. has tried Team since its sign-up. In another terminal, in this folder"


class DemoError(TiergateError):
    """The demo could not be started."""

    code = "demo_failed"


def run_demo(port: int, sandbox_port: int, *, reverse_trial: bool = False) -> None:
    """Serve the demo until it is told to stop; each start begins a new life, with a reverse trial if wanted.

    Raises ``PortInUseError`` before anything is started, and ``DemoError``.
    """
    require_free_port("127.0.0.1", port)
    require_free_port("127.0.0.1", sandbox_port, "--sandbox-port")
    _end_like_ctrl_c()
    shutil.rmtree(DEMO_FOLDER, ignore_errors=True)
    DEMO_FOLDER.mkdir()
    with _sandbox(sandbox_port) as sandbox_url:
        settings = _prepare_stripe(sandbox_url, port)
        with Billing(settings, account_of=_acme) as billing:
            password = secrets.token_urlsafe(_PASSWORD_BYTES)
            _furnish(billing, password, reverse_trial)
            _set_billing(billing.catalog().billing, sandbox_url)
            left = {"TIERGATE_DEMO_ADMIN": f"{_ADMIN} {password}", "TIERGATE_LOG_FILE": str(_LOG.absolute())}
            remember_demo({**_variables(settings), **left})
            try:
                _serve(billing, port, sandbox_url, password, _TRIES if reverse_trial else _TRY)
            finally:
                forget_demo()


def _end_like_ctrl_c() -> None:
    """Let a kill, or a closed terminal, unwind the demo: the sandbox must not outlive it."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    def hang_up(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGTERM)  # which the server knows how to end on

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, hang_up)


def _serve(billing: Billing, port: int, sandbox_url: str, password: str, to_try: str) -> None:
    write_logs(str(_LOG))
    billing.start(every_seconds=_WORK_EVERY_SECONDS)
    command = os.path.relpath(Path(sys.argv[0]).absolute())
    sys.stdout.write(
        _WELCOME.format(
            public_url=billing.settings.public_url,
            sandbox_url=sandbox_url,
            command=command,
            log=_LOG,
            to_try=to_try,
            admin=_ADMIN,
            password=password,
        )
    )
    sys.stdout.flush()
    # Everybody is Acme here, so nobody may come by way of another website's name for this machine.
    app = TrustedHostMiddleware(billing.asgi, ["localhost", "127.0.0.1"])
    serve_app(app, "127.0.0.1", port)


def _acme(_request: Request) -> str:
    """Sign every visitor in as the demo's one account."""
    return DEMO_ACCOUNT


@contextmanager
def _sandbox(port: int) -> Iterator[str]:
    """Run the sandbox as a process of its own, as a stranger would."""
    log = (DEMO_FOLDER / "sandbox.log").open("wb")
    # Ids of its own at every start: what an earlier life left in a database is never taken for this one's.
    seed = str(secrets.randbits(32))
    command = [sys.executable, "-m", "tiergate_sandbox", "serve", "--port", str(port), "--seed", seed]
    command += [
        "--while-stdin-open",
        "--setting",
        "relaxed_clocks=true",
        "--retry-after",
        _RETRY_AFTER_SECONDS,
    ]
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        command, stdin=subprocess.PIPE, stdout=log, stderr=log
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)
        log.close()


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _SANDBOX_PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx2.get(f"{url}/v1/account", headers=_AUTHORIZATION).raise_for_status()
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise DemoError("The sandbox did not start.", f"Read why in {DEMO_FOLDER / 'sandbox.log'}.")


def _listen_secret(sandbox_url: str) -> str:
    """Return the secret that ``stripe listen`` prints here, so that what it forwards is verified too."""
    form = {"device_name": "tiergate demo", "websocket_features[]": "webhooks"}
    answer = httpx2.post(f"{sandbox_url}/v1/stripecli/sessions", data=form, headers=_AUTHORIZATION)
    return str(answer.raise_for_status().json()["secret"])


def _prepare_stripe(sandbox_url: str, port: int) -> Settings:
    """Make the test clock and the webhook endpoint, as ``tiergate`` users do once at Stripe."""
    gateway = Gateway(_SANDBOX_KEY, sandbox_url)
    clock = gateway.create_test_clock(now(), "Northwind demo", "demo:clock").body
    endpoint = register_webhooks(gateway, f"http://127.0.0.1:{port}")
    default_database = f"sqlite:///{DEMO_FOLDER / 'tiergate.db'}"
    return Settings(
        database_url=database_url(os.environ.get("DATABASE_URL", default_database)),
        stripe_secret_key=_SANDBOX_KEY,
        stripe_webhook_secrets=(endpoint.secret or "", _listen_secret(sandbox_url)),
        stripe_api_base=sandbox_url,
        public_url=f"http://localhost:{port}",
        test_clock=str(clock["id"]),
        translations=Path(str(files("tiergate.demo") / "languages")),
    )


def _set_billing(billing: BillingSettings, sandbox_url: str) -> None:
    """Set at the sandbox what a founder sets in Stripe's dashboard: when to retry, and what then."""
    settings = {
        "retry_after_days": list(billing.retry_after_days),
        "after_retries": _AFTER_RETRIES[billing.after_last_retry],
    }
    httpx2.post(f"{sandbox_url}/_sandbox/settings", json=settings).raise_for_status()


def _furnish(billing: Billing, password: str, reverse_trial: bool) -> None:
    billing.migrate()
    billing.begin_anew(DEMO_ACCOUNT)
    text = (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")
    if reverse_trial:
        before, team, after = text.partition("[plans.team]")
        text = before + team + after.replace('card = "not_required"', 'model = "reverse_trial"', 1)
    billing.push_plans(text, "northwind.toml")
    billing.register(DEMO_ACCOUNT, name="Acme Inc.", email="ap@acme.test", channel="self_serve")
    billing.administration.add(_ADMIN, password)


def _variables(settings: Settings) -> dict[str, str]:
    return {
        "DATABASE_URL": settings.database_url,
        "STRIPE_SECRET_KEY": settings.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": ",".join(settings.stripe_webhook_secrets),
        "STRIPE_API_BASE": settings.stripe_api_base or "",
        "TIERGATE_PUBLIC_URL": settings.public_url,
        "TIERGATE_TEST_CLOCK": settings.test_clock or "",
    }

"""Serves dj-stripe's webhook with two processes of gunicorn; the first line that it prints is its port.

Runs in dj-stripe's own environment, where alone its packages are installed. ``DATABASE`` is the folder of
PostgreSQL's socket and the database's name, with a colon between; ``ENDPOINT`` is the UUID in the address
of the webhook.
"""

import os
import socket
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import include, path
from gunicorn.app.base import BaseApplication

ENDPOINT = os.environ["ENDPOINT"]
PROCESSES, THREADS = 2, 4


def configure() -> None:
    """Set Django up as dj-stripe's own guide does."""
    host, _, name = os.environ["DATABASE"].partition(":")
    database = {"ENGINE": "django.db.backends.postgresql", "HOST": host, "NAME": name, "USER": "postgres"}
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": {**database, "CONN_MAX_AGE": None}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
        # The tables are made as the models are now, without the history that led there.
        MIGRATION_MODULES={"contenttypes": None, "auth": None, "djstripe": None},
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        STRIPE_API_HOST=os.environ["STRIPE_API_BASE"],
        STRIPE_TEST_SECRET_KEY=os.environ["STRIPE_SECRET_KEY"],
        STRIPE_LIVE_MODE=False,
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    )
    django.setup()


def prepare() -> None:
    """Create the tables, and the endpoint that the events come to."""
    from djstripe.models import WebhookEndpoint

    call_command("migrate", run_syncdb=True, verbosity=0)
    WebhookEndpoint.objects.create(
        id="we_benchmark",
        djstripe_uuid=ENDPOINT,
        secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        livemode=False,
        enabled_events=["*"],
        status="enabled",
        url="https://app.example/",
    )


class Server(BaseApplication):  # type: ignore[misc]  # what it derives from is not installed here
    """Gunicorn on a socket that is bound already."""

    def __init__(self, bound: socket.socket) -> None:
        self._bound = bound
        super().__init__()

    def load_config(self) -> None:
        """Say how to serve."""
        self.cfg.set("bind", f"fd://{self._bound.fileno()}")
        self.cfg.set("workers", PROCESSES)
        self.cfg.set("threads", THREADS)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("keepalive", 60)
        self.cfg.set("loglevel", "warning")

    def load(self) -> Any:
        """Return the application."""
        return get_wsgi_application()


if __name__ == "__main__":
    configure()
    urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]
    prepare()
    connections.close_all()
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    os.set_inheritable(listener.fileno(), True)
    print(listener.getsockname()[1], flush=True)
    Server(listener).run()

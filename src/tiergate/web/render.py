"""Turning view models into HTML: the templates, the static files beside them, and the policy both obey."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
)
from markupsafe import Markup

from tiergate.rules.catalog import Product
from tiergate.translation import ENGLISH, Translation
from tiergate.web.wording import Wording

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
LANGUAGE_PARAMETER = "lang"
"""The query parameter that chooses a language: ``/pricing?lang=de``."""
_DIGEST_LENGTH = 12


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A language that the page can be read in: its tag, its own name, and the address that shows it."""

    language: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page: whose product it is, where it is mounted, who is looking."""

    product: Product
    base_path: str = ""
    """Where the pages are mounted, without a slash at the end: ``""`` or ``"/billing-app"``."""
    home_url: str = ""
    """Where the product itself lives; without it, the brand leads to the pricing page."""
    sign_up_url: str = ""
    """Where the host lets somebody sign up; without it, buttons of the pricing page ask to sign in first."""
    public_url: str = ""
    """Where the pages are reached from outside, mount path included: search engines are told of it."""
    signed_in: bool = False
    may_change: bool = True
    """Whether whoever looks is an owner, or nobody yet; a member may only ask an owner."""
    form_token: str = ""
    """What each form of a page bears; write ``{{ form_token() }}`` inside of it."""
    account_name: str = ""
    account_email: str = ""
    locale: str = "en"
    time_zone: tzinfo = UTC
    translation: Translation = ENGLISH
    """The language of the page."""
    languages: tuple[LanguageLink, ...] = ()
    """All languages that it can be read in; none where there is no choice."""
    override_directory: Path | None = None
    """Templates in this folder replace the package's own of the same name, which stay in reach as
    ``tiergate/NAME``."""

    @property
    def wording(self) -> Wording:
        """How this reader is spoken to, and figures and dates are written."""
        return Wording(self.locale, self.time_zone, self.translation)

    @property
    def language(self) -> str:
        """The language of the page, as a tag such as ``de``."""
        return self.translation.language

    @property
    def pricing_url(self) -> str:
        """The pricing page under this mount."""
        return f"{self.base_path}/pricing"

    @property
    def billing_url(self) -> str:
        """The billing page under this mount."""
        return f"{self.base_path}/billing"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages load. Its name changes with its content, so it may be cached for ever."""

    name: str
    content: bytes
    media_type: str


def render(template: str, frame: Frame, **view: object) -> str:
    """Fill a template; every value is escaped, and a name that the view does not have is an error.

    ``say`` and ``count`` speak the page's language; what they say is escaped like any value.
    """
    words = frame.wording
    return (
        _environment(frame.override_directory)
        .get_template(template)
        .render(
            frame=frame,
            say=words.say,
            count=words.count,
            static_url=lambda name: static_url(frame.base_path, name),
            form_token=lambda: _form_token(frame),
            **view,
        )
    )


def _form_token(frame: Frame) -> Markup:
    """Return the field that each form bears."""
    field = Markup('<input type="hidden" name="form_token" value="{}">')
    return field.format(frame.form_token)


def static_url(base_path: str, name: str) -> str:
    """Return the address of a static file, for instance ``/static/tiergate.1f0c9a7be210.css``."""
    return f"{base_path}/static/{_static_files()[name].name}"


def own_file(name: str) -> StaticFile:
    """Return a static file by its plain name, such as ``embed.js``."""
    return _static_files()[name]


def static_file(served_name: str) -> StaticFile | None:
    """Return the static file of this hashed name, or ``None``: an older version is not kept."""
    return next((file for file in _static_files().values() if file.name == served_name), None)


def content_security_policy(checkout_origin: str = "https://checkout.stripe.com") -> str:
    """Return the ``Content-Security-Policy`` header that all pages live under: no script, nothing foreign.

    ``checkout_origin`` is where the checkout's redirect leads; browsers hold redirects of a form
    to ``form-action`` too. Source: https://www.w3.org/TR/CSP3/#directive-form-action
    ``connect-src`` gives no script leave to run: it lets page checkers look for ``robots.txt``.
    """
    return "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            f"form-action 'self' {checkout_origin}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


@cache
def _static_files() -> Mapping[str, StaticFile]:
    """All static files by their plain name; the stylesheet last, because it names the others.

    It is served without its indentation, which is a quarter of it.
    """
    folder = resources.files("tiergate.web") / "static"
    contents = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    files = {name: _hashed(name, content) for name, content in contents.items() if not name.endswith(".css")}
    for name in contents.keys() - files.keys():
        text = "\n".join(line.strip() for line in contents[name].decode().splitlines())
        for other in files.values():
            text = text.replace(f'url("{_plain_name(other.name)}")', f'url("{other.name}")')
        files[name] = _hashed(name, text.encode())
    return MappingProxyType(files)


def _hashed(name: str, content: bytes) -> StaticFile:
    path = PurePosixPath(name)
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH]
    return StaticFile(f"{path.stem}.{digest}{path.suffix}", content, MEDIA_TYPES[path.suffix])


def _plain_name(hashed_name: str) -> str:
    stem, _, suffix = hashed_name.rsplit(".", 2)
    return f"{stem}.{suffix}"


@cache
def _environment(override_directory: Path | None) -> Environment:
    package = PackageLoader("tiergate.web")
    loaders: list[BaseLoader] = [package, PrefixLoader({"tiergate": package})]
    if override_directory is not None:
        loaders.insert(0, FileSystemLoader(override_directory))
    return Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

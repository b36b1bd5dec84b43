"""E-mail addresses as their owners' mailboxes: two spellings of one mailbox are the same."""

import unicodedata

_WITHOUT_DOTS = frozenset(["gmail.com"])
"""Providers for whom dots before the @ make no difference. Source: https://support.google.com/mail/answer/7436150"""

_OTHER_NAMES = {"googlemail.com": "gmail.com"}


def normal_email(written: str | None) -> str | None:
    """Return an address in the one spelling that all of a mailbox have in common, or ``None`` for none.

    Lower case, without what follows a plus, without the dots where they do not count, and with the domain as
    it stands in the DNS.
    """
    text = unicodedata.normalize("NFKC", written or "").strip().lower()
    local, at, domain = text.rpartition("@")
    domain = normal_domain(domain)
    local = local.partition("+")[0]
    if domain in _WITHOUT_DOTS:
        local = local.replace(".", "")
    return f"{local}@{domain}" if at and local and domain else None


def normal_domain(written: str) -> str:
    """Return a domain as it stands in the DNS, in lower case; empty for what cannot be one."""
    domain = written.strip().rstrip(".").lower()
    try:
        encoded = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return _OTHER_NAMES.get(encoded, encoded)

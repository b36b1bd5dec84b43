"""Which addresses belong to services for throw-away mail."""

from tiergate.rules.throwaway_domains import THROWAWAY_DOMAINS


def is_throwaway(email: str | None) -> bool:
    """Whether a normalised address lies at such a service, or at a subdomain of one."""
    domain = (email or "").rpartition("@")[2]
    parts = domain.split(".")
    return any(".".join(parts[start:]) in THROWAWAY_DOMAINS for start in range(len(parts)))

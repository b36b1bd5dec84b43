"""What our subscriptions carry at Stripe, so that their events tell whose they are and what was sold."""

from tiergate.store.account_rows import Account


def subscription_metadata(account: Account, plan_key: str, catalog_version: int) -> dict[str, str]:
    """Return the metadata of a subscription that an account takes out."""
    return {
        "account_id": account.account_id,
        "plan_key": plan_key,
        "catalog_version": str(catalog_version),
        "channel": account.channel or "self_serve",
    }

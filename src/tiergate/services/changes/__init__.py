"""Changes to a subscription: shown before the click, and made once."""

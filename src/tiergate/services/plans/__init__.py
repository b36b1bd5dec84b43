"""The catalogue: its text, what publishing it does at Stripe, and moving accounts to another version."""

"""The mirror against the whole of Stripe: an existing account taken over, and differences repaired."""

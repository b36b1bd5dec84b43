"""Everything that knows Stripe's protocol: calls, signatures, and the shapes of its objects."""

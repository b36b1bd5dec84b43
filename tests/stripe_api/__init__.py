"""Stripe's protocol: signatures, the shapes of its objects, and the calls."""

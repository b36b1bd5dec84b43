"""Purchases on Stripe's own page: what is ordered, what it will cost, and what became of it."""

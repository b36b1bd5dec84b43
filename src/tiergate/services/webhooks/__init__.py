"""Taking in Stripe's events: verified, stored, applied, and finished by asking Stripe about what is open."""

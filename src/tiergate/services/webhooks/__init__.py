"""Taking in Stripe's events: verified, stored, applied, and finished by asking Stripe what they leave open."""

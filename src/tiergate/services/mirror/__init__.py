"""What Stripe said of its objects, saved with the account and the plan that they belong to."""

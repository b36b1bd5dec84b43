"""The story: lives of subscriptions, told against a served sandbox and a served application."""

"""Accounts and their customers at Stripe: who acts for them, where invoices go, what is erased."""

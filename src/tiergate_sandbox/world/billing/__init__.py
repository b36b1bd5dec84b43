"""The rules of billing: what is charged, when, and what follows from the outcome."""

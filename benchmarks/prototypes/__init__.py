"""Bare prototypes: the least code that does the work, and the bound that the product is held against."""

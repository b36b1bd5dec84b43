"""Trials: who may have one, how it begins, and how it is made longer or shorter."""

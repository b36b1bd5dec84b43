"""Examining an installation: each thing that goes wrong in practice, with its remedy."""

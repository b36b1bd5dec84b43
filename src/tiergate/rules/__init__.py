"""The rules of billing, pure: no clock, no network, no database, no chance, no log.

Every rule takes the instant it is asked about, and every answer says until when it holds.
"""

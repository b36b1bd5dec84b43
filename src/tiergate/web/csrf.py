"""The refusal of a form that does not bear the token of whoever sends it."""

from tiergate.rules.errors import TiergateError


class CsrfError(TiergateError):
    """What was sent does not bear the token of the session."""

    code = "csrf_failed"

    def __init__(self) -> None:
        super().__init__("This form is not of your session.", "Open the page anew and send it again.")

"""The refusal of a form that does not bear the token of whoever sends it."""

from tiergate.rules.errors import TiergateError


class CsrfError(TiergateError):
    """What was sent does not bear the token of the session."""

    code = "csrf_failed"

    def __init__(self) -> None:
        super().__init__(
            "This form is out of date, or was opened by somebody else.",
            "Nothing was changed. Open the page again, and press the button there.",
        )

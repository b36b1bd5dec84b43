"""Stripe's own English words on an invoice's lines, said in the reader's language where they are known."""

import re
from datetime import datetime

from tiergate.translation import Sentence
from tiergate.web.wording import Wording

_PRORATION = re.compile(r"(Unused|Remaining) time on (.+) after (\d{1,2} \w{3} \d{4})")
_PRORATIONS = {
    "Unused": Sentence("Unused time on {what} after {date}"),
    "Remaining": Sentence("Remaining time on {what} after {date}"),
}


def line_in_words(wording: Wording, description: str) -> str:
    """Say what a line charges for, its date written like all others; what is not known stays as it is."""
    found = _PRORATION.fullmatch(description)
    if found is None:
        return description
    return wording.say(_PRORATIONS[found[1]], what=found[2], date=_date(wording, found[3]))


def _date(wording: Wording, told: str) -> str:
    try:
        at = datetime.strptime(told, "%d %b %Y").replace(hour=12, tzinfo=wording.time_zone)
    except ValueError:
        return told
    return wording.date(at)

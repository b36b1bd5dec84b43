"""What stands between an API request and its answer, when faults or a rate limit are switched on."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tiergate_sandbox.faults import AnswerFault, Faults

RATE_LIMITED: dict[str, Any] = {
    "error": {
        "code": "rate_limit",
        "doc_url": "https://stripe.com/docs/error-codes/rate-limit",
        "message": "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.",
        "type": "invalid_request_error",
    }
}
BROKEN: dict[str, Any] = {
    "error": {
        "message": "An unknown error occurred (a fault that was switched on in the sandbox).",
        "type": "api_error",
    }
}
STATUS_OF = {"error": 500, "rate_limit": 429, "reset": 200}


class Obstacles:
    """Decides which requests fail; counts them anew whenever the faults are switched."""

    def __init__(self, faults: Callable[[], Faults], now: Callable[[], float]) -> None:
        self._faults = faults
        self._now = now
        self._counted_for = faults()
        self._requests: Counter[int] = Counter()
        self._second = 0
        self._used: Counter[bool] = Counter()

    def next_for(self, method: str, path: str) -> AnswerFault | None:
        """Return what goes wrong with this request, if anything does."""
        faults = self._faults()
        if faults is not self._counted_for:
            self._counted_for = faults
            self._requests.clear()
        if self._is_over_limit(faults, method):
            return AnswerFault("rate_limit")
        for index, fault in enumerate(faults.answers):
            if fault.fits(method, path):
                self._requests[index] += 1
                if faults.hits(index, self._requests[index]):
                    return fault
        return None

    def _is_over_limit(self, faults: Faults, method: str) -> bool:
        reading = method == "GET"
        limit = faults.reads_per_second if reading else faults.writes_per_second
        if not limit:
            return False
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._used.clear()
        self._used[reading] += 1
        return self._used[reading] > limit

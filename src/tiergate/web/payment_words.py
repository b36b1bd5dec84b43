"""Why a payment did not go through, as the customers' pages say it."""

from tiergate.rules.payment_problem import CONFIRM, PaymentProblem
from tiergate.web.wording import Wording


def problem_in_words(wording: Wording, problem: PaymentProblem) -> str:
    """Say what is wrong, and what to do about it."""
    return f"{wording.say(problem.message)} {wording.say(problem.remedy)}"


def is_to_be_confirmed(problem: PaymentProblem | None) -> bool:
    """Whether the bank waits for whoever pays, rather than another card is needed."""
    return problem is not None and problem.code == CONFIRM

"""Stripe's error envelope: https://docs.stripe.com/api/errors."""

from typing import Any

Obj = dict[str, Any]


class StripeError(Exception):
    """A call that is refused; it changes nothing.

    ``details`` are further keys of the error body, such as ``decline_code`` or ``payment_intent``.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        details: Obj | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.details = details or {}

    def body(self, request_id: str | None) -> Obj:
        """Return the JSON body of the answer."""
        error: Obj = {"message": self.message, "type": self.type, **self.details}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        if request_id is not None:
            error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": dict(sorted(error.items()))}


def missing_parameter(param: str) -> StripeError:
    """Return the error for a required parameter that was not sent."""
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_parameter(param: str) -> StripeError:
    """Return the error for a parameter that the route does not have."""
    return StripeError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """Return a plain invalid request."""
    return StripeError(message, code=code, param=param)


def no_such(kind: str, object_id: str, param: str, status: int = 400) -> StripeError:
    """Return the error for an id that names nothing: 404 when it is in the path, 400 when it is a "
    "parameter.
    """
    noun = {"payment_method": "PaymentMethod", "test_helpers.test_clock": "test clock"}.get(kind, kind)
    message = f"No such {noun}: '{object_id}'"
    return StripeError(message, status=status, code="resource_missing", param=param)


def unrecognized_url(method: str, path: str) -> StripeError:
    """Return the error for a route that Stripe does not have."""
    message = (
        f"Unrecognized request URL ({method}: {path}). "
        "Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    )
    return StripeError(message, status=404)

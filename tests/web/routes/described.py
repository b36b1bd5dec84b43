"""Holds every answer of the API to its description: status, media type, code, members."""

from typing import Any

import jsonschema
from httpx2 import Request, Response
from starlette.applications import Starlette
from starlette.testclient import TestClient

_PROBLEM = "application/problem+json"
_OF_THE_METHOD = 405


class DescribedClient(TestClient):
    """A client that takes no answer of the API that is not described."""

    def send(self, request: Request, **options: Any) -> Response:
        """Send a request, and require its answer to be described."""
        answer = super().send(request, **options)
        require_described(self.app, request.method, request.url.path, answer)
        return answer


def require_described(app: Any, method: str, path: str, answer: Response) -> None:
    """Require the description of a route to have this answer; a route that is none is not described."""
    assert isinstance(app, Starlette)
    document: dict[str, Any] = app.openapi()  # type: ignore[attr-defined]  # FastAPI's, which mypy cannot see
    operation = document["paths"].get(path, {}).get(method.lower())
    if not path.startswith("/api/") or operation is None or answer.status_code == _OF_THE_METHOD:
        return
    described = operation["responses"].get(str(answer.status_code))
    assert described, f"{method} {path} answers {answer.status_code}, which is not described: {answer.text}"
    media = answer.headers.get("content-type", "").partition(";")[0]
    content = described.get("content", {})
    assert media in content or not (content and answer.content), f"{method} {path} answers {media}"
    if media in ("application/json", _PROBLEM) and answer.content:
        schema = {**content[media]["schema"], "components": document["components"]}
        jsonschema.validate(answer.json(), schema, cls=jsonschema.Draft202012Validator)

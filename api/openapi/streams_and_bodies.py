"""Parts of the OpenAPI description that FastAPI cannot derive: the errors of bodies, and the events of streams."""

from typing import Any, Final

from api.problems import documented

_BODY_ERRORS: Final = documented(400, 413, 415)
"""For every route with a body: the body may be malformed, incomplete, too large or encoded."""
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/StreamEvent"},
        },
    },
}
"""A server-sent event as OpenAPI 3.2 describes the items of a stream; older readers ignore it."""


def add_streams_and_body_errors(openapi: dict[str, Any]) -> None:
    for operations in openapi["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            if "requestBody" in operation:
                for status, response in _BODY_ERRORS.items():
                    responses.setdefault(str(status), response)
            for response in responses.values():
                if "text/event-stream" in response.get("content", {}):
                    response["content"]["text/event-stream"] = {"itemSchema": _EVENT}

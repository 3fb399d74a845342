"""What FastAPI cannot know of our answers, put into the OpenAPI description."""

from typing import Any, Final

from api.problems import documented

_OF_BODIES: Final = documented(400, 413)
"""Whatever takes a body: it may be no JSON, or not arrive whole, or be too large."""
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
"""A server-sent event as OpenAPI 3.2 describes the items of a stream; older readers pass it over."""


def add_the_unsaid(openapi: dict[str, Any]) -> None:
    """Describe the refusals of bodies, and streams by their events."""
    for operations in openapi["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            if "requestBody" in operation:
                for status, answer in _OF_BODIES.items():
                    answers.setdefault(str(status), answer)
            for answer in answers.values():
                if "text/event-stream" in answer.get("content", {}):
                    answer["content"]["text/event-stream"] = {"itemSchema": _EVENT}

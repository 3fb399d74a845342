"""The records that Google answers with."""

import base64
from typing import Any, Final

from tests.emulators.base import Reply, pieces, sse

READ, WROTE, THOUGHT, DRAWN = 800, 160, 80, 1_120
"""Tokens of each response."""


def response(model: str, makes: str, parts: list[dict[str, Any]], reason: str) -> Reply:
    drawn = DRAWN if makes == "IMAGE" else 0
    wrote = WROTE + drawn
    return Reply(
        200,
        {
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}],
            "usageMetadata": {
                "promptTokenCount": READ,
                "candidatesTokenCount": wrote,
                "thoughtsTokenCount": THOUGHT,
                "totalTokenCount": READ + wrote + THOUGHT,
                "candidatesTokensDetails": [{"modality": makes, "tokenCount": drawn or WROTE}],
            },
            "modelVersion": model,
        },
    )


def as_events(reply: Reply) -> Reply:
    """The same response as a stream: every event is a response of its own, and the last one has the reason of its
    end."""
    assert isinstance(reply.body, dict)
    candidate: dict[str, Any] = next(iter(reply.body.get("candidates", [])), {})
    parts: list[dict[str, Any]] = [
        {**part, "text": piece}
        for part in candidate.get("content", {}).get("parts", [])
        for piece in pieces(part["text"])
    ]
    written = [{"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]} for part in parts[:-1]]
    last = {**candidate, "content": {"role": "model", "parts": parts[-1:]}} if parts else candidate
    return sse(*written, reply.body | ({"candidates": [last]} if candidate else {}))


def uncounted(reply: Reply) -> Reply:
    assert isinstance(reply.body, dict)
    return Reply(200, {name: value for name, value in reply.body.items() if name != "usageMetadata"})


def blob(media_type: str, data: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": as_base64(data)}}


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


RETRY: Final = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"}


def quota(name: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]}


def error(status: int, name: str, message: str, *details: dict[str, Any]) -> Reply:
    return Reply(status, {"error": {"code": status, "message": message, "status": name, "details": list(details)}})

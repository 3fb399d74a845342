"""The one ASGI layer around the app: bodies have a limit, answers are counted."""

import asyncio
import re
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import FieldError, Problem, answer
from workflows.models import MAX_REFERENCE_BYTES
from workflows.requests import MAX_UPLOAD_BYTES

MAX_BODY_BYTES: Final = 1_048_576
"""Fifty times the longest brief; the largest honest body is an edit of many prompts."""
MAX_DRAINED_BYTES: Final = 64 * MAX_BODY_BYTES
"""A refused body is read up to here, or the sender would see a broken line instead of the answer."""
DRAIN_SECONDS: Final = 5.0
"""Nor does a sender that takes its time hold a refusal back for longer."""
_UPLOAD: Final = re.compile(r"/api/v1/productions/[^/]+/assets/[^/]+/takes")
"""Takes a file, which has a limit by its asset's type; the largest of them holds here."""
_REFERENCES: Final = "/api/v1/references"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Door:
    """Refuses bodies above a limit, by their header before they are read, else while they come."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        most = _most(scope["path"])
        read = 0

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests[method, message["status"]] += 1
            await send(message)

        async def limited_receive() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                await drain(receive, message)
                raise too_large(most)
            return message

        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            await drain(receive)
            problem = too_large(most)
            await answer(problem.problem, {"Connection": "close"})(scope, receive, counted_send)
            return
        await self._app(scope, limited_receive, counted_send)


def _most(path: str) -> int:
    """The most bytes of a body."""
    if path == _REFERENCES:
        return MAX_REFERENCE_BYTES
    return max(MAX_UPLOAD_BYTES.values()) if _UPLOAD.fullmatch(path) else MAX_BODY_BYTES


def too_large(most: int) -> Problem:
    size = f"is larger than {most:,} bytes"
    errors = [FieldError(field="body", message=size, remedy="shorten it or split it")]
    return Problem(413, "body-too-large", f"The body {size}; shorten it or split it.", errors=errors)


async def drain(receive: Receive, last: Message | None = None) -> None:
    """Read what is left of a body, within reason."""
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while last is None or (_goes_on(last) and read < MAX_DRAINED_BYTES):
                last = await receive()
                read += len(last.get("body", b""))


def _goes_on(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body"))

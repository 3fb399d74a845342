"""The outermost ASGI layer: bodies have a limit and a deadline, a HEAD is a GET without one, answers are counted."""

import asyncio
import re
from contextlib import suppress
from time import monotonic
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
BODY_SECONDS: Final = 30.0
"""In which a body has to be here, and MIN_BYTES_PER_SECOND more of it for each second beyond that."""
MIN_BYTES_PER_SECOND: Final = 1_024
"""A large file over a bad mobile line is faster."""
_UPLOAD: Final = re.compile(r"/api/v1/productions/[^/]+/assets/[^/]+/takes")
"""Takes a file, which has a limit by its asset's type; the largest of them holds here."""
_REFERENCES: Final = "/api/v1/references"
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Door:
    """Refuses bodies above a limit, by their header before they are read, else while they come; and ends slow ones."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        most = _most(scope["path"])
        read, whole, began = 0, False, monotonic()
        answered = False

        async def counted_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                self._metrics.requests[method, message["status"]] += 1
                headers = list(message.get("headers", ()))
                if not any(name.lower() == _NOSNIFF[0] for name, _ in headers):
                    headers.append(_NOSNIFF)
                await send({**message, "headers": headers})
                if method == "HEAD":
                    answered = True
                    await send({"type": "http.response.body", "body": b""})
            elif not answered:
                await send(message)

        async def limited_receive() -> Message:
            nonlocal read, whole
            if whole:
                return {"type": "http.disconnect"} if answered else await receive()
            try:
                async with asyncio.timeout(began + BODY_SECONDS + read / MIN_BYTES_PER_SECOND - monotonic()):
                    message = await receive()
            except TimeoutError:
                raise too_slow() from None
            read += len(message.get("body", b""))
            whole = not _goes_on(message)
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
        as_get = {**scope, "method": "GET"} if method == "HEAD" else scope
        await self._app(as_get, limited_receive, counted_send)


def _most(path: str) -> int:
    """The most bytes of a body."""
    if path == _REFERENCES:
        return MAX_REFERENCE_BYTES
    return max(MAX_UPLOAD_BYTES.values()) if _UPLOAD.fullmatch(path) else MAX_BODY_BYTES


def too_large(most: int) -> Problem:
    size = f"is larger than {most:,} bytes"
    errors = [FieldError(field="body", message=size, remedy="shorten it or split it")]
    return Problem(413, "body-too-large", f"The body {size}; shorten it or split it.", errors=errors)


def too_slow() -> Problem:
    """Of what is read so far, and for as long as it takes."""
    words = f"The body did not come within {BODY_SECONDS:g} s and {MIN_BYTES_PER_SECOND:,} bytes/s; send it again."
    return Problem(408, "body-too-slow", words, headers={"Connection": "close"})


async def drain(receive: Receive, last: Message | None = None) -> None:
    """Read what is left of a body, within reason."""
    read = 0
    with suppress(TimeoutError, Problem):  # it is refused anyway
        async with asyncio.timeout(DRAIN_SECONDS):
            while last is None or (_goes_on(last) and read < MAX_DRAINED_BYTES):
                last = await receive()
                read += len(last.get("body", b""))


def _goes_on(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body"))

"""The outermost ASGI layer: it limits the size and duration of bodies, answers HEAD as GET, and counts responses."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import Problem, problem_response
from workflows.references.kinds import MAX_ANY_BYTES
from workflows.requests import MAX_UPLOAD_BYTES
from workflows.runtime.log_context import use_path

MAX_BODY_BYTES: Final = 1_048_576
"""Fifty times the longest brief; the largest legitimate body is an edit of many prompts."""
MAX_DRAINED_BYTES: Final = 64 * MAX_BODY_BYTES
"""A refused body is read up to this size; otherwise the sender would get a connection error, not the response."""
DRAIN_SECONDS: Final = 5.0
"""A slow sender does not delay a refusal for longer than this."""
BODY_SECONDS: Final = 30.0
"""A body has to arrive within this time, and after it at MIN_BYTES_PER_SECOND or more."""
MIN_BYTES_PER_SECOND: Final = 1_024
"""A large file over a bad mobile connection is faster."""
_UPLOAD: Final = re.compile(r"/api/v1/productions/[^/]+/assets/[^/]+/takes")
"""Takes a file, whose limit depends on the type of its asset; the largest of these limits applies here."""
_REFERENCES: Final = "/api/v1/references"
_BATCHES: Final = "/api/v1/batches"
"""Takes the pictures of a whole catalogue."""
MAX_BATCH_BODY_BYTES: Final = 8 * MAX_BODY_BYTES
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class BodyLimits:
    """Refuses slow bodies, and bodies above a limit: by their header before they are read, otherwise as they arrive."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        use_path(scope["path"])
        method = scope["method"] if scope["method"] in METHODS else "other"
        limit = _max_body_bytes(scope["path"])
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
                raise _too_slow() from None
            read += len(message.get("body", b""))
            whole = not _more_follows(message)
            if read > limit:
                await drain(receive, message)
                raise too_large(limit)
            return message

        if problem := _head_problem(dict(scope["headers"]), limit):
            await drain(receive)
            await problem_response(problem, {"Connection": "close"})(scope, receive, counted_send)
            return
        as_get = {**scope, "method": "GET"} if method == "HEAD" else scope
        await self._app(as_get, limited_receive, counted_send)


def _head_problem(headers: Mapping[bytes, bytes], limit: int) -> Problem | None:
    """Why a body is refused before it is read."""
    declared, encoding = headers.get(b"content-length", b"0"), headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in (b"", b"identity"):
        message, remedy = f"is {encoding.decode('latin-1')[:40]!r}", "send the body without a Content-Encoding"
        return Problem.of_field("Content-Encoding", message, remedy, status=415, kind="encoded-body")
    return too_large(limit) if declared.isdigit() and int(declared) > limit else None


def _max_body_bytes(path: str) -> int:
    if path == _REFERENCES or path.startswith(f"{_REFERENCES}/uploads/"):
        return MAX_ANY_BYTES
    if path == _BATCHES:
        return MAX_BATCH_BODY_BYTES
    return max(MAX_UPLOAD_BYTES.values()) if _UPLOAD.fullmatch(path) else MAX_BODY_BYTES


def too_large(limit: int) -> Problem:
    """
    Args:
        limit: Bytes.
    """
    message, remedy = f"is larger than {limit:,} bytes", "shorten it or split it"
    return Problem.of_field("body", message, remedy, status=413, kind="body-too-large")


def _too_slow() -> Problem:
    detail = f"The body did not arrive within {BODY_SECONDS:g} s and {MIN_BYTES_PER_SECOND:,} bytes/s; send it again."
    return Problem(408, "body-too-slow", detail, headers={"Connection": "close"})


async def drain(receive: Receive, last: Message | None = None) -> None:
    """Read the rest of a body, up to MAX_DRAINED_BYTES and for at most DRAIN_SECONDS."""
    read = 0
    with suppress(TimeoutError, Problem):  # it is refused anyway
        async with asyncio.timeout(DRAIN_SECONDS):
            while last is None or (_more_follows(last) and read < MAX_DRAINED_BYTES):
                last = await receive()
                read += len(last.get("body", b""))


def _more_follows(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body"))

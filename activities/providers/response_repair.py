"""Repairs vendors' HTTP responses before an SDK parses them.

Vendors, and servers in front of them, send text that is not valid Unicode, and errors with the status 200. An SDK fails
on the former and takes the latter for a result, so a request that has a response seems lost and may be paid twice. A
hook of httpx and httpx2 repairs both, for every SDK, method and status. Media is not changed.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, nullcontext
from http import HTTPStatus
from typing import Any, Final

from activities.media import media_types
from activities.text.valid_unicode import ESCAPES, valid, valid_json

MAX_RECORD_BYTES: Final = 256 * 1024
"""An error record has a few hundred bytes; larger JSON is a result."""
UNKNOWN_STATUS: Final = 520
"""For an error of an unknown kind. No vendor's table of unbilled responses contains it: it may have been billed."""

_STATUS_BY_CODE: Final[Mapping[str, int]] = {
    # OpenAI
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "server_is_overloaded": 503,
    "slow_down": 503,
    "server_error": 500,
    # Anthropic, https://platform.claude.com/docs/en/api/errors
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    # Google, google.rpc.Code
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "resource_exhausted": 429,
    "internal": 500,
    "unavailable": 503,
    "deadline_exceeded": 504,
}
_STATUS_BY_MESSAGE: Final = (
    (
        402,
        re.compile(
            r"insufficient (?:credits?|balance|funds|quota)|payment required|not (?:have )?enough credits", re.I
        ),
    ),
    (429, re.compile(r"rate.?limit|too many requests|throttled", re.I)),
)
"""For records that have only a message."""
_FIRST_HALF: Final = re.compile(r"u[dD][89abAB]")
_SECOND_HALF: Final = re.compile(r"u[dD][c-fC-F]")


def response_hooks(transform: Callable[[bytes], bytes] = bytes) -> Mapping[str, list[Callable[..., Awaitable[None]]]]:
    """The `event_hooks` of a client that repair its responses.

    Args:
        transform: A further change of a JSON response that is not streamed.
    """

    async def repair(response: Any) -> None:
        await _repair(response, transform)

    return {"response": [repair]}


async def _repair(response: Any, transform: Callable[[bytes], bytes]) -> None:
    """Make the text of a response valid Unicode, and give an error with HTTP 200 the status of its record."""
    if not _is_text(response.headers.get("content-type", "")):
        return
    raw: Callable[..., AsyncGenerator[bytes, None]] = response.aiter_bytes
    if "event-stream" in response.headers.get("content-type", ""):
        events = _events(raw())
        begun, first = [], b""
        async for piece in events:
            begun.append(piece)
            if first := _first_data(b"".join(begun)):
                break
        if record := _replace_by_error(response, first):
            response.aiter_bytes = _replay([record])
            await response.aread()
            await events.aclose()
            response.is_stream_consumed = True  # SDKs cannot read the body of a response that was closed before
        else:
            response.aiter_bytes = _replay(begun, events)
        return
    data = b"".join([piece async for piece in raw()])
    if not media_types.detect(data[: media_types.HEAD_BYTES]):  # some servers declare audio as text
        is_json = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
        data = _valid(data, valid_json if is_json else valid)
        if is_json:
            record = _replace_by_error(response, data)
            data = transform(data) if record is None else record
    response.aiter_bytes = _replay([data])
    await response.aread()


def find_error(body: object) -> tuple[int, dict[str, Any]] | None:
    """HTTP status and record of an error that was sent instead of a result; None if the body is a result.

    A job or operation has its own `error`: a body with `done`, or with an id and a textual status, is a result.
    """
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict) or "done" in body or (body.get("id") and isinstance(body.get("status"), str)):
        return None
    error = body.get("error")
    record = error if isinstance(error, dict) else {"message": error} if error and isinstance(error, str) else {}
    if any(record.values()):
        return _status(record, body), record
    message = next((str(body[name]) for name in ("message", "detail", "title", "msg") if body.get(name)), "")
    status = next((s for name in ("status", "status_code", "statusCode", "code") if (s := _number(body.get(name)))), 0)
    if message and status and not body.get("id"):
        status = status if status < HTTPStatus.INTERNAL_SERVER_ERROR else UNKNOWN_STATUS
        return status, {"message": message, "type": body.get("type"), "code": body.get("code")}
    return None


def _status(record: Mapping[str, Any], body: Mapping[str, Any]) -> int:
    kinds = [record.get(name) for name in ("code", "status", "type", "status_code", "error_code")]
    kinds += [body.get(name) for name in ("code", "status", "status_code", "statusCode", "type")]
    numbers = [number for kind in kinds if (number := _number(kind))]
    named = [status for kind in kinds if (status := _STATUS_BY_CODE.get(str(kind).lower(), 0))]
    message = str(record.get("message") or "")
    guessed = [status for status, pattern in _STATUS_BY_MESSAGE if pattern.search(message)]
    # A 5xx number may come from a gateway, so it must not match the vendor's table of unbilled responses.
    # Google's own records have the status name next to the number.
    googles = isinstance(record.get("status"), str)
    refusals = [number for number in numbers if googles or number < HTTPStatus.INTERNAL_SERVER_ERROR]
    return next(iter((*refusals, *named, *([] if numbers else guessed))), UNKNOWN_STATUS)


def _number(value: object) -> int:
    """A 4xx or 5xx status, otherwise 0."""
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[45]\d\d", text) else 0


def _replace_by_error(response: Any, data: bytes) -> bytes | None:
    """The error record that was sent instead of a result; None if there is none. The response gets its status."""
    if not response.is_success or not 0 < len(data) <= MAX_RECORD_BYTES:
        return None
    try:
        found = find_error(json.loads(data))
    except (ValueError, RecursionError):
        return None
    if found is None:
        return None
    response.status_code, record = found
    return json.dumps({"error": record, "detail": record.get("message")}).encode()


def _is_text(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    own = "charset=" in content_type.lower() and "utf-8" not in content_type.lower()
    return kind == "application/json" or kind.endswith("+json") or not kind or (kind.startswith("text/") and not own)


def _valid(data: bytes, fix: Callable[[str], str]) -> bytes:
    return fix(data.decode("utf-8", "replace")).encode()


def _replay(begun: list[bytes], rest: AsyncGenerator[bytes, None] | None = None) -> Callable[..., AsyncIterator[bytes]]:
    async def give(*_: Any, **__: Any) -> AsyncIterator[bytes]:
        # A reader that stops early closes all generators. The response refers to them, so otherwise the garbage
        # collector would close them, in any thread, even during an import in a workflow's sandbox.
        async with aclosing(rest) if rest else nullcontext():
            for piece in begun:
                yield piece
            if rest:
                async for piece in rest:
                    yield piece

    return give


def _first_data(events: bytes) -> bytes:
    """The data of the first event, once its line is complete."""
    found = re.search(rb"(?:^|\n)data:[ ]?(.*?)\r?\n", events)
    return found[1] if found else b""


async def _events(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Server-sent events with valid text, line by line.

    Vendors also cut between the halves of a surrogate pair. A line whose text ends with a first half is held until the
    next event, and the half moves to that event if its text begins with a second half.
    """
    rest, held, half = b"", list[str](), ""
    async with aclosing(pieces):
        async for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            ready = []
            for line in lines:
                text = valid(line.decode("utf-8", "replace")) + "\n"
                if held and text.startswith("data:"):
                    text, joined = _join_half(text, half)
                    held[0] = held[0].replace("\0", "" if joined else r"\ufffd")
                    ready += held
                    held = []
                cut, first = _cut_half(text)
                half = first or half
                if held or first:
                    held.append(cut)
                else:
                    ready.append(valid_json(text))
            if ready:
                yield "".join(ready).encode()
    text = "".join(held).replace("\0", r"\ufffd") + valid_json(valid(rest.decode("utf-8", "replace")))
    if text:
        yield text.encode()


def _cut_half(text: str) -> tuple[str, str]:
    """The valid line, with NUL instead of a first half at the end of a string; and that half, or ""."""
    last = [
        m for m in ESCAPES.finditer(text) if m["invalid"] and _FIRST_HALF.match(m["invalid"]) and text[m.end()] == '"'
    ]
    if not last:
        return valid_json(text), ""
    at = last[-1]
    return valid_json(text[: at.start()]) + "\0" + valid_json(text[at.end() :]), at[0]


def _join_half(text: str, half: str) -> tuple[str, bool]:
    """The line with the first half inserted before a second half that begins a string; and whether there was one."""
    for found in ESCAPES.finditer(text):
        if found["invalid"] and _SECOND_HALF.match(found["invalid"]) and text[found.start() - 1] == '"':
            return text[: found.start()] + half + text[found.start() :], True
    return text, False

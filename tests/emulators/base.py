"""The common parts of all emulated vendors: a server, its bills, its faults, and its specifications."""

import json
import socket
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from tests.emulators.specs import violations

Kind = Literal["submit", "poll", "download", "cancel", "other"]
Stage = Literal["received", "billed"]
"""The stage of a request: before it has an effect, and when it is done without a response."""
Fault = Literal[
    "drop_before",  # the connection ends before the request has an effect
    "drop_after",  # … after it was done and billed
    "break_off",  # … in the middle of its response
    "end_early",  # a stream that ends as if it were complete
    "hang",  # done and billed, but without a response
    "throttle",  # the vendor's own 429
    "overload",  # the vendor's own 503 or 529
    "error",  # the vendor's own 500
    "gateway",  # a 502 of a gateway in front of the vendor
    "refuse",  # the content is refused
    "quota",  # the account is empty
    "fail_job",  # accepted and billed, then the job fails
    "broken",  # invalid media
    "expire",  # the address of the media has expired
    "error_after",  # accepted and billed, then the vendor's own 500
    "overload_after",  # accepted and billed, then the vendor's own 503 or 529
]
AFTER: Mapping[Fault, Fault] = {"error_after": "error", "overload_after": "overload"}
"""Fault -> the one whose response it has although the request was accepted."""


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    port: int = 0
    """The client's port: it identifies the process that sent the request."""

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """The response, at once or in `events`. `cut` ends the connection after half of it."""

    status: int = 200
    body: bytes | Mapping[str, Any] | list[Any] = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    events: Sequence[bytes] = ()

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def sse(*events: Mapping[str, Any], named: bool = False) -> Reply:
    """An event stream of these records, under their `type` if the vendor names its events."""
    heads = [f"event: {event['type']}\n" if named else "" for event in events]
    lines = [f"{head}data: {json.dumps(event)}\n\n".encode() for head, event in zip(heads, events, strict=True)]
    return Reply(media_type="text/event-stream", events=lines)


def pieces(text: str, size: int = 40) -> list[str]:
    """The pieces of a text in a stream."""
    return [text[at : at + size] for at in range(0, len(text), size)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the caller may be killed meanwhile
            super().handle_error(request, client_address)


class Emulator(ABC):
    """One vendor. Use it as a context manager; `url` is its base, `key` the only key that it accepts.

    A subclass returns responses (`answer`), classifies requests (`kind`), and returns its own errors (`fault`).
    Thread-safe: the server handles each connection in a thread of its own.
    """

    key = "test-key"
    address = "127.0.0.1"
    account: tuple[str, Mapping[str, Any]] = ("", {})
    """The end of the path of a free request that every key may send, and its response."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.submissions: list[Call] = []
        """What the vendor accepted, and so bills, in order."""
        self.prices: list[Decimal] = []
        """Of each submission, USD."""
        self.billed_usd = Decimal(0)
        self.problems: list[str] = []
        """Where a request breaks the vendor's specification; a test asserts that there is nothing."""
        self.slow_seconds = 0.0
        self.event_seconds = 0.0
        """Between two events of a stream."""
        self.bend: Callable[[Sequence[bytes]], Sequence[bytes]] = lambda events: events
        """What becomes of the events of a stream."""
        self.counts = True
        """Whether answers say what was used, or charged; those of many a compatible server do not."""
        self.delay: Callable[[Call], float] = lambda _: 0.0
        """Seconds that a request waits before it is accepted, and again before it is answered."""
        self.in_flight: dict[int, Call] = {}
        """Requests that are not answered yet."""
        self.met: Counter[Fault] = Counter()
        """Faults that requests really met."""
        self._faults: dict[Kind, list[Fault]] = {}
        self._said: dict[Kind, list[Reply]] = {}
        self._holds: dict[tuple[Kind, Stage], tuple[threading.Event, threading.Event]] = {}
        self._closing = threading.Event()
        self._calm = threading.Event()
        self._lock = threading.RLock()

    # Methods for tests

    def meet(self, *faults: Fault, on: Kind = "submit") -> None:
        """Give the next requests of this kind these faults, one each."""
        self._faults.setdefault(on, []).extend(faults)

    def say(self, *replies: Reply, on: Kind = "submit") -> None:
        """Give the next requests of this kind, which are done and billed, these responses, one each."""
        self._said.setdefault(on, []).extend(replies)

    @contextmanager
    def held(self, on: Kind = "submit", at: Stage = "received") -> Iterator[threading.Event]:
        """Keep the requests of a kind waiting at a stage; the event is set when one is there."""
        reached, go = threading.Event(), threading.Event()
        self._holds[on, at] = (reached, go)
        try:
            yield reached
        finally:
            del self._holds[on, at]
            go.set()

    def calm(self) -> None:
        """End all faults; hanging requests end without a response."""
        self._faults.clear()
        self._said.clear()
        self._calm.set()

    def count(self, on: Kind) -> int:
        return sum(self.kind(call) == on for call in self.calls)

    # Methods of a vendor

    @abstractmethod
    def kind(self, call: Call) -> Kind: ...

    @abstractmethod
    def answer(self, call: Call) -> Reply:
        """The response to a request; it calls `bill` if the request costs money."""

    @abstractmethod
    def fault(self, fault: Fault, call: Call) -> Reply | None:
        """The vendor's own response for a fault; None if `answer` has to create it (see `playing`)."""

    @abstractmethod
    def authorised(self, call: Call) -> Reply | None:
        """The vendor's refusal of a wrong key, or None."""

    def bill(self, call: Call, usd: str | Decimal) -> None:
        """Record an accepted submission and its bill."""
        with self._lock:
            self.submissions.append(call)
            self.prices.append(Decimal(usd))
            self.billed_usd += Decimal(usd)

    def check(self, schema: str, body: Any, definition: str = "") -> None:
        """Check a body against a JSON schema of the vendor's specifications, if these are present."""
        self.problems += violations(schema, body, definition)

    def playing(self, call: Call) -> Fault | None:
        """The fault of this request that `answer` has to create."""
        return self._playing.get(id(call))

    def talk(self, call: Call, head: bytes, connection: socket.socket) -> None:
        """Serve a WebSocket on this port; `head` is its request."""
        raise NotImplementedError

    # The server

    def __enter__(self) -> Self:
        self._playing: dict[int, Fault] = {}
        self._server = _Server((self.address, 0), self._handler())
        self.url = f"http://{self.address}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _wait_at(self, kind: Kind, stage: Stage) -> None:
        if held := self._holds.get((kind, stage)):
            held[0].set()
            while not held[1].wait(0.05) and not self._closing.is_set():
                pass

    def _serve(self, call: Call) -> Reply | None:
        """The reply, or None for a connection that ends without one."""
        if call.method == "GET" and self.account[0] and call.path.endswith(self.account[0]):
            return self.authorised(call) or Reply(body=self.account[1])
        kind = self.kind(call)
        with self._lock:
            self.calls.append(call)
            waiting = self._faults.get(kind)
            fault = waiting.pop(0) if waiting else None
            said = self._said.get(kind)
            instead = said.pop(0) if said else None
            if fault:
                self.met[fault] += 1
        self._wait_at(kind, "received")
        self._closing.wait(self.delay(call))
        if self.slow_seconds:
            time.sleep(self.slow_seconds)
        if refusal := self.authorised(call):
            return refusal
        if fault == "drop_before":
            return None
        if fault == "gateway":
            return Reply(502, b"<html><h1>Bad Gateway</h1></html>", "text/html")
        if fault and (reply := self.fault(fault, call)):
            return reply
        if fault:
            self._playing[id(call)] = fault
        reply = self.answer(call)
        reply = instead or replace(reply, events=self.bend(reply.events))
        self._wait_at(kind, "billed")
        self._closing.wait(self.delay(call))
        if fault and fault in AFTER and (refusal := self.fault(AFTER[fault], call)):
            return refusal
        if fault == "hang":
            while not self._calm.wait(0.05) and not self._closing.is_set():
                pass
        if fault == "break_off":
            return replace(reply, cut=True)
        if fault == "end_early":
            return replace(reply, events=reply.events[: len(reply.events) // 2])
        return None if fault in ("drop_after", "hang") else reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        def serve(call: Call) -> Reply | None:
            self.in_flight[id(call)] = call
            try:
                return self._serve(call)
            finally:
                del self.in_flight[id(call)]
                self._playing.pop(id(call), None)  # a later call may have the same id

        def pause() -> None:
            self._closing.wait(self.event_seconds)

        talk = self.talk

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def _any(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                if len(body) < length:  # the caller has disconnected
                    self.close_connection = True
                    return
                headers = {k.lower(): v for k, v in self.headers.items()}
                port = self.client_address[1]
                if headers.get("upgrade", "").lower() == "websocket":
                    self.close_connection = True
                    lines = [self.requestline, *(f"{k}: {v}" for k, v in self.headers.items()), "", ""]
                    call = Call(self.command, parts.path, parse_qs(parts.query), headers, body, port)
                    talk(call, "\r\n".join(lines).encode(), self.connection)
                    return
                reply = serve(Call(self.command, parts.path, parse_qs(parts.query), headers, body, port))
                self.close_connection = reply is None or reply.cut
                if reply is None:
                    return
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(reply.status)
                    self.send_header("Content-Type", reply.media_type)
                    if reply.events:
                        self.send_header("Transfer-Encoding", "chunked")
                    else:
                        self.send_header("Content-Length", str(len(reply.data)))
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    if reply.events:
                        self._stream(reply)
                    else:
                        self.wfile.write(reply.data[: len(reply.data) // 2] if reply.cut else reply.data)

            def _stream(self, reply: Reply) -> None:
                for event in reply.events[: len(reply.events) // 2] if reply.cut else reply.events:
                    self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                    pause()
                if not reply.cut:
                    self.wfile.write(b"0\r\n\r\n")

            do_GET = do_POST = do_DELETE = do_PUT = _any  # noqa: N815 (the library's names)

        return Handler

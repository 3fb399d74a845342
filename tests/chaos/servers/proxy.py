"""An HTTP proxy in front of the S3 server of a trial: latency, lost responses, hanging connections, and a record.

It forwards requests unchanged (a signature covers the Host header), and records every object that was written or
deleted, so that an audit can check whether media was overwritten.
"""

import hashlib
import http.client
import random
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

HANG_SECONDS: Final = 30.0
HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "expect", "transfer-encoding", "te", "trailer", "upgrade"})
NOT_COPIED: Final = HOP_BY_HOP | {"content-length"}
WRITES: Final = frozenset({"PUT", "DELETE", "POST"})


@dataclass(frozen=True)
class S3Faults:
    """Faults of the connection to S3: latency in seconds from and to, the share of writes whose response is lost, and
    the numbers of the requests, counted from the first fault, whose connections hang."""

    latency: tuple[float, float] = (0.0, 0.0)
    lose: float = 0.0
    hang_at: tuple[int, ...] = ()


@dataclass(frozen=True)
class Written:
    """One write that S3 acknowledged: `sha256` of the body; empty for a delete or a completed multipart upload."""

    key: str
    method: str
    sha256: str = ""


class Proxy:
    """Use it as a context manager; `url` is the S3 endpoint. Faults occur from `start_faults` to `stop_faults`."""

    def __init__(self, upstream: str, s3_faults: S3Faults, seed: str, address: str = "127.0.0.1") -> None:
        self.met: Counter[str] = Counter()
        """Faults that happened: lost, hung."""
        self.written: list[Written] = []
        self._address = address
        self._upstream = urlsplit(upstream)
        self._s3_faults = s3_faults
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._faulty, self._closing = threading.Event(), threading.Event()
        self._requests = 0

    def start_faults(self) -> None:
        """Lose responses and let connections hang from now on; latency applies all the time."""
        self._faulty.set()

    def stop_faults(self) -> None:
        self._faulty.clear()

    def __enter__(self) -> Self:
        self._server = _Server((self._address, 0), self._handler())
        self.url = f"http://{self._address}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def overwritten(self, prefix: str) -> list[str]:
        """Keys of media under a prefix that were written again with other content."""
        first: dict[str, str] = {}
        found = []
        for each in list(self.written):
            if each.method != "PUT" or not each.key.startswith(prefix) or "/media" not in each.key:
                continue
            if first.setdefault(each.key, each.sha256) != each.sha256:
                found.append(each.key)
        return found

    def deleted(self, prefix: str) -> set[str]:
        return {w.key for w in list(self.written) if w.method == "DELETE" and w.key.startswith(prefix)}

    def _fate(self, method: str) -> str:
        """The fault of one request: "lost", "hung" or none."""
        with self._lock:
            if not self._faulty.is_set():
                return ""
            self._requests += 1
            if self._requests in self._s3_faults.hang_at:
                return "hung"
            return "lost" if method in WRITES and self._rng.random() < self._s3_faults.lose else ""

    def _latency(self) -> float:
        with self._lock:
            return self._rng.uniform(*self._s3_faults.latency)

    def _note(self, method: str, path: str, body: bytes) -> None:
        parts = urlsplit(path)
        if method == "POST" and "delete" in parts.query:
            return  # many at once; the product deletes one by one
        key = unquote(parts.path).lstrip("/").partition("/")[2]
        with self._lock:
            whole = method == "PUT" and "partNumber" not in parts.query
            self.written.append(Written(key, method, hashlib.sha256(body).hexdigest() if whole else ""))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                upstream = proxy._upstream
                self.upstream = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=60)

            def finish(self) -> None:
                self.upstream.close()
                super().finish()

            def log_message(self, *_: object) -> None: ...

            def _any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                if len(body) < length:
                    self.close_connection = True
                    return
                fate, latency = proxy._fate(self.command), proxy._latency()
                proxy._closing.wait(latency / 2)
                try:
                    status, headers, answer = self._passed_on(body)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True  # S3 is down
                    return
                if status < 300 and self.command in WRITES:
                    proxy._note(self.command, self.path, body)
                proxy._closing.wait(latency / 2)
                if fate:
                    proxy.met[fate] += 1
                    if fate == "hung":
                        proxy._closing.wait(HANG_SECONDS)
                    self.close_connection = True
                    return
                self._answer(status, headers, answer)

            def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
                kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                for tries_left in (1, 0):
                    try:
                        self.upstream.request(self.command, self.path, body, kept)
                        response = self.upstream.getresponse()
                        return response.status, response.getheaders(), response.read()
                    except (OSError, http.client.HTTPException):
                        self.upstream.close()
                        # S3 may have closed an idle connection: a read is retried.
                        if not tries_left or self.command in WRITES:
                            raise
                raise OSError("unreachable")

            def _answer(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
                try:
                    self.send_response_only(status)
                    for name, value in headers:
                        if name.lower() not in NOT_COPIED:
                            self.send_header(name, value)
                    declared = {n.lower(): v for n, v in headers}.get("content-length")
                    head = self.command == "HEAD" and declared is not None
                    self.send_header("Content-Length", str(declared) if head else str(len(answer)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(answer)
                except ConnectionError:
                    self.close_connection = True

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815 (the library's names)

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None: ...

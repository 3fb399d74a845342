"""A real HTTP proxy in front of an S3 server that treats conditional writes as other stores do."""

import http.client
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from deploy.ports import LOOPBACK
from deploy.s3 import REGION
from tests.support.stack import CREDENTIALS
from tests.support.waiting import WITHIN
from workflows import keys

Mode = Literal[
    "honours",  # passes conditions on
    "answers_409",  # ConditionalRequestConflict instead of PreconditionFailed, as AWS to concurrent writers
    "ignores",  # drops If-None-Match and If-Match
    "ignores_versions",  # drops If-Match
    "checks_first",  # checks that the object is missing, and writes without the condition a moment later
    "answers_501",  # NotImplemented to every conditional write
    "answers_501_to_puts",  # NotImplemented to every write
    "answers_400",  # InvalidArgument to every conditional write
    "forbids",  # 403 to every request
    "is_down_for_writes",  # 503 to every conditional write
    "is_down",  # 503 to every request
]
CONDITIONS: Final = ("if-none-match", "if-match")
_PASSED_ON: Final = ("content-type", "range", *CONDITIONS)
_REFUSALS: Final[Mapping[Mode, tuple[int, str]]] = {
    "answers_501": (501, "NotImplemented"),
    "answers_501_to_puts": (501, "NotImplemented"),
    "answers_400": (400, "InvalidArgument"),
    "forbids": (403, "AccessDenied"),
    "is_down_for_writes": (503, "SlowDown"),
    "is_down": (503, "SlowDown"),
}
_DROPPED: Final[Mapping[Mode, tuple[str, ...]]] = {
    "ignores": CONDITIONS,
    "checks_first": CONDITIONS,
    "ignores_versions": ("if-match",),
}


class _Signer(S3SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return "UNSIGNED-PAYLOAD"


class StoreProxy:
    """Listens on loopback, and signs again for the server behind it.

    Attributes:
        mode: How conditional writes are treated from the next request on.
        writes: The keys of conditional writes that arrived, in order.
    """

    def __init__(self, endpoint: str, mode: Mode = "honours") -> None:
        self.mode: Mode = mode
        self.writes: list[str] = []
        self._looked: Counter[str] = Counter()
        self._looking = threading.Condition()
        self._behind = urlsplit(endpoint).netloc
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def env(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with AWS settings that name this proxy."""
        return dict(environ) | {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
            "AWS_REGION": REGION,
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="store proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for one request. `headers` have lower-case names."""
        mode = self.mode
        conditional = method == "PUT" and any(name in headers for name in CONDITIONS)
        if conditional:
            self.writes.append(urlsplit(path).path)
        everything = mode in ("forbids", "is_down") or (mode == "answers_501_to_puts" and method == "PUT")
        if mode in _REFUSALS and (conditional or everything):
            status, code = _REFUSALS[mode]
            error = f"<Error><Code>{code}</Code><Message>by the proxy</Message></Error>".encode()
            return status, {"content-type": "application/xml"}, b"" if method == "HEAD" else error
        passed = {n: v for n, v in headers.items() if n in _PASSED_ON or n.startswith(("x-amz-meta", "x-amz-copy"))}
        dropped = _DROPPED.get(mode, ()) if conditional else ()
        if conditional and mode == "checks_first" and not self._holds(path, headers):
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        status, found, data = self._send(method, path, {n: v for n, v in passed.items() if n not in dropped}, body)
        if mode == "answers_409" and status == 412:
            return 409, {}, b"<Error><Code>ConditionalRequestConflict</Code></Error>"
        return status, found, data

    def _holds(self, path: str, headers: Mapping[str, str]) -> bool:
        status, found, _ = self._send("HEAD", path, {}, b"")
        key = urlsplit(path).path.rpartition("/")[2]
        if f"/{keys.probe_key('')}" in path and "-" in key:  # each of two writers checks before one writes
            with self._looking:
                self._looked[key] += 1
                self._looking.notify_all()
                self._looking.wait_for(lambda: self._looked[key] > 1, WITHIN)
        if "if-none-match" in headers:
            return status == 404
        return found.get("etag") == headers["if-match"]

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        request = AWSRequest(method, f"http://{self._behind}{path}", headers=dict(headers), data=body)
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
        _Signer(Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key), "s3", REGION).add_auth(request)
        connection = http.client.HTTPConnection(self._behind, timeout=WITHIN)
        try:
            signed = dict(request.prepare().headers) | {"content-length": str(len(body))}
            connection.request(method, path, body=body, headers=signed)
            answer = connection.getresponse()
            return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                received = {name.lower(): value for name, value in self.headers.items()}
                status, headers, data = proxy.answer(self.command, self.path, received, body)
                self.send_response(status)
                for name, value in headers.items():
                    if name not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(data))
                self.send_header("content-length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

        for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler

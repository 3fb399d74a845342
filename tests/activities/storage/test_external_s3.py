"""An S3 server other than the embedded one: region, bucket addresses, certificates and clock, the same in both
clients."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import SSLError
from obstore.store import S3Store

from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed, StorageRefused
from activities.storage.probe import probe
from api.problems import Problem
from api.settings import Settings
from api.storage import Vault
from deploy.ports import LOOPBACK
from deploy.s3 import write_aws_config
from tests.support.servers.certificates import certified
from workflows.servers.s3 import bucket_endpoint, clock_problem

BUCKET = "films"
SKEW = b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
MISSING = b"<Error><Code>NoSuchBucket</Code><Message>There is none.</Message></Error>"
NOTHING = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>films</Name></ListBucketResult>'
SETTINGS = Settings(is_open=True, bucket=BUCKET)


@dataclass
class Store:
    """A server that sends the same response to every request, but has no bucket before it was created.

    Attributes:
        seen: Method, path, Authorization and body of each request.
    """

    refusal: bytes = b""
    ahead: timedelta = timedelta(0)
    created: bool = True
    url: str = ""
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)

    def answer(self, method: str, path: str) -> tuple[int, bytes]:
        if self.refusal:
            return 403, self.refusal
        if method == "PUT" and path in (f"/{BUCKET}", f"/{BUCKET}/"):
            self.created = True
        if not self.created:
            return 404, MISSING
        return 200, NOTHING if method == "GET" else b""


@contextmanager
def serving(store: Store, tls: ssl.SSLContext | None = None) -> Iterator[Store]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) - store.ahead, usegmt=True)

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = self.path.partition("?")[0]
            store.seen.append((self.command, path, self.headers.get("authorization", ""), body))
            status, data = store.answer(self.command, path)
            self.send_response(status)
            self.send_header("etag", '"1"')
            self.send_header("last-modified", "Sat, 28 Nov 2026 12:00:00 GMT")
            self.send_header("content-type", "application/xml")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store.url = f"http{'s' if tls else ''}://{LOOPBACK}:{server.server_port}"
        try:
            yield store
        finally:
            server.shutdown()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return monkeypatch


@pytest.mark.parametrize(
    ("named", "region"),
    [
        ({"AWS_REGION": "eu-central-1"}, "eu-central-1"),
        ({"AWS_DEFAULT_REGION": "eu-central-1"}, "eu-central-1"),
        ({"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-central-1"}, "eu-west-3"),
        ({"AWS_REGION": "us-east-1"}, "us-east-1"),
        ({}, "us-east-1"),
    ],
)
async def test_the_region_is_the_same_everywhere(
    aws: pytest.MonkeyPatch, named: Mapping[str, str], region: str
) -> None:
    """With either variable, the bucket is created in the region, and both clients and the API sign for it."""
    with serving(Store(created=False)) as store:
        aws.setenv("AWS_ENDPOINT_URL_S3", store.url)
        for name, value in named.items():
            aws.setenv(name, value)
        storage = Storage(BUCKET)
        await storage.ensure_bucket()
        await storage.put_bytes("key", b"1", "text/plain")
        await Vault(SETTINGS).check()
    created = [body for method, path, _, body in store.seen if method == "PUT" and path.strip("/") == BUCKET]
    assert len(created) == 1
    constraint = f"<LocationConstraint>{region}</LocationConstraint>".encode()
    assert (constraint in created[0]) is (region != "us-east-1")
    assert len(store.seen) == 4
    assert all(f"/{region}/s3/aws4_request" in signed for _, _, signed, _ in store.seen)


@pytest.mark.parametrize(
    ("style", "endpoint", "address"),
    [
        ("virtual", "https://oss.example.com", "https://films.oss.example.com/key"),
        ("path", "https://oss.example.com", "https://oss.example.com/films/key"),
        ("", "https://oss.example.com", "https://oss.example.com/films/key"),
        ("virtual", "http://127.0.0.1:9000", "http://127.0.0.1:9000/films/key"),
        ("", "", "https://films.s3.eu-central-1.amazonaws.com/key"),
        ("path", "", "https://s3.eu-central-1.amazonaws.com/films/key"),
    ],
)
async def test_the_address_of_the_bucket_is_that_of_boto3(
    aws: pytest.MonkeyPatch, tmp_path: Path, style: str, endpoint: str, address: str
) -> None:
    """`addressing_style` of the AWS configuration applies to the workers' client and to the API's links, and without it
    boto3's own choice: the host's name at AWS, the path elsewhere."""
    config = tmp_path / "config"
    config.write_text(f"[default]\ns3 =\n  addressing_style = {style}\n" if style else "[default]\n")
    aws.setenv("AWS_CONFIG_FILE", str(config))
    aws.setenv("AWS_REGION", "eu-central-1")
    if endpoint:
        aws.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    link = await Vault(SETTINGS).link("key", "name")
    assert link.partition("?")[0] == address
    store = Storage(BUCKET)._store
    assert isinstance(store, S3Store)
    hosted = str(store.config.get("virtual_hosted_style_request")).lower() == "true"
    base = str(store.config.get("endpoint"))
    assert (f"{base}/key" if hosted else f"{base}/{BUCKET}/key") == address


def test_links_for_the_public_address_follow_the_configuration(tmp_path: Path) -> None:
    """With the embedded server, the processes receive only the addressing style of the user's AWS configuration."""
    own, made = tmp_path / "own", tmp_path / "made"
    own.write_text("[default]\nregion = x\nendpoint_url = http://other\ns3 =\n  addressing_style = virtual\n")
    assert write_aws_config({"AWS_CONFIG_FILE": str(own)}, made) == str(made)
    assert made.read_text().split() == ["[default]", "s3", "=", "addressing_style", "=", "virtual"]
    own.write_text("[default]\nendpoint_url = http://other\n")
    assert write_aws_config({"AWS_CONFIG_FILE": str(own)}, made) == "/dev/null"
    assert write_aws_config({"AWS_CONFIG_FILE": str(tmp_path / "none")}, made) == "/dev/null"


async def test_both_clients_use_the_same_certificates(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server with a certificate of its own is refused by both clients, and with AWS_CA_BUNDLE accepted by both."""
    with serving(Store(), certified(tmp_path)) as store:
        aws.setenv("AWS_ENDPOINT_URL_S3", store.url)
        aws.setenv("AWS_MAX_ATTEMPTS", "1")
        distrusting = Storage(BUCKET)
        with pytest.raises(SSLError):
            await distrusting.ensure_bucket()
        with pytest.raises(StorageFailed):
            await distrusting.get_bytes("key")
        aws.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        storage = Storage(BUCKET)
        await storage.ensure_bucket()
        assert await storage.get_bytes("key")
        await Vault(SETTINGS).check()
    aws.setenv("AWS_CA_BUNDLE", str(tmp_path / "nothing"))
    with pytest.raises(StorageRefused, match=r"AWS_CA_BUNDLE is .*nothing.*No such file"):
        Storage(BUCKET)


async def test_a_wrong_clock_is_reported(aws: pytest.MonkeyPatch) -> None:
    """When a store refuses the time of a request, start, probe, writes and /readyz report the clock and the difference,
    and not credentials or conditional writes."""
    with serving(Store(refusal=SKEW, ahead=timedelta(hours=1))) as store:
        aws.setenv("AWS_ENDPOINT_URL_S3", store.url)
        storage = Storage(BUCKET)
        with pytest.raises(StorageRefused, match="clock is wrong: it is 60 minutes ahead of that of the S3 server"):
            await storage.ensure_bucket()
        with pytest.raises(StorageFailed, match="clock is wrong"):
            await storage.put_bytes("key", b"1", "text/plain")
        found = await probe(storage)
        assert found.state == "unreachable"
        assert "clock is wrong" in found.problem
        with pytest.raises(Problem) as refused:
            await Vault(SETTINGS).check()
        assert "60 minutes ahead" in refused.value.problem.detail


def test_messages_for_addresses_and_clocks() -> None:
    """A bucket whose name is in no host gets no address message; only the error for the time is about the clock."""
    assert bucket_endpoint("a.b", "https://s3.example", "https://s3.example/a.b/x") is None
    assert bucket_endpoint("s3", "https://s3.example", "https://s3.s3.example/x") == "https://s3.s3.example"
    assert clock_problem("AccessDenied") == ""
    assert "differs" in clock_problem("RequestTimeTooSkewed", "no date")
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert "30 minutes behind" in clock_problem("RequestTimeTooSkewed", "Sat, 28 Nov 2026 12:30:00 GMT", now)

"""Each fault of `make chaos` happens: vendors that charge more or later, S3 without responses, suspended workers."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

import httpx
import pytest

from tests.chaos.faults import owner_of, signalled, state_of
from tests.chaos.servers import emulators
from tests.chaos.servers.bills import mark
from tests.chaos.servers.emulators import OpenAI, Replicate, Runway
from tests.chaos.servers.proxy import Proxy, S3Faults
from tests.emulators.base import Emulator
from tests.support.waiting import WITHIN, until

PROMPT: Final = f"a boat {mark('p1', 'visual')}"
TEN: Final = Decimal(10)


def post(vendor: Emulator, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {vendor.key}", "X-Runway-Version": "2024-11-06", **headers}
    return httpx.post(f"{vendor.url}{path}", json=body, headers=sent, timeout=WITHIN, trust_env=False)


def get(vendor: Emulator, path: str) -> Any:
    headers = {"Authorization": f"Bearer {vendor.key}", "X-Runway-Version": "2024-11-06"}
    return httpx.get(f"{vendor.url}{path}", headers=headers, timeout=WITHIN, trust_env=False).json()


IMAGE: Final[dict[str, Any]] = {
    "model": "gpt-image-2.5-flare",
    "prompt": PROMPT,
    "quality": "low",
    "size": "1024x1024",
    "n": 1,
}
VIDEO: Final[dict[str, Any]] = {"model": "veo3.1_fast", "promptText": PROMPT, "ratio": "1280:720", "duration": 4}
FLUX: Final = "black-forest-labs/flux-2-pro"


def test_a_surcharge_is_reported_by_openai() -> None:
    """A picture that costs ten times its price is billed and reported at that amount."""
    with OpenAI({IMAGE["model"]: TEN}) as expensive, OpenAI({}) as fair:
        reported, usual = (post(v, "/v1/images/generations", IMAGE).json()["usage"] for v in (expensive, fair))
        assert reported["output_tokens"] == 10 * usual["output_tokens"]
        (bill,), (usually,) = expensive.bills(), fair.bills()
        assert bill.usd == 10 * usually.usd
        assert bill.surcharge_usd == 9 * usually.usd
        assert bill.owner.asset_id == "visual"


def test_a_surcharge_is_reported_by_runway() -> None:
    """A video is estimated at its price, and costs ten times as much when it is done."""
    with Runway({VIDEO["model"]: TEN}) as vendor:
        made = post(vendor, "/v1/text_to_video", VIDEO).json()
        said = made["estimatedCost"]["credits"]
        tasks = [get(vendor, f"/v1/tasks/{made['id']}") for _ in range(2)]
        assert tasks[-1]["cost"]["credits"] == 10 * said
        assert [b.usd for b in vendor.bills()] == [Decimal(said) / 10]


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_late_vendor_bills_what_ran_to_its_end(cancelled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is cancelled in time costs nothing; an abandoned one is billed when it ends."""
    monkeypatch.setattr(emulators, "JOB_SECONDS", WITHIN)
    with Runway({}, late=True) as runway, Replicate(late=True) as replicate:
        task = post(runway, "/v1/text_to_video", VIDEO).json()["id"]
        body = {"input": {"prompt": PROMPT}}
        made = post(replicate, f"/v1/models/{FLUX}/predictions", body, **{"Cancel-After": "60s"}).json()["id"]
        assert not runway.bills()
        if cancelled:
            headers = {"Authorization": f"Bearer {runway.key}", "X-Runway-Version": "2024-11-06"}
            httpx.delete(f"{runway.url}/v1/tasks/{task}", headers=headers, timeout=WITHIN, trust_env=False)
            post(replicate, f"/v1/predictions/{made}/cancel", {})
        for clock in (runway.clock, replicate.clock):
            clock.due = dict.fromkeys(clock.due, 0.0)
        assert bool(runway.bills()) is bool(replicate.bills()) is not cancelled
        assert get(runway, f"/v1/tasks/{task}")["status"] == ("CANCELLED" if cancelled else "SUCCEEDED")


@pytest.mark.parametrize(("fault", "status"), [("error_after", 500), ("overload_after", 503)])
def test_an_error_after_the_bill(fault: Any, status: int) -> None:
    """The vendor answers with its own JSON error although it accepted and bills the request."""
    with OpenAI({}) as vendor:
        vendor.meet(fault)
        answer = post(vendor, "/v1/images/generations", IMAGE)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]
        assert len(vendor.bills()) == 1
        assert vendor.met == {fault: 1}


class Store(BaseHTTPRequestHandler):
    """The part of S3 that the proxy needs."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}

    def log_message(self, *_: object) -> None: ...

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(self.objects[self.path])

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def proxied(s3_faults: S3Faults) -> Iterator[tuple[Proxy, str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with Proxy(f"http://127.0.0.1:{server.server_address[1]}", s3_faults, "seed") as proxy:
            proxy.start_faults()
            yield proxy, f"{proxy.url}/greenlight/productions/x/assets/visual/takes/1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_lost_answer_of_s3() -> None:
    """The write is done, and its response is lost; a read gets its response."""
    with proxied(S3Faults(lose=1.0)) as (proxy, take), httpx.Client(timeout=WITHIN, trust_env=False) as http_client:
        with pytest.raises(httpx.RemoteProtocolError):
            http_client.put(f"{take}/media.png", content=b"a picture")
        assert http_client.get(f"{take}/media.png").content == b"a picture"
        assert proxy.met == {"lost": 1}
        assert proxy.written[0].sha256 == hashlib.sha256(b"a picture").hexdigest()


def test_s3_is_slow_and_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request takes the latency, and the chosen one gets no response."""
    monkeypatch.setattr("tests.chaos.servers.proxy.HANG_SECONDS", 0.4)
    with (
        proxied(S3Faults(latency=(0.1, 0.1), hang_at=(2,))) as (proxy, take),
        httpx.Client(timeout=WITHIN, trust_env=False) as client,
    ):
        began = time.monotonic()
        client.put(f"{take}/media.png", content=b"1")
        assert time.monotonic() - began >= 0.1
        with pytest.raises(httpx.RemoteProtocolError):
            client.put(f"{take}/media.png", content=b"2")
        assert time.monotonic() - began >= 0.6
        assert proxy.met == {"hung": 1}


def test_overwritten_media() -> None:
    """The proxy reports media that is overwritten with other content, but not the same content, or a ledger."""
    with proxied(S3Faults()) as (proxy, take), httpx.Client(timeout=WITHIN, trust_env=False) as client:
        for name, content in {"a": b"1", "b": b"1"}.items():
            client.put(f"{take}/media.png", content=content)
            client.put(f"{take}/ledger.json", content=name.encode())
        assert proxy.overwritten("productions/x/") == []
        client.put(f"{take}/media.png", content=b"2")
        assert proxy.overwritten("productions/x/") == ["productions/x/assets/visual/takes/1/media.png"]
        assert proxy.overwritten("productions/y/") == []


@pytest.mark.skipif(sys.platform != "linux", reason="it reads the Linux kernel's tables")
def test_the_worker_that_waits_is_the_one_that_is_stopped() -> None:
    """The process that sent a request is found by its socket; SIGSTOP suspends it, and SIGCONT resumes it."""
    program = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], b'{}', method='POST'))"
    environ = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    with OpenAI({}) as vendor, vendor.held() as reached:
        address = f"{vendor.url}/v1/images/generations"
        sender = subprocess.Popen([sys.executable, "-c", program, address], env=environ, stderr=subprocess.DEVNULL)
        try:
            assert reached.wait(WITHIN)
            assert owner_of(next(iter(vendor.in_flight.values())), [os.getppid(), sender.pid]) == sender.pid
            assert signalled(sender.pid, signal.SIGSTOP)
            until(lambda: state_of(sender.pid) == "T", "the sender is suspended")
            assert signalled(sender.pid, signal.SIGCONT)
        finally:
            sender.kill()
            sender.wait()
    assert state_of(sender.pid) == ""

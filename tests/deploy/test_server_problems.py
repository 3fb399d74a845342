"""What is wrong with the servers behind API and workers is said within 10 s: in /readyz, by the doctor, in the logs."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from typer.testing import CliRunner

from api.__main__ import server
from api.app import create_app
from api.cli.main import app
from api.settings import Settings
from deploy import temporal
from deploy.local import Stack
from deploy.ports import LOOPBACK, Ports, answers
from deploy.supervisor import Component, Supervisor
from tests import ROOT
from tests.activities.storage.test_external_s3 import certified
from tests.support.stack import hermetic
from workflows.servers import FULL, problem_of

STARTS_WITHIN = 60.0
"""Seconds that a process may take to import what it needs, on a busy machine."""
WITHIN = 10.0
NAMESPACE = "the Temporal server has no namespace 'nowhere'"
CERTIFICATE = "the certificate of the Temporal server is not trusted"
PLAIN = "the Temporal server does not speak TLS"


def free() -> int:
    return Ports(lambda _: None, anywhere=True).near(0)


@contextmanager
def process(module: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield running
        finally:
            running.terminate()
            running.wait()


async def until(url: str, words: str, seconds: float) -> httpx.Response:
    """The first answer with these words in it."""
    deadline = time.monotonic() + seconds
    said = "nothing"
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        while time.monotonic() < deadline:
            try:
                answer = await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if words.lower() in answer.text.lower():
                return answer
            said = answer.text
            await asyncio.sleep(0.1)
    raise AssertionError(f"{url} did not say {words!r} within {seconds} s, but {said}")


async def logged(log: Path, words: str, seconds: float = WITHIN) -> None:
    deadline = time.monotonic() + seconds
    while words.lower() not in (said := await asyncio.to_thread(log.read_text)).lower():
        assert time.monotonic() < deadline, f"{log} does not say {words!r}:\n{said}"
        await asyncio.sleep(0.1)


def doctor(url: str) -> str:
    """What the doctor says, who finds something missing."""
    result = CliRunner().invoke(app, ["--url", url, "doctor"])
    assert result.exit_code == 1, result.stdout
    return " ".join(result.stdout.split())


@asynccontextmanager
async def untrusted(folder: Path) -> AsyncIterator[str]:
    """The address of a server whose certificate nobody vouches for."""
    tls = certified(folder)
    tls.set_alpn_protocols(["h2"])
    assert isinstance(tls, ssl.SSLContext)
    listening = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, 0, ssl=tls)
    async with listening:
        yield f"{LOOPBACK}:{listening.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("case", [NAMESPACE, CERTIFICATE, PLAIN])
async def test_wrong_settings_of_temporal(servers: Stack, tmp_path: Path, case: str) -> None:
    """A namespace that does not exist, a certificate that is not trusted and TLS to a server without: API and worker
    start, wait, and say so in /readyz, to the doctor and in both logs; the worker's /healthz stays 200."""
    api_port, health_port = free(), free()
    env = {
        **servers.env,
        "GREENLIGHT_OPEN": "true",
        "GREENLIGHT_API_PORT": str(api_port),
        "GREENLIGHT_HEALTH_PORT": str(health_port),
    }
    async with untrusted(tmp_path) as address:
        env |= {
            NAMESPACE: {"TEMPORAL_NAMESPACE": "nowhere"},
            CERTIFICATE: {"TEMPORAL_ADDRESS": address, "TEMPORAL_TLS": "true"},
            PLAIN: {"TEMPORAL_TLS": "true"},
        }[case]
        api, worker = tmp_path / "api.log", tmp_path / "worker.log"
        url, health = f"http://{LOOPBACK}:{api_port}", f"http://{LOOPBACK}:{health_port}"
        with process("api", env, api), process("worker", env, worker):
            await until(f"{url}/healthz", "ok", STARTS_WITHIN)
            assert (await until(f"{url}/readyz", case, WITHIN)).status_code == 503
            await logged(api, case)
            assert case.lower() in (await asyncio.to_thread(doctor, url)).lower()
            await until(f"{health}/healthz", "checks", STARTS_WITHIN)
            assert (await until(f"{health}/readyz", case, WITHIN)).status_code == 503
            assert (await until(f"{health}/healthz", case, WITHIN)).status_code == 200
            await logged(worker, case)


async def test_a_full_disk_of_temporal(servers: Stack, tmp_path: Path) -> None:
    """A Temporal server that can read but not write: /readyz, doctor and the API's log say that its disk is full."""
    port, api_port = free(), free()
    command = [*temporal.command(tmp_path / "small.db", port, None), "--sqlite-pragma", "max_page_count=200"]
    env = {
        **servers.env,
        "GREENLIGHT_OPEN": "true",
        "GREENLIGHT_API_PORT": str(api_port),
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{port}",
    }
    url, log = f"http://{LOOPBACK}:{api_port}", tmp_path / "api.log"
    small = Component("temporal", command, temporal.server_env(hermetic(os.environ)), lambda _: answers(port), grace=5)
    supervisor = Supervisor([small], tmp_path, lambda _: None)
    await asyncio.to_thread(supervisor.start)
    try:
        with process("api", env, log):
            await _fill(await Client.connect(f"{LOOPBACK}:{port}"))
            await until(f"{url}/healthz", "ok", STARTS_WITHIN)
            words = "disk of the Temporal server is full"
            assert (await until(f"{url}/readyz", words, WITHIN)).status_code == 503
            assert words in await asyncio.to_thread(doctor, url)
            await logged(log, words)
    finally:
        await asyncio.to_thread(supervisor.stop)


async def _fill(client: Client) -> None:
    """Until not even the smallest thing is stored."""
    for size in (20_000, 2_000, 1):
        for _ in range(200):
            try:
                await client.start_workflow(
                    "Nobody",
                    "x" * size,
                    id=uuid.uuid4().hex,
                    task_queue="nobody",
                    rpc_timeout=timedelta(seconds=1),
                )
            except RPCError:
                break
        else:
            raise AssertionError("the disk is not full")


async def test_a_worker_that_can_work_is_ready(servers: Stack, tmp_path: Path) -> None:
    """With a port, a worker serves /healthz and /readyz on loopback; an address that is in use is refused by name."""
    port = free()
    env = {**servers.env, "GREENLIGHT_HEALTH_PORT": str(port)}
    url = f"http://{LOOPBACK}:{port}"
    with process("worker", env, tmp_path / "worker.log"):
        ready = await until(f"{url}/readyz", '"ready": true', STARTS_WITHIN)
        assert ready.json() == {"ready": True, "checks": {"temporal": "ok", "storage": "ok"}}
        assert ready.status_code == 200
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{url}/other")).status_code == 404
            assert (await http.post(f"{url}/readyz")).status_code == 405
        second = tmp_path / "second.log"
        with process("worker", env, second) as other:
            await asyncio.to_thread(other.wait, STARTS_WITHIN)
        assert other.returncode == 1
        assert f"GREENLIGHT_HEALTH_PORT is {port}" in second.read_text()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Namespace films is not found.", "no namespace 'films'"),
        ("AppendHistoryNodes: database or disk is full (13)", FULL),
        ("write /data/wal: no space left on device", FULL),
        ("InvalidCertificate(UnknownIssuer)", CERTIFICATE),
        ("InvalidCertificate(Expired)", CERTIFICATE),
        ("received fatal alert: AlertReceived(CertificateRequired)", "refuses this client's certificate"),
        ("InvalidMessage(InvalidContentType)", PLAIN),
        ("workflow not found for ID: x", ""),
        ("Connection refused (os error 111)", ""),
    ],
)
def test_what_servers_say(said: str, words: str) -> None:
    """Each cause has its own words; what tells nothing has none."""
    assert words in problem_of(said)
    assert bool(problem_of(said)) is bool(words)


def test_the_time_to_stop_is_set() -> None:
    """GREENLIGHT_API_STOP_SECONDS is what requests get after SIGTERM, and uploads need more than some seconds."""
    settings = Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_API_STOP_SECONDS": "7"})
    assert server(settings, create_app(settings)).config.timeout_graceful_shutdown == 7
    assert Settings.read({"GREENLIGHT_OPEN": "true"}).stop_seconds >= 30


async def test_a_stop_lets_uploads_end_and_tells_watchers(local_stack: Stack, tmp_path: Path) -> None:
    """After SIGTERM a watcher is told to come again and its stream ends, while an upload that is under way goes on to
    its end and is answered."""
    port = free()
    env = {**local_stack.env, "GREENLIGHT_API_PORT": str(port), "GREENLIGHT_API_STOP_SECONDS": "30"}
    url = f"http://{LOOPBACK}:{port}/api/v1"
    ended = asyncio.Event()

    async def picture() -> AsyncIterator[bytes]:
        yield PIXEL[:20]
        await ended.wait()
        yield PIXEL[20:]

    with process("api", env, tmp_path / "api.log") as api:
        await until(f"http://{LOOPBACK}:{port}/healthz", "ok", STARTS_WITHIN)
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            brief = {"text": "Say it.", "platform": "copy"}
            production = (await http.post(f"{url}/productions", json=brief)).json()["production_id"]
            upload = asyncio.create_task(http.post(f"{url}/references", content=picture()))
            async with http.stream("GET", f"{url}/productions/{production}/events") as stream:
                seen = ""
                async for chunk in stream.aiter_text():
                    if not seen:
                        api.terminate()
                    seen += chunk
            assert seen.rstrip().endswith("retry: 1000\n: the server stops; connect again with Last-Event-ID")
            assert not upload.done()
            ended.set()
            assert (await upload).status_code == 201
        await asyncio.to_thread(api.wait, 20)


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)

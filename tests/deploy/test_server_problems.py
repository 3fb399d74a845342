"""Problems with the servers behind API and workers: /readyz, the doctor and the logs name them."""

import asyncio
import os
import ssl
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from functools import partial
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
from deploy.ports import LOOPBACK, Ports, accepts_connections
from deploy.supervisor import Component, Supervisor
from tests import ROOT
from tests.support.servers.certificates import certified
from tests.support.stack import hermetic
from tests.support.waiting import WITHIN, eventually
from workflows.servers.temporal import DISK_FULL, diagnose

NAMESPACE = "the Temporal server has no namespace 'nowhere'"
CERTIFICATE = "the certificate of the Temporal server is not trusted"
PLAIN = "the Temporal server does not use TLS"


def free() -> int:
    return Ports(lambda _: None, anywhere=True).reserve_near(0)


@contextmanager
def process(module: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield running
        finally:
            running.terminate()
            running.wait()


async def _response(url: str, words: str) -> httpx.Response | None:
    """The response of an address, if its text contains this."""
    async with httpx.AsyncClient(trust_env=False, timeout=WITHIN) as http:
        with suppress(httpx.TransportError):
            response = await http.get(url)
            return response if words.lower() in response.text.lower() else None
    return None


async def until(url: str, words: str) -> httpx.Response:
    """The first response whose text contains this."""
    return await eventually(partial(_response, url, words), f"{words!r} at {url}")


async def logged(log: Path, words: str) -> None:
    """Wait until a log contains this."""

    async def poll() -> bool | None:
        return words.lower() in (await asyncio.to_thread(log.read_text)).lower() or None

    await eventually(poll, f"{words!r} in {log}")


async def diagnosed(url: str, words: str) -> None:
    """Run the doctor, which finds something missing, until its output contains this."""

    async def poll() -> bool | None:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, "doctor"])
        assert result.exit_code == 1, result.stdout
        return words.lower() in " ".join(result.stdout.split()).lower() or None

    await eventually(poll, f"{words!r} by the doctor")


@asynccontextmanager
async def untrusted(folder: Path) -> AsyncIterator[str]:
    """The address of a server with an untrusted certificate."""
    tls = certified(folder)
    tls.set_alpn_protocols(["h2"])
    assert isinstance(tls, ssl.SSLContext)
    listening = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, 0, ssl=tls)
    async with listening:
        yield f"{LOOPBACK}:{listening.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("case", [CERTIFICATE, *(pytest.param(c, marks=pytest.mark.trial) for c in (NAMESPACE, PLAIN))])
async def test_wrong_settings_of_temporal(servers: Stack, tmp_path: Path, case: str) -> None:
    """With a namespace that does not exist, a certificate that is not trusted, or TLS to a server without it, API and
    worker start, wait, and report it in /readyz, to the doctor and in both logs; the worker's /healthz stays 200."""
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
            await until(f"{url}/healthz", "ok")
            assert (await until(f"{url}/readyz", case)).status_code == 503
            await logged(api, case)
            await diagnosed(url, case)
            await until(f"{health}/healthz", "checks")
            assert (await until(f"{health}/readyz", case)).status_code == 503
            assert (await until(f"{health}/healthz", case)).status_code == 200
            await logged(worker, case)


@pytest.mark.trial
async def test_a_full_disk_of_temporal(servers: Stack, tmp_path: Path) -> None:
    """For a Temporal server that can read but not write, /readyz, doctor and the API's log report that its disk is
    full."""
    port, api_port = free(), free()
    command = [*temporal.server_command(tmp_path / "small.db", port, None), "--sqlite-pragma", "max_page_count=200"]
    env = {
        **servers.env,
        "GREENLIGHT_OPEN": "true",
        "GREENLIGHT_API_PORT": str(api_port),
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{port}",
    }
    url, log = f"http://{LOOPBACK}:{api_port}", tmp_path / "api.log"
    small = Component(
        "temporal", command, temporal.server_env(hermetic(os.environ)), lambda _: accepts_connections(port), grace=5
    )
    supervisor = Supervisor([small], tmp_path, lambda _: None)
    await asyncio.to_thread(supervisor.start)
    try:
        with process("api", env, log):
            client = await Client.connect(f"{LOOPBACK}:{port}")
            await until(f"{url}/healthz", "ok")
            words = "disk of the Temporal server is full"

            async def poll() -> httpx.Response | None:
                await _fill(client)  # again: a server that was only slow is not full
                return await _response(f"{url}/readyz", words)

            assert (await eventually(poll, words)).status_code == 503
            await diagnosed(url, words)
            await logged(log, words)
    finally:
        await asyncio.to_thread(supervisor.stop)


async def _fill(client: Client) -> None:
    """Start workflows until not even the smallest one is stored."""
    for size in (20_000, 2_000, 1):
        with suppress(RPCError):
            for _ in range(200):
                await client.start_workflow(
                    "Nobody",
                    "x" * size,
                    id=uuid.uuid4().hex,
                    task_queue="nobody",
                    rpc_timeout=timedelta(seconds=1),
                )


async def test_a_worker_that_can_work_is_ready(servers: Stack, tmp_path: Path) -> None:
    """With a port, a worker serves /healthz and /readyz on loopback; an address that is in use is refused by name."""
    port = free()
    env = {**servers.env, "GREENLIGHT_HEALTH_PORT": str(port)}
    url = f"http://{LOOPBACK}:{port}"
    with process("worker", env, tmp_path / "worker.log"):
        ready = await until(f"{url}/readyz", '"ready": true')
        checks = dict.fromkeys(("temporal", "storage", "polling", "disk"), "ok")
        assert ready.json() == {"ready": True, "checks": checks}
        assert ready.status_code == 200
        async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as http:
            assert (await http.get(f"{url}/other")).status_code == 404
            assert (await http.post(f"{url}/readyz")).status_code == 405
        second = tmp_path / "second.log"
        with process("worker", env, second) as other:
            await asyncio.to_thread(other.wait, WITHIN)
        assert other.returncode == 1
        assert f"GREENLIGHT_HEALTH_PORT is {port}" in second.read_text()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Namespace films is not found.", "no namespace 'films'"),
        ("AppendHistoryNodes: database or disk is full (13)", DISK_FULL),
        ("write /data/wal: no space left on device", DISK_FULL),
        ("InvalidCertificate(UnknownIssuer)", CERTIFICATE),
        ("InvalidCertificate(Expired)", CERTIFICATE),
        ("received fatal alert: AlertReceived(CertificateRequired)", "refuses this client's certificate"),
        ("InvalidMessage(InvalidContentType)", PLAIN),
        ("workflow not found for ID: x", ""),
        ("Connection refused (os error 111)", ""),
    ],
)
def test_messages_for_causes(said: str, words: str) -> None:
    """Each cause has its own message; an error without a cause has none."""
    assert words in diagnose(said)
    assert bool(diagnose(said)) is bool(words)


def test_the_time_to_stop_is_set() -> None:
    """GREENLIGHT_API_STOP_SECONDS is the time for requests after SIGTERM, and uploads need more than some seconds."""
    settings = Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_API_STOP_SECONDS": "7"})
    assert server(settings, create_app(settings)).config.timeout_graceful_shutdown == 7
    assert Settings.read({"GREENLIGHT_OPEN": "true"}).stop_seconds >= 30


async def test_a_stop_finishes_uploads_and_ends_streams(local_stack: Stack, tmp_path: Path) -> None:
    """After SIGTERM a watcher is asked to reconnect and its stream ends, while an upload in progress is completed and
    gets its response."""
    port = free()
    env = {**local_stack.env, "GREENLIGHT_API_PORT": str(port), "GREENLIGHT_API_STOP_SECONDS": "120"}
    url = f"http://{LOOPBACK}:{port}/api/v1"
    ended = asyncio.Event()

    async def picture() -> AsyncIterator[bytes]:
        yield PIXEL[:20]
        await ended.wait()
        yield PIXEL[20:]

    with process("api", env, tmp_path / "api.log") as api:
        await until(f"http://{LOOPBACK}:{port}/healthz", "ok")
        async with httpx.AsyncClient(trust_env=False, timeout=WITHIN) as http:
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
        await asyncio.to_thread(api.wait, WITHIN)


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)

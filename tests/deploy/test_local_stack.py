"""The embedded stack: loopback only, correct messages about ports, one at a time, and no process left after its end."""

import asyncio
import base64
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.storage.bucket import Storage
from deploy import s3, temporal
from deploy.home import HomeInUse, find_running_stack, lock_home
from deploy.local import Stack, running_stack
from deploy.ports import LOOPBACK, Ports, PortTaken
from deploy.settings import SettingsRefused, StackSettings
from deploy.supervisor import MAX_QUICK_EXITS, Component, StackFailed, Supervisor
from tests import ROOT
from tests.support.stack import alive, hermetic, listening, new_home
from tests.support.waiting import WITHIN, until

KEY = f"k:{base64.b64encode(bytes(32)).decode()}"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")


@pytest.fixture
def taken() -> Iterator[int]:
    """A loopback port on which a socket listens."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def _own(stack: Stack, name: str) -> int:
    pid = stack.supervisor.pid(name)
    assert pid is not None
    return pid


@linux_only
def test_everything_binds_to_loopback(local_stack: Stack) -> None:
    """No process of the stack listens on an address that another machine could reach."""
    for name, pid in local_stack.supervisor.pids().items():
        addresses = {address.split(":")[0] for address in listening(pid)}
        assert addresses <= {"0100007F"}, name
        assert name == "worker" or addresses, f"{name} listens on no port, so nothing was checked"


def test_a_default_port_in_use_is_replaced(taken: int) -> None:
    """A default port that is in use is replaced by the next free one, and a message reports it."""
    output: list[str] = []
    port = Ports(output.append).reserve("GREENLIGHT_API_PORT", None, taken)
    assert port > taken
    assert f"Port {taken} is in use, using {port} instead" in output[0]
    assert "GREENLIGHT_API_PORT" in output[0]


@pytest.mark.parametrize("variable", ["TEMPORAL", "UI", "S3", "API", "CODEC"])
def test_a_configured_port_in_use_is_refused(tmp_path: Path, taken: int, variable: str) -> None:
    """A port set by variable that is in use is refused by the variable's name, and nothing is started."""
    environ = hermetic(os.environ) | {f"GREENLIGHT_{variable}_PORT": str(taken), "GREENLIGHT_PAYLOAD_KEYS": KEY}
    with (
        pytest.raises(PortTaken, match=f"GREENLIGHT_{variable}_PORT: port {taken} is in use"),
        running_stack(tmp_path / "home", ports="free", environ=environ),
    ):
        pass
    assert find_running_stack(tmp_path / "home") is None


def test_settings_name_the_variable() -> None:
    """An invalid port is refused by the variable's name and with the value."""
    with pytest.raises(SettingsRefused, match="GREENLIGHT_API_PORT='eighty'"):
        StackSettings.of({"GREENLIGHT_API_PORT": "eighty"})


def test_a_home_has_one_stack(servers: Stack) -> None:
    """A second stack over the same GREENLIGHT_HOME is refused, and the message gives the address of the first one."""
    home = Path(servers.info.home)
    with pytest.raises(HomeInUse, match=servers.info.api_url), running_stack(home, ports="free"):
        pass
    assert find_running_stack(home) == servers.info


def test_credentials_are_private_and_kept(tmp_path: Path) -> None:
    """The embedded S3's credentials are random, readable only by their owner, and the same at the next start."""
    made = s3.load_credentials(tmp_path / "s3.json")
    assert s3.load_credentials(tmp_path / "s3.json") == made
    assert s3.load_credentials(tmp_path / "other.json") != made
    assert stat.S_IMODE((tmp_path / "s3.json").stat().st_mode) == 0o600


def test_other_servers_are_used(tmp_path: Path, servers: Stack) -> None:
    """When TEMPORAL_ADDRESS and AWS settings name servers, those are used and none is started."""
    output: list[str] = []
    environ = {name: value for name, value in servers.env.items() if not name.startswith("GREENLIGHT_")}
    with running_stack(
        tmp_path / "home", ports="free", api=False, worker=False, environ=environ, say=output.append
    ) as stack:
        assert stack.info.embedded == ()
        assert stack.info.temporal_address == servers.info.temporal_address
        assert stack.info.s3_endpoint == servers.info.s3_endpoint
    assert any(servers.info.temporal_address in line for line in output)
    assert any(servers.info.s3_endpoint in line for line in output)


def test_the_settings_that_count_as_configuration(tmp_path: Path) -> None:
    """A temporal.toml profile and AWS credentials count as configuration; AWS_CA_BUNDLE alone does not."""
    toml = tmp_path / "temporal.toml"
    toml.write_text('[profile.studio]\naddress = "temporal.example.com:7233"\nnamespace = "films"\n')
    profile = {"TEMPORAL_CONFIG_FILE": str(toml), "TEMPORAL_PROFILE": "studio"}
    assert temporal.configured_server(profile) == ("temporal.example.com:7233", "films")
    assert temporal.configured_server({"TEMPORAL_CONFIG_FILE": os.devnull}) is None
    assert s3.configured_by({"AWS_CA_BUNDLE": "/etc/ssl/ca.pem", "AWS_REGION": "eu-central-1"}) is None
    assert s3.configured_by({"AWS_PROFILE": "studio"}) == "AWS_PROFILE"


async def test_killed_servers_restart_with_their_data(servers: Stack, client: Client, storage: Storage) -> None:
    """Both servers, killed with SIGKILL, are started again on the same addresses and have lost nothing."""
    handle = await client.start_workflow("Nobody", id=f"kept-{uuid.uuid4()}", task_queue=f"nobody-{uuid.uuid4()}")
    await storage.put_bytes("kept", b"bytes", "text/plain")
    for name in ("temporal", "s3"):
        before = _own(servers, name)
        servers.supervisor.kill(name)
        servers.supervisor.wait_ready(name)
        assert _own(servers, name) != before
    assert (await handle.describe()).id == handle.id
    kept = await storage.get_bytes("kept")
    assert kept is not None
    assert kept[0] == b"bytes"
    await handle.terminate()


def test_worker_and_api_are_restarted(local_stack: Stack) -> None:
    """A killed worker and a killed API are replaced by ones that serve."""
    for name in ("worker", "api"):
        before = _own(local_stack, name)
        local_stack.supervisor.kill(name)
        local_stack.supervisor.wait_ready(name)
        assert _own(local_stack, name) != before


def test_kills_by_its_owner_never_end_the_stack(tmp_path: Path) -> None:
    """Kills by its owner are no crash loop, however often they come. A wait for a stack that has stopped ends."""
    sleeper = Component("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], {}, lambda _: True, grace=5)
    supervisor = Supervisor([sleeper], tmp_path, lambda _: None)
    supervisor.start()
    for _ in range(MAX_QUICK_EXITS + 1):
        supervisor.kill("sleeper")
        supervisor.wait_ready("sleeper")
    supervisor.stop()
    with pytest.raises(StackFailed, match="sleeper is not ready: the stack has stopped"):
        supervisor.wait_ready("sleeper")


@pytest.mark.parametrize("safe", [True, False])
def test_a_kill_at_the_end_is_reported_unless_it_loses_nothing(tmp_path: Path, safe: bool) -> None:
    """A part that does not stop within its grace is killed. If that loses nothing, its log says so, and no message."""
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"
    )
    log = tmp_path / "deaf.log"
    command = [sys.executable, "-c", script]
    deaf = Component("deaf", command, {}, lambda _: "on" in log.read_text(), grace=0.1, kill_is_safe=safe)
    messages: list[str] = []
    supervisor = Supervisor([deaf], tmp_path, messages.append)
    supervisor.start()
    supervisor.stop()
    assert messages == ([] if safe else ["deaf did not stop within its grace and is killed"])
    assert ("which loses nothing" in log.read_text()) is safe


def test_repeated_deaths_end_the_stack(tmp_path: Path) -> None:
    """A part that ends quickly several times stops everything, with its last output and the path of its log."""
    gone = tmp_path / "served"
    script = f"import pathlib, sys, time; f = pathlib.Path({str(gone)!r}); old = f.exists(); f.touch()\n"
    script += "if old: print('no disk'); sys.exit(3)\ntime.sleep(600)"
    flaky = Component("flaky", [sys.executable, "-c", script], dict(os.environ), lambda _: gone.exists(), grace=5)
    steady = Component("steady", [sys.executable, "-c", "import time; time.sleep(600)"], {}, lambda _: True, grace=5)
    supervisor = Supervisor([steady, flaky], tmp_path, lambda _: None)
    supervisor.start()
    pid = supervisor.pid("steady")
    assert pid is not None
    supervisor.kill("flaky")
    with pytest.raises(StackFailed, match=r"flaky .*exit code 3, 5 times in a row.*flaky\.log\n  no disk"):
        supervisor.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("trace", ["", "a frame of the stack\\n" * 60])
def test_a_failed_start_is_reported_at_once(tmp_path: Path, trace: str) -> None:
    """A part that cannot start at all is not retried: the message has its last output, and the reason before a long
    stack trace."""
    breaks = f"print('no key', flush=True); raise SystemExit('{trace}the end')"
    broken = Component("broken", [sys.executable, "-c", breaks], {}, lambda _: False, grace=5)
    with pytest.raises(StackFailed, match=r"(?s)broken ended with exit code 1 while starting.*\n  no key.*\n  the end"):
        Supervisor([broken], tmp_path, lambda _: None).start()


_PARENT = """
import json, sys, time
from pathlib import Path
from deploy.local import running_stack
with running_stack(Path(sys.argv[1]), ports="free", api=False, worker=False, say=lambda _: None) as stack:
    print(json.dumps(stack.supervisor.pids()), flush=True)
    time.sleep(600)
"""


@linux_only
def test_a_killed_parent_leaves_no_process(tmp_path: Path) -> None:
    """SIGKILL of the stack's own process ends its children too, and leaves its home to the next stack."""
    home = new_home(tmp_path / "home")
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(home)], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids = json.loads(parent.stdout.readline())
        assert set(pids) == {"temporal", "s3"}
        parent.kill()
    until(lambda: not any(map(alive, pids.values())), "the children end")
    assert find_running_stack(home) is None
    with lock_home(home):
        pass


def test_up_stops_in_order(tmp_path: Path) -> None:
    """`python -m deploy.local up` prints all addresses, and SIGTERM ends it with exit code 0 and no process left."""
    home = new_home(tmp_path / "home")
    ports = Ports(lambda _: None, anywhere=True)
    chosen = {f"GREENLIGHT_{name}_PORT": str(ports.reserve_near(0)) for name in ("TEMPORAL", "UI", "S3", "API")}
    # On a busy machine an idle worker still needs longer to stop than the default leaves it.
    patient = {"GREENLIGHT_GRACEFUL_SHUTDOWN_SECONDS": "60", "GREENLIGHT_API_STOP_SECONDS": "60"}
    environ = hermetic(os.environ) | chosen | patient | {"GREENLIGHT_HOME": str(home)}
    command = [sys.executable, "-m", "deploy.local", "up"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = ""
        while line := process.stdout.readline():
            output += line
            if line.startswith("Ready"):
                break
        info = find_running_stack(home)
        assert info is not None, output
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WITHIN)
    assert process.returncode == 0
    assert info.api_url in output
    assert info.temporal_ui_url in output
    assert find_running_stack(home) is None
    assert not (home / "stack.json").exists()
    assert (home / "logs" / "worker.log").read_text().endswith("INFO worker: Stopped\n"), "the worker was killed"


def test_a_port_lost_during_the_start_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that another program takes between the check and the bind costs a second attempt, and not the stack."""
    missed = iter([True])
    with socket.create_server((LOOPBACK, 0)) as taken:
        near = Ports.reserve_near

        def blind(self: Ports, default: int, *, also: int = 0) -> int:
            if default == 8333 and next(missed, False):
                return int(taken.getsockname()[1])
            return near(self, default, also=also)

        monkeypatch.setattr(Ports, "reserve_near", blind)
        with running_stack(new_home(tmp_path / "home"), ports="free", api=False, worker=False) as stack:
            assert str(taken.getsockname()[1]) not in stack.info.s3_endpoint


@workflow.defn(sandboxed=False)
class Refusing:
    """Refuses every update."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    def change(self) -> None: ...

    @change.validator
    def _refuse(self) -> None:
        raise ApplicationError("refused")


async def test_a_refused_update_stays_in_the_history(client: Client) -> None:
    """The embedded server takes no workflow task back, because a newly loaded run would lose its count."""
    async with Worker(client, task_queue="refusing", workflows=[Refusing]):
        run = await client.start_workflow(Refusing.run, id=f"refusing-{uuid.uuid4().hex}", task_queue="refusing")
        with pytest.raises(WorkflowUpdateFailedError):
            await run.execute_update(Refusing.change)
        before = (await run.describe()).history_length
        with pytest.raises(WorkflowUpdateFailedError):
            await run.execute_update(Refusing.change)
        assert (await run.describe()).history_length == before + 3
        await run.terminate()


async def test_closed_runs_are_kept_for_a_month(servers: Stack) -> None:
    """The embedded server keeps closed runs for 30 days from its first start; a later start raises a shorter retention
    and leaves a longer one."""
    service = (await Client.connect(servers.info.temporal_address)).workflow_service

    async def kept_for(wanted: timedelta | None = None) -> timedelta:
        if wanted is not None:
            update = UpdateNamespaceRequest(namespace=temporal.NAMESPACE)
            update.config.workflow_execution_retention_ttl.FromTimedelta(wanted)
            await service.update_namespace(update)
            assert await asyncio.to_thread(temporal.extend_retention, servers.env)
        found = await service.describe_namespace(DescribeNamespaceRequest(namespace=temporal.NAMESPACE))
        return found.config.workflow_execution_retention_ttl.ToTimedelta()

    assert await kept_for() >= timedelta(days=30)
    assert await kept_for(timedelta(days=90)) == timedelta(days=90)
    assert await kept_for(timedelta(days=1)) == timedelta(days=30)

"""Two programs that want one port: none takes the other's answer for its own, and nothing is asked of the wrong one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.client.client import GreenlightClient, WrongInstance
from deploy.local import Stack, running_stack
from deploy.ports import LOOPBACK, Ports, is_listening
from deploy.supervisor import Component, StackFailed, Supervisor
from tests import ROOT
from tests.support.stack import hermetic, new_home
from workflows.brief import Brief, Platform

BRIEF = Brief(text="Say it.", platform=Platform.COPY)
SERVES = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(600)
"""
LATE = "import time; time.sleep(0.4)\n" + SERVES


def component(program: str, port: int) -> Component:
    """A server whose `ready` is satisfied by whoever answers at its port."""

    def ready(_: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, port)) == 0

    return Component("server", [sys.executable, "-c", program, str(port)], os.environ, ready, grace=1, ports=[port])


def test_another_programs_answer_makes_nothing_ready(tmp_path: Path) -> None:
    """A part that is slow to find its port taken is not ready because the program that has the port answers."""
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        assert not is_listening(os.getppid(), port)
        assert is_listening(os.getpid(), port)
        with pytest.raises(StackFailed, match=r"(?s)server ended .* while starting.*[Aa]ddress already in use"):
            Supervisor([component(LATE, port)], tmp_path, lambda _: None).start()


def test_a_port_that_is_lost_later_stops_the_stack(tmp_path: Path) -> None:
    """Where a part dies and another program takes its port, the others do not go on with that program."""
    port = Ports(lambda _: None, anywhere=True).reserve_near(0)
    supervisor = Supervisor([component(SERVES, port)], tmp_path, lambda _: None)
    supervisor.start()
    supervisor.kill("server", hold=True)
    with socket.create_server((LOOPBACK, port)):
        supervisor.release("server")
        with pytest.raises(StackFailed, match=f"another program took its port {port}"):
            supervisor.wait()


@pytest.mark.parametrize("default", [7233, 8233, 8333, 8400])
def test_the_port_of_another_stack_is_not_ours(
    tmp_path: Path, local_stack: Stack, monkeypatch: pytest.MonkeyPatch, default: int
) -> None:
    """A stack that lost a port to another stack, whose answers look like its own, takes another port."""
    theirs = {
        7233: int(local_stack.info.temporal_address.rpartition(":")[2]),
        8233: httpx.URL(local_stack.info.temporal_ui_url).port,
        8333: httpx.URL(local_stack.info.s3_endpoint).port,
        8400: httpx.URL(local_stack.info.api_url).port,
    }[default]
    assert theirs
    missed = iter([True])
    near = Ports.reserve_near

    def blind(self: Ports, wanted: int, *, also: int = 0) -> int:
        return theirs if wanted == default and next(missed, False) else near(self, wanted, also=also)

    monkeypatch.setattr(Ports, "reserve_near", blind)
    home = new_home(tmp_path / "home")
    with running_stack(home, ports="free", api=default == 8400, worker=False) as stack:
        addresses = (
            stack.info.temporal_address,
            stack.info.temporal_ui_url,
            stack.info.s3_endpoint,
            stack.info.api_url,
        )
        assert not any(address.endswith(f":{theirs}") for address in addresses)
        assert next(missed, None) is None, "it did not try for the other's port"


def test_a_client_asks_nothing_of_another_stack(local_stack: Stack) -> None:
    """A client that means one stack sends nothing to another one at its address, whether it finds that out before its
    first request or the address changes hands later, and says so at once."""
    url = local_stack.info.api_url
    with GreenlightClient(url, instance=local_stack.info.instance) as own, GreenlightClient(url) as anyone:
        before = own.start(BRIEF).production_id
        with GreenlightClient(url, instance="another") as other, pytest.raises(WrongInstance, match=url):
            other.start(BRIEF)
        own._http.headers["Greenlight-Instance"] = "another"  # as if that were its own
        with pytest.raises(Exception, match="Another Greenlight stack answers"):
            own.start(BRIEF)
        with pytest.raises(Exception, match="Another Greenlight stack answers"):
            next(iter(own.events(before)))
        assert anyone.get(before).production_id == before


def test_a_client_asks_nothing_of_another_program() -> None:
    """What answers everything with 200 and knows of no stacks is not taken for the stack."""
    with socket.create_server((LOOPBACK, 0)) as port:
        number = port.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(number), "--bind", LOOPBACK]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://{LOOPBACK}:{number}"
            while not is_listening(server.pid, number):
                assert server.poll() is None
            with GreenlightClient(url, instance="own") as client, pytest.raises(WrongInstance):
                client.ready()
        finally:
            server.kill()


def test_the_command_line_means_the_stack_of_its_home(tmp_path: Path, local_stack: Stack) -> None:
    """`greenlight` with the record of a stack whose address another stack has by now says so and exits 1; with that
    stack's own record it works."""
    record = tmp_path / "stack.json"
    environ = {**hermetic(os.environ), "GREENLIGHT_HOME": str(tmp_path)}

    def greenlight(instance: str) -> subprocess.CompletedProcess[str]:
        record.write_text(json.dumps({"api_url": local_stack.info.api_url, "instance": instance}))
        command = [sys.executable, "-m", "api.cli.main", "list", "--json"]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    refused = greenlight("of-a-stack-that-is-gone")
    assert refused.returncode == 1
    assert "Another program answers at the stack's address" in refused.stderr
    assert greenlight(local_stack.info.instance).returncode == 0

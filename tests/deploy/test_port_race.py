"""Two programs that want one port: neither accepts the other's response as its own, and no request goes to the wrong
one."""

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
    """A server whose `ready` accepts a response of any program at its port."""

    def ready(_: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, port)) == 0

    return Component("server", [sys.executable, "-c", program, str(port)], os.environ, ready, grace=1, ports=[port])


def test_another_programs_response_is_not_readiness(tmp_path: Path) -> None:
    """A part that detects late that its port is in use is not ready because the program with the port responds."""
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        assert not is_listening(os.getppid(), port)
        assert is_listening(os.getpid(), port)
        with pytest.raises(StackFailed, match=r"(?s)server ended .* while starting.*[Aa]ddress already in use"):
            Supervisor([component(LATE, port)], tmp_path, lambda _: None).start()


def test_a_port_that_is_lost_later_stops_the_stack(tmp_path: Path) -> None:
    """When a part dies and another program takes its port, the others do not continue with that program."""
    port = Ports(lambda _: None, anywhere=True).reserve_near(0)
    supervisor = Supervisor([component(SERVES, port)], tmp_path, lambda _: None)
    supervisor.start()
    supervisor.kill("server", hold=True)
    with socket.create_server((LOOPBACK, port)):
        supervisor.release("server")
        with pytest.raises(StackFailed, match=f"another program took its port {port}"):
            supervisor.wait()


@pytest.mark.trial
def test_the_port_of_another_stack_is_not_ours(
    tmp_path: Path, local_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that lost a port to another stack, whose responses look like its own, uses another port; each attempt
    here loses one of the four ports."""
    info = local_stack.info
    theirs = {
        7233: int(info.temporal_address.rpartition(":")[2]),
        8233: httpx.URL(info.temporal_ui_url).port or 0,
        8333: httpx.URL(info.s3_endpoint).port or 0,
        8400: httpx.URL(info.api_url).port or 0,
    }
    assert all(theirs.values())
    to_lose, attempts = list(theirs), list[Ports]()
    near = Ports.reserve_near

    def blind(self: Ports, wanted: int, *, also: int = 0) -> int:
        if to_lose and wanted == to_lose[0] and self not in attempts:
            attempts.append(self)
            return theirs[to_lose.pop(0)]
        return near(self, wanted, also=also)

    monkeypatch.setattr(Ports, "reserve_near", blind)
    with running_stack(new_home(tmp_path / "home"), ports="free", worker=False) as stack:
        assert to_lose == [], "it did not try each port of the other stack"
        own = stack.info
        for address in (own.temporal_address, own.temporal_ui_url, own.s3_endpoint, own.api_url):
            assert int(address.rpartition(":")[2]) not in theirs.values()


def test_a_client_sends_nothing_to_another_stack(local_stack: Stack) -> None:
    """A client of one stack sends nothing to another one at its address, whether it detects that before its first
    request or the address changes hands later, and raises an error at once."""
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


def test_a_client_sends_nothing_to_another_program() -> None:
    """A program that responds to everything with 200 and is no stack is not accepted as the stack."""
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


def test_the_command_line_uses_the_stack_of_its_home(tmp_path: Path, local_stack: Stack) -> None:
    """When another stack has the recorded address, `greenlight` reports that and exits 1; with that stack's own record
    it works."""
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

"""Fixtures of all tests: real servers, started for the first test that needs them, once a session."""

import gc
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Any, Final

import botocore.session
import httpcore2
import pytest
import typer.main
import typer.testing
from fastapi.routing import _IncludedRouter
from starlette.routing import BaseRoute
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.providers.previz.storyboard import SIZES
from activities.storage.bucket import Storage
from api import app as api_app
from deploy import local
from deploy import temporal as temporal_server
from deploy.local import Stack, running_stack
from tests import ROOT
from tests.support.productions import Productions
from tests.support.scheduling import BySharedServers, import_modules, turns
from tests.support.servers import small_worker
from tests.support.stack import hermetic, new_home, use_s3
from workflows.runtime.data_converter import data_converter
from workflows.runtime.gc_freeze import freeze_gc
from workflows.servers.resent_queries import ResendQueries

LONG: Final = (
    "test_readme.py",
    "takes/test_killed.py",
    "journeys/",
    "workflows/test_temporal_ui.py",
    "workflows/test_replay.py",
    "studio/",
    "fuzz/",
    "production/test_repeats.py",
    "deploy/",
    "runtime/test_encryption.py",
)
"""The modules that take longest, by parts of their paths."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """In each process of `make tests`, import the modules from another one on."""
    process = getattr(session.config, "workerinput", None)
    if process and session.config.args == ["tests"]:
        import_modules("tests", int(process["workerid"].removeprefix("gw")) / process["workercount"])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage during the imports, which keep all that they make: an eighth of their CPU time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest modules first: one that starts last would run alone, with the other cores idle.

    Then the folders take turns: tests of workflows wait, those of activities compute, and neither use the cores alone.
    """
    turn = turns(dict.fromkeys(item.path.relative_to(ROOT).as_posix() for item in items))

    def place(item: pytest.Item) -> tuple[bool, float]:
        module = item.path.relative_to(ROOT).as_posix()
        return not any(part in module for part in LONG), turn[module]

    items.sort(key=place)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> BySharedServers:
    """Run the modules that share a stack or a browser in one process."""
    return BySharedServers(config, log)


@pytest.fixture(scope="session", autouse=True)
def _hermetic_environment() -> Iterator[None]:
    """Hide the keys, servers and profiles of the user from all tests."""
    with pytest.MonkeyPatch.context() as patch:
        clean = hermetic(os.environ)
        for name in set(os.environ) - set(clean):
            patch.delenv(name)
        for name, value in clean.items():
            patch.setenv(name, value)
        # The servers are written in Go. They collect garbage less often, which saves a tenth of Temporal's CPU time.
        patch.setenv("GOGC", "400")
        yield


@pytest.fixture(scope="session", autouse=True)
def _small_pictures() -> Iterator[None]:
    """Let previz draw small pictures in this process and in the workers of its stacks: their films take a third of the
    CPU time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "WORKER", small_worker.MODULE)
        for aspect, size in small_worker.SMALL.items():
            patch.setitem(SIZES, aspect, size)
        yield


@pytest.fixture(scope="session", autouse=True)
def _read_certificates_once() -> Iterator[None]:
    """Cache the certificates: each HTTP client reads all of them in 45 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        patch.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def _load_boto_once() -> Iterator[None]:
    """Read the descriptions of S3 once, not for each client: 60 ms of JSON."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def _build_commands_once() -> Iterator[None]:
    """Build the tree of the `greenlight` commands once, not for each command that a test runs in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def _validate_workflows_once() -> Iterator[None]:
    """Load each workflow into the sandbox once to validate it, not for each worker of each test: 40 ms for all."""
    prepare, valid = SandboxedWorkflowRunner.prepare_workflow, set[type]()

    def prepare_once(runner: SandboxedWorkflowRunner, defn: Any) -> None:
        if defn.cls not in valid:
            prepare(runner, defn)
            valid.add(defn.cls)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SandboxedWorkflowRunner, "prepare_workflow", prepare_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _build_routes_once() -> Iterator[None]:
    """Build the parameters of each API route once, not for the first request to each app: 100 ms for all."""
    build, built = _IncludedRouter._build_effective_context, dict[int, tuple[BaseRoute, Any]]()

    def build_once(router: _IncludedRouter, route: BaseRoute) -> Any:
        if id(route) not in built:  # the routes of the modules under api/routes exist as long as the process
            built[id(route)] = route, build(router, route)
        return built[id(route)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_IncludedRouter, "_build_effective_context", build_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _describe_routes_once() -> Iterator[None]:
    """Build the OpenAPI description once, not for each app that a test asks for it: 0.6 s."""
    describe, described = api_app.__dict__["get_openapi"], dict[int, dict[str, Any]]()

    def describe_once(**parts: Any) -> dict[str, Any]:
        routes = len(parts["routes"])  # the same for every app, unless a test adds one
        if routes not in described:
            described[routes] = describe(**parts)
        return deepcopy(described[routes])  # the app adds to its own

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api_app, "get_openapi", describe_once)
        yield


@pytest.fixture(scope="module", autouse=True)
def _freeze_gc() -> None:
    """Exclude the objects that exist before a module from garbage collection: on a busy machine a full collection takes
    seconds, and the SDK reports a workflow that is blocked for two seconds as a deadlock."""
    freeze_gc()


_SHARED: Final[list[str]] = []
"""The addresses of the Temporal servers that the modules of this process share."""


@pytest.fixture(scope="module", autouse=True)
async def _end_runs_of_the_module() -> AsyncIterator[None]:
    """End the runs that a module leaves on the shared servers: workers of later modules would continue them, and every
    list and page of them would be longer."""
    yield
    for address in _SHARED:
        client = await Client.connect(address)
        async for run in client.list_workflows("ExecutionStatus = 'Running'"):
            with suppress(RPCError):  # it has just ended
                await client.get_workflow_handle(run.id, run_id=run.run_id).terminate()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Temporal and an S3 server, empty at the start of the session; no worker and no API.

    Temporal does not wait for the disk. A killed server loses nothing, because the operating system has its writes.
    """
    home = new_home(tmp_path_factory.mktemp("servers") / "home")
    command = temporal_server.server_command
    with pytest.MonkeyPatch.context() as patch:
        # A closed run can be deleted once the server has recorded that it was processed: by default every 30 s.
        for queue in ("transfer", "visibility"):
            patch.setitem(temporal_server.DYNAMIC_CONFIG, f"history.{queue}ProcessorUpdateAckInterval", '"1s"')
        unsynced = ("--sqlite-pragma", "synchronous=OFF")
        patch.setattr(temporal_server, "server_command", lambda *each: [*command(*each), *unsynced])
        with running_stack(home, ports="free", api=False, worker=False) as stack:
            patch.undo()  # other stacks run as in production
            _SHARED.append(stack.info.temporal_address)
            yield stack


@pytest.fixture(scope="session")
async def client(servers: Stack) -> Client:
    """A Temporal client as the product makes it. Give each test a task queue of its own."""
    return await Client.connect(
        servers.info.temporal_address, data_converter=data_converter, interceptors=[ResendQueries()]
    )


@pytest.fixture(scope="session")
def temporal(client: Client) -> WorkflowEnvironment:
    """The same server as a test environment."""
    return WorkflowEnvironment.from_client(client)


@pytest.fixture(scope="session")
async def storage(servers: Stack) -> Storage:
    """A bucket of this session on the S3 server."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        storage = Storage("tests")
    await storage.ensure_bucket()
    return storage


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, worker and API too, as `make up` runs it."""
    home = new_home(tmp_path_factory.mktemp("stack") / "home")
    with running_stack(home, ports="free") as stack:
        _SHARED.append(stack.info.temporal_address)
        yield stack


@pytest.fixture
def full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let previz draw in this process as for users."""
    for aspect, size in small_worker.FULL.items():
        monkeypatch.setitem(SIZES, aspect, size)


@pytest.fixture
async def productions(client: Client, request: pytest.FixtureRequest) -> AsyncIterator[Productions]:
    made = Productions(client, request.node.name.removeprefix("test_"))
    yield made
    if os.environ.get("RECORD_HISTORIES"):
        await made.record()

"""The embedded Temporal server, or another server that Temporal's own settings name."""

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from deploy.ports import LOOPBACK
from workflows import keys

NAMESPACE: Final = "default"
DYNAMIC_CONFIG: Final = {
    # Tenants share the task queue fairly: a long queue of one does not delay the others.
    "matching.enableFairness": "true",
    # A cancel reaches an activity at once, not with its next heartbeat.
    "frontend.WorkerCommandsEnabled": "true",
    "system.enableCancelActivityWorkerCommand": "true",
    # Each attempt of an activity reads its input: by default the cache keeps 0.5 MiB, and with 2,000 jobs in flight
    # most polls read and parse hundreds of kilobytes of history from the database.
    "history.eventsCacheMaxSizeBytes": str(64 * 1024**2),
    # An update that the SDK rejects stays in the history. By default the server withdraws its workflow task, and a run
    # that a query has just loaded misses the events that reuse these numbers: while updates had validators,
    # 3 productions of 500 in `make chaos` waited for activities that had long completed, or could not be replayed.
    "history.discardSpeculativeWorkflowTaskMaximumEventsCount": "-1",
    # The search attributes are read from the cache of the namespace, as by every other server. The one of `start-dev`
    # reads the namespace from its database with each start and list, and says that it does not exist after 3 s.
    "system.forceSearchAttributesCacheRefreshOnRead": "false",
    # The server has one shard, and reads the next tasks of a shard 20 times a second by default: a production whose
    # steps follow each other waited 30 ms at each of them (200 short runs: 29 s with 20, 8 to 11 s with 200).
    **{f"history.{queue}ProcessorMaxPollRPS": "200" for queue in ("transfer", "timer", "visibility")},
    # TemporalReportedProblems shows a blocked run within a second, not after five attempts in a minute.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "2",
    # The HTTP API accepts a POST of any page in a browser, as text/plain, and starts, signals and approves. No request
    # has this Host header, so the API returns 403. Workers, API and commands use gRPC, which pages cannot.
    "frontend.httpAllowedHosts": '["disabled.invalid"]',
}
RETENTION: Final = timedelta(days=30)
"""The minimum time for which the embedded server keeps closed runs. Its own default is 24 h: a run of Friday was
deleted by Monday, and an Idempotency-Key expired overnight."""
_RPC_TIMEOUT: Final = timedelta(seconds=2)


def binary(name: str) -> str:
    """The path of a program that the requirements install next to this interpreter."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `make up` installs it with the requirements")
    return str(path)


def configured_server(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The address and namespace from TEMPORAL_ADDRESS or a temporal.toml profile, if any."""
    config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
    address = config.get("target_host")
    return (address, config.get("namespace") or NAMESPACE) if address else None


def server_command(database: Path, port: int, ui_port: int | None, codec_url: str = "") -> list[str]:
    """The command of the server with its UI and search attributes; with the same database file it keeps its state.

    Args:
        ui_port: The port of its UI, which has no protection of its own (`ui_guard`); None for no UI.
        codec_url: The codec server that decrypts payloads for the UI.
    """
    settings = [f"--dynamic-config-value={key}={value}" for key, value in DYNAMIC_CONFIG.items()]
    attributes = [f"--search-attribute={name}={kind}" for name, kind in keys.SEARCH_ATTRIBUTES.items()]
    return [
        binary("temporal"),
        *("server", "start-dev", "--ip", LOOPBACK, "--port", str(port)),
        *(("--ui-port", str(ui_port)) if ui_port else ("--headless",)),
        *("--db-filename", str(database), "--log-level", "warn", "--ui-disable-news-fetch"),
        # Writes are still on disk before they are acknowledged, but with one sync per write instead of several.
        *("--sqlite-pragma", "journal_mode=WAL"),
        *(("--ui-codec-endpoint", codec_url) if codec_url else ()),
        *settings,
        *attributes,
    ]


def client_env(environ: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment in which every Temporal tool uses the embedded server, and no other."""
    cleared = {key: value for key, value in environ.items() if not key.startswith("TEMPORAL_")}
    return cleared | {
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{port}",
        "TEMPORAL_NAMESPACE": NAMESPACE,
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def server_env(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server, without the version check over the network."""
    kept = {
        name: value for name, value in environ.items() if not name.startswith("OTEL_")
    }  # otherwise it traces itself
    return {**kept, "TEMPORAL_VERSION_CHECK_DISABLED": "1"}


def is_serving(environ: Mapping[str, str]) -> bool:
    """Whether the server that `environ` names responds, and has its namespace and the search attributes."""

    async def check() -> bool:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
        try:
            client = await Client.connect(**config)
            found = await client.count_workflows(f'{keys.STATUS_ATTRIBUTE} = "none"', rpc_timeout=_RPC_TIMEOUT)
        except (RuntimeError, RPCError):
            return False
        return found.count == 0

    return asyncio.run(check())


def extend_retention(environ: Mapping[str, str]) -> bool:
    """Make the embedded server keep closed runs for RETENTION at least; False if it did not respond.

    `server start-dev` has no flag for it. A longer retention is left unchanged.
    """

    async def check() -> bool:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
        namespace = config.get("namespace") or NAMESPACE
        try:
            service = (await Client.connect(**config)).workflow_service
            found = await service.describe_namespace(
                DescribeNamespaceRequest(namespace=namespace), timeout=_RPC_TIMEOUT
            )
            if found.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
                return True
            update = UpdateNamespaceRequest(namespace=namespace)
            update.config.workflow_execution_retention_ttl.FromTimedelta(RETENTION)
            await service.update_namespace(update, timeout=_RPC_TIMEOUT)
        except (RuntimeError, RPCError):
            return False
        return True

    return asyncio.run(check())


def is_polling(environ: Mapping[str, str], pid: int) -> bool:
    """Whether the worker process `pid` polls the server for tasks."""

    async def check() -> bool:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
        request = DescribeTaskQueueRequest(
            namespace=config.get("namespace") or NAMESPACE,
            task_queue=TaskQueue(name=keys.TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            client = await Client.connect(**config)
            response = await client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)
        except (RuntimeError, RPCError):
            return False
        return any(poller.identity.startswith(f"{pid}@") for poller in response.pollers)

    return asyncio.run(check())

"""The embedded Temporal server, or another one where its own settings name it."""

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
_DYNAMIC_CONFIG: Final = {
    # One tenant's long queue does not make the next one wait behind all of it.
    "matching.enableFairness": "true",
    # A cancel reaches an activity at once, not with its next heartbeat.
    "frontend.WorkerCommandsEnabled": "true",
    "system.enableCancelActivityWorkerCommand": "true",
    # What an activity was asked is read at each of its attempts: by default 0.5 MiB of it stay in memory, and of 2,000
    # jobs in flight most looks read and parse hundreds of kilobytes of history from the database.
    "history.eventsCacheMaxSizeBytes": str(64 * 1024**2),
    # An update that the SDK rejects stays in the history. By default its workflow task is taken back, and a run that is
    # just loaded for a query misses what follows under the same event numbers: while updates had validators,
    # 3 productions of 500 in `make chaos` waited for activities that had long completed, or could not be replayed.
    "history.discardSpeculativeWorkflowTaskMaximumEventsCount": "-1",
    # A run that cannot go on is found by TemporalReportedProblems in a second, not after five tries in a minute.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "2",
    # The HTTP API takes a POST of any page in a browser, as text/plain, and starts, signals and approves. No request
    # has this name in its Host header, so it answers 403. Workers, API and commands speak gRPC, which no page can.
    "frontend.httpAllowedHosts": '["disabled.invalid"]',
}
RETENTION: Final = timedelta(days=30)
"""How long the embedded server keeps closed runs, at least. Its own default is 24 h: what a person looks for on Monday
was gone, and an Idempotency-Key was forgotten overnight."""
_ANSWER_WITHIN: Final = timedelta(seconds=2)


def binary(name: str) -> str:
    """A program that came with the requirements, beside this interpreter."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `make up` installs it with the requirements")
    return str(path)


def configured(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Address and namespace that TEMPORAL_ADDRESS or a temporal.toml profile name, if one does."""
    config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
    address = config.get("target_host")
    return (address, config.get("namespace") or NAMESPACE) if address else None


def command(database: Path, port: int, ui_port: int | None, codec_url: str = "") -> list[str]:
    """The server with its UI and search attributes; the same database file continues where it stopped.

    Args:
        ui_port: Where its UI listens, which has no protection of its own (`ui_guard`); None for no UI.
        codec_url: Where its UI gets encrypted payloads decrypted.
    """
    settings = [f"--dynamic-config-value={key}={value}" for key, value in _DYNAMIC_CONFIG.items()]
    attributes = [f"--search-attribute={name}={kind}" for name, kind in keys.SEARCH_ATTRIBUTES.items()]
    return [
        binary("temporal"),
        *("server", "start-dev", "--ip", LOOPBACK, "--port", str(port)),
        *(("--ui-port", str(ui_port)) if ui_port else ("--headless",)),
        *("--db-filename", str(database), "--log-level", "warn", "--ui-disable-news-fetch"),
        # Still on disk before it is acknowledged, but with one wait for the disk a write instead of several.
        *("--sqlite-pragma", "journal_mode=WAL"),
        *(("--ui-codec-endpoint", codec_url) if codec_url else ()),
        *settings,
        *attributes,
    ]


def client_env(environ: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment in which every Temporal tool finds the embedded server, and nothing else."""
    cleared = {key: value for key, value in environ.items() if not key.startswith("TEMPORAL_")}
    return cleared | {
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{port}",
        "TEMPORAL_NAMESPACE": NAMESPACE,
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def server_env(environ: Mapping[str, str]) -> dict[str, str]:
    """For the server itself: nobody is told that it runs."""
    ours = {name: value for name, value in environ.items() if not name.startswith("OTEL_")}  # it would trace itself too
    return {**ours, "TEMPORAL_VERSION_CHECK_DISABLED": "1"}


def serves(environ: Mapping[str, str]) -> bool:
    """Whether the server that `environ` names answers and knows its namespace and our search attributes."""

    async def ask() -> bool:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
        try:
            client = await Client.connect(**config)
            found = await client.count_workflows(f'{keys.STATUS_ATTRIBUTE} = "none"', rpc_timeout=_ANSWER_WITHIN)
        except (RuntimeError, RPCError):
            return False
        return found.count == 0

    return asyncio.run(ask())


def keeps_history(environ: Mapping[str, str]) -> bool:
    """Let the embedded server keep closed runs for RETENTION at least; False where it did not answer.

    `server start-dev` has no flag for it. A longer retention that somebody has set stays.
    """

    async def ask() -> bool:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
        namespace = config.get("namespace") or NAMESPACE
        try:
            service = (await Client.connect(**config)).workflow_service
            found = await service.describe_namespace(
                DescribeNamespaceRequest(namespace=namespace), timeout=_ANSWER_WITHIN
            )
            if found.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
                return True
            update = UpdateNamespaceRequest(namespace=namespace)
            update.config.workflow_execution_retention_ttl.FromTimedelta(RETENTION)
            await service.update_namespace(update, timeout=_ANSWER_WITHIN)
        except (RuntimeError, RPCError):
            return False
        return True

    return asyncio.run(ask())


def worker_polls(environ: Mapping[str, str], pid: int) -> bool:
    """Whether the worker process `pid` asks the server for tasks."""

    async def ask() -> bool:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
        request = DescribeTaskQueueRequest(
            namespace=config.get("namespace") or NAMESPACE,
            task_queue=TaskQueue(name=keys.TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            client = await Client.connect(**config)
            answer = await client.workflow_service.describe_task_queue(request, timeout=_ANSWER_WITHIN)
        except (RuntimeError, RPCError):
            return False
        return any(poller.identity.startswith(f"{pid}@") for poller in answer.pollers)

    return asyncio.run(ask())

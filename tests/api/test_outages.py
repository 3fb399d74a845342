"""Requests while Temporal refuses connections, or keeps them without a response."""

import asyncio
from datetime import timedelta
from importlib import import_module
from pkgutil import walk_packages
from time import monotonic
from typing import Any, cast

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, StartWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode

import api.temporal
from api.temporal import connection
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import path, problem, serving
from tests.support.servers.tcp_proxy import proxy
from tests.support.waiting import WITHIN

READS = (
    *("batches", "batches/b1", "schedules", "schedules/s1", "productions", "attention", "voice-memos/m1"),
    *("evaluations", "evaluations/e1", "optimisations", "optimisations/o1", "providers"),
)
LIMIT = timedelta(seconds=0.5)


@pytest.mark.parametrize("outage", ["refuse", "silence"])
async def test_every_read_ends_in_time(
    servers: Stack, client: Client, outage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read of the API has its 503 with the time of a retry within the limits for a worker and for the server,
    whether Temporal cannot be reached any more or the network to it loses everything."""
    async with FakeActivities(1).working(client), serving(client, {}) as api_:
        production_id, _ = await api_.planned()
    with proxy(servers.info.temporal_address) as line:
        environ = {"TEMPORAL_ADDRESS": line.address, "TEMPORAL_CONFIG_FILE": "/dev/null"}
        async with serving(None, environ) as api_:
            problem(await api_.http.get(path(production_id)), 503)  # Temporal answers, and no worker
            for found in [import_module(each.name) for each in walk_packages(api.temporal.__path__, "api.temporal.")]:
                for limit in {"RPC_TIMEOUT", "QUERY_TIMEOUT", "PROVIDERS_TIMEOUT"} & vars(found).keys():
                    monkeypatch.setattr(found, limit, LIMIT)
            getattr(line, outage)()
            asked = [path(production_id), path(production_id, "events"), *(f"/api/v1/{each}" for each in READS)]
            began = monotonic()
            for answer in await asyncio.gather(*map(api_.http.get, asked)):
                problem(answer, 503)
                assert answer.headers["retry-after"] == "5"
            assert monotonic() - began < 9, "the SDK makes attempts for 10 s"


class Hanging:
    """The SDK's client of a server that does not answer."""

    config = ConnectConfig("127.0.0.1:1")

    async def _rpc_call(self, *_: object, **__: object) -> None:
        await asyncio.sleep(WITHIN)


async def test_a_call_ends_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read ends at its timeout, a write after the time for its retries too, and a call without a timeout is not
    ended."""
    monkeypatch.setattr(connection, "RETRY_SECONDS", 0.2)
    service = connection.BoundedCalls(cast(Any, Hanging())).workflow_service
    timeout = timedelta(seconds=0.1)
    calls = (
        (service.describe_namespace, DescribeNamespaceRequest(), "0.1 s"),
        (service.start_workflow_execution, StartWorkflowExecutionRequest(), "0.3 s"),
    )
    for call, request, seconds in calls:
        with pytest.raises(RPCError, match=seconds) as error:
            await cast(Any, call)(request, timeout=timeout)
        assert error.value.status is RPCStatusCode.DEADLINE_EXCEEDED
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await service.describe_namespace(DescribeNamespaceRequest())

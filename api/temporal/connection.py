"""The connection to the Temporal server, and the calls that concern no single workflow."""

import asyncio
import uuid
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from google.protobuf.message import Message
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import ActivityFailureError, Client, RPCTimeoutOrCancelledError, WorkflowFailureError
from temporalio.common import Priority, RetryPolicy
from temporalio.envconfig import ClientConfig
from temporalio.service import RetryConfig, RPCError, RPCStatusCode, ServiceClient

from api import problems
from api.settings import Settings
from api.temporal.outcomes import RPC_TIMEOUT, NoWorker, rpc_problem
from workflows import keys
from workflows.provider_report import ProvidersReport
from workflows.runtime.data_converter import make_data_converter
from workflows.runtime.external_payloads import Get, Put, external_storage
from workflows.runtime.tracing import interceptors
from workflows.servers.diagnosis import DIAGNOSE, Diagnoses, Diagnosis
from workflows.servers.resent_queries import ResendQueries

PROVIDERS_TIMEOUT: Final = timedelta(seconds=2)
"""A worker reports its providers in 10-30 ms; without a worker, a start waits this long and goes on."""
DIAGNOSE_TIMEOUT: Final = timedelta(seconds=40)
"""Each check of a worker has half of it."""
IMPATIENT_MILLIS: Final = 1_000
"""Half of PROVIDERS_TIMEOUT."""
RETRY_SECONDS: Final = 10.0
"""In which the SDK begins new attempts of a call while the server is unavailable; a timeout is that of one attempt."""
_READS: Final = ("count_", "describe_", "get_", "list_", "query_")
_NOT_PERMITTED: Final = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
"""Answers of a server, or of a proxy before it, that does not let callers read namespaces: it does answer."""


async def connect(settings: Settings, put: Put, get: Get, *, impatient: bool = False) -> Client:
    """A client that connects at its first call, so that the API starts before Temporal does.

    Args:
        put: Stores a large payload in the bucket.
        get: Reads one.
        impatient: The client gives up well before the deadline of a call, and so reports the cause, not only a timeout.
    """
    config = ClientConfig.load_client_connect_config(override_env_vars=settings.environ)
    config.setdefault("target_host", "127.0.0.1:7233")
    converter = make_data_converter(settings.payload_keys, external_storage(settings.bucket, put, get))
    retries = RetryConfig(max_elapsed_time_millis=IMPATIENT_MILLIS) if impatient else None
    client = await Client.connect(
        **config,
        lazy=True,
        data_converter=converter,
        interceptors=[*interceptors(), ResendQueries()],
        retry_config=retries,
    )
    whole = client.config()
    whole["service_client"] = BoundedCalls(client.service_client)
    return Client(**whole)


class BoundedCalls(ServiceClient):
    """Ends a read at its timeout as a whole, and a write when the last of its attempts has had its timeout."""

    def __init__(self, inner: ServiceClient) -> None:
        super().__init__(inner.config)
        self._inner = inner

    @property
    def worker_service_client(self) -> Any:
        return self._inner.worker_service_client

    def update_rpc_metadata(self, metadata: Mapping[str, str | bytes]) -> None:
        self._inner.update_rpc_metadata(metadata)

    def update_api_key(self, api_key: str | None) -> None:
        self._inner.update_api_key(api_key)

    async def _rpc_call(self, rpc: str, req: Message, resp_type: Any, **options: Any) -> Any:
        timeout: timedelta | None = options["timeout"]
        limit = None if timeout is None else timeout.total_seconds() + (0 if rpc.startswith(_READS) else RETRY_SECONDS)
        try:
            async with asyncio.timeout(limit):
                return await self._inner._rpc_call(rpc, req, resp_type, **options)
        except TimeoutError:
            raise RPCError(f"no answer within {limit:g} s", RPCStatusCode.DEADLINE_EXCEEDED, b"") from None


class TemporalServer:
    """The server and its workers as a whole. Raises only `Problem`."""

    def __init__(self, client: Client, impatient: Client | None = None) -> None:
        """
        Args:
            impatient: See `connect`; `list_providers` uses it, which finds out whether Temporal stores anything.
        """
        self._client = client
        self._impatient = impatient or client

    @property
    def namespace(self) -> str:
        return self._client.namespace

    async def check(self) -> None:
        """
        Raises:
            Problem: the server does not answer, or does not have the namespace.
        """
        request = DescribeNamespaceRequest(namespace=self.namespace)
        try:
            await self._client.workflow_service.describe_namespace(request, timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status not in _NOT_PERMITTED:
                raise rpc_problem(error) from None
        except RuntimeError as error:  # the SDK raises it when the first connection fails
            raise problems.no_temporal(str(error)) from None

    async def diagnose(self) -> Diagnoses:
        """The deep check of a worker, and of a workflow from its start to its end.

        Raises:
            Problem: 503; no worker answers, or Temporal stores nothing.
        """
        found, ran = await asyncio.gather(self._diagnose_worker(), self._run_workflow())
        return Diagnoses(found=(ran, *found.found))

    async def _diagnose_worker(self) -> Diagnoses:
        try:
            result: Diagnoses = await self._client.execute_activity(
                DIAGNOSE,
                id=f"diagnose-{uuid.uuid4().hex}",
                task_queue=keys.TASK_QUEUE,
                result_type=Diagnoses,
                schedule_to_close_timeout=DIAGNOSE_TIMEOUT,
                retry_policy=RetryPolicy(maximum_attempts=1),
                priority=Priority(priority_key=1),
            )
        except (ActivityFailureError, RPCTimeoutOrCancelledError):
            raise NoWorker from None
        except RPCError as error:
            raise rpc_problem(error) from None
        return result

    async def _run_workflow(self) -> Diagnosis:
        """Run a workflow that makes nothing and costs nothing, and measure it."""
        began = monotonic()
        try:
            async with asyncio.timeout(DIAGNOSE_TIMEOUT.total_seconds()):
                await self._client.execute_workflow(
                    keys.GATE_TYPE,
                    id=f"doctor-{uuid.uuid4().hex}",
                    task_queue=keys.TASK_QUEUE,
                    run_timeout=DIAGNOSE_TIMEOUT,
                    priority=Priority(priority_key=1),
                )
        except WorkflowFailureError as error:
            return Diagnosis(part="workflow", problem=str(error.cause)[:500])
        except TimeoutError:
            problem = f"a workflow did not end within {DIAGNOSE_TIMEOUT.total_seconds():g} s; check the workers' log"
            return Diagnosis(part="workflow", problem=problem)
        except RPCError as error:
            raise rpc_problem(error) from None
        return Diagnosis(part="workflow", note=f"started and finished in {(monotonic() - began) * 1_000:.0f} ms")

    async def list_providers(self) -> ProvidersReport:
        """The providers that a worker has, and their models.

        Raises:
            Problem: 503.
        """
        try:
            async with asyncio.timeout(PROVIDERS_TIMEOUT.total_seconds() + 1):
                report: ProvidersReport = await self._impatient.execute_activity(
                    "list_providers",
                    id=f"list-providers-{uuid.uuid4().hex}",
                    task_queue=keys.TASK_QUEUE,
                    result_type=ProvidersReport,
                    schedule_to_close_timeout=PROVIDERS_TIMEOUT,
                    start_to_close_timeout=PROVIDERS_TIMEOUT,
                    retry_policy=RetryPolicy(maximum_attempts=1),
                    priority=Priority(priority_key=1),  # a caller waits for it, however much work is queued
                    rpc_timeout=PROVIDERS_TIMEOUT,
                )
                return report
        except (ActivityFailureError, RPCTimeoutOrCancelledError, TimeoutError):
            raise NoWorker from None
        except RPCError as error:
            await self.check()  # the server can be read, so the write failed
            raise problems.not_stored(error.message) from None
        except RuntimeError as error:
            raise problems.no_temporal(str(error)) from None

"""The connection to the Temporal server, and the calls that concern no single workflow."""

import asyncio
import uuid
from datetime import timedelta
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import ActivityFailureError, Client, RPCTimeoutOrCancelledError
from temporalio.common import Priority, RetryPolicy
from temporalio.envconfig import ClientConfig
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from api import problems
from api.settings import Settings
from api.temporal.outcomes import RPC_TIMEOUT, NoWorker, rpc_problem
from workflows import keys
from workflows.provider_report import ProvidersReport
from workflows.runtime.data_converter import make_data_converter
from workflows.runtime.tracing import interceptors

PROVIDERS_TIMEOUT: Final = timedelta(seconds=2)
"""A worker reports its providers in 10-30 ms; without a worker, a start waits this long and goes on."""
IMPATIENT_MILLIS: Final = 1_000
"""Half of PROVIDERS_TIMEOUT."""
_NOT_PERMITTED: Final = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
"""Answers of a server, or of a proxy before it, that does not let callers read namespaces: it does answer."""


async def connect(settings: Settings, *, impatient: bool = False) -> Client:
    """A client that connects at its first call, so that the API starts before Temporal does.

    Args:
        impatient: The client gives up well before the deadline of a call, and so reports the cause, not only a timeout.
    """
    config = ClientConfig.load_client_connect_config(override_env_vars=settings.environ)
    config.setdefault("target_host", "127.0.0.1:7233")
    converter = make_data_converter(settings.payload_keys)
    retries = RetryConfig(max_elapsed_time_millis=IMPATIENT_MILLIS) if impatient else None
    return await Client.connect(
        **config, lazy=True, data_converter=converter, interceptors=interceptors(), retry_config=retries
    )


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

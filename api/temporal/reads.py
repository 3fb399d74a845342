"""Reads of one production: its description by the server, its snapshot and its progress.

All times are bounded: the server answers in milliseconds, a worker within three seconds or not at all.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from api import problems
from api.metrics import Metrics
from api.problems import Problem, unknown_production
from api.temporal.outcomes import RPC_TIMEOUT, SILENT, NoWorker, query_failed, status_of, translating_errors
from workflows import keys
from workflows.events import ProductionStatus, Progress, Snapshot
from workflows.refusals import refusal_in
from workflows.runtime.encryption_keys import PayloadKeyMissing
from workflows.servers.temporal import is_missing

QUERY_TIMEOUT: Final = timedelta(seconds=3)
"""Without a worker the server would hold a query for 29 s; a healthy worker takes 4-20 ms."""
QUERY_RETRY_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds; a workflow task that is about to begin begins within these, or there is no worker."""
MAX_QUERIES: Final = 8
"""At once over all productions: above that a worker starves its workflows (100 callers: p99 6.3 s)."""
KEPT_SNAPSHOTS: Final = 32
"""Closed runs never change; a page that requests many assets of one production decodes its snapshot once."""

R = TypeVar("R")
ReadManifest = Callable[[str], Awaitable[Snapshot | None]]


class _RetryQuery(Exception):
    """A worker refused a query that arrived just before a workflow task."""


class ProductionReader:
    """Reads productions. Raises only `Problem`."""

    def __init__(self, client: Client, read_manifest: ReadManifest, metrics: Metrics) -> None:
        """
        Args:
            read_manifest: The manifest of a production in the bucket, which outlives Temporal's retention.
        """
        self._client = client
        self.read_manifest = read_manifest
        self._metrics = metrics
        self._slots = asyncio.Semaphore(MAX_QUERIES)
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()

    async def describe(self, production_id: str) -> WorkflowExecutionDescription:
        """The newest run, from the server alone.

        Raises:
            Problem: 404, 503.
        """
        with translating_errors(unknown_production, production_id):
            return await self.handle(production_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def is_running(self, production_id: str) -> bool:
        """False also where the server does not know the production: there may still be a manifest.

        Raises:
            Problem: 503.
        """
        try:
            return (await self.describe(production_id)).status is WorkflowExecutionStatus.RUNNING
        except Problem as problem:
            if problem.status_code == 404:
                return False
            raise

    async def snapshot(self, production_id: str) -> Snapshot:
        """The whole record: of a running production by a query, of a closed one from its result or its manifest.

        Raises:
            Problem: 404, 503.
        """
        try:
            description = await self.describe(production_id)
        except Problem as problem:
            if problem.status_code == 404 and (kept := await self.read_manifest(production_id)):
                return kept
            raise
        if description.status is WorkflowExecutionStatus.RUNNING:
            return await self._query(production_id, Snapshot, "snapshot")
        return await self._closed(production_id, description)

    async def progress(self, production_id: str, after: int) -> Progress:
        """The status and the events after event number `after`.

        Raises:
            Problem: 404, 503.
        """
        return await self._query(production_id, Progress, "progress", after)

    def handle(self, production_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(keys.workflow_id(production_id))

    async def _closed(self, production_id: str, description: WorkflowExecutionDescription) -> Snapshot:
        run_id = description.run_id
        if run_id not in self._snapshots:
            handle = self._client.get_workflow_handle(
                keys.workflow_id(production_id), run_id=run_id, result_type=Snapshot
            )
            try:
                with translating_errors(unknown_production, production_id):
                    self._snapshots[run_id] = await handle.result(follow_runs=False, rpc_timeout=RPC_TIMEOUT)
            except WorkflowFailureError as error:
                return await self._without_result(production_id, status_of(description), error)
            if len(self._snapshots) > KEPT_SNAPSHOTS:
                self._snapshots.popitem(last=False)
        return self._snapshots[run_id]

    async def _without_result(
        self, production_id: str, status: ProductionStatus, error: WorkflowFailureError
    ) -> Snapshot:
        """The snapshot of a run that was terminated: a worker can replay it, otherwise the manifest is used.

        A run that was refused its id had no effect: the manifest describes the production of that id.
        """
        refusal = refusal_in(error.cause)
        if refusal and refusal.kind == "id_used" and (kept := await self.read_manifest(production_id)):
            return kept
        try:
            last = await self._query(production_id, Snapshot, "snapshot")
        except NoWorker:
            kept = await self.read_manifest(production_id)
            if kept is None:
                raise
            last = kept
        return last if last.status.closed else last.model_copy(update={"status": status, "error": str(error.cause)})

    async def _query(self, production_id: str, result_type: type[R], query: str, *args: object) -> R:
        for pause in QUERY_RETRY_PAUSES:
            try:
                return await self._query_once(production_id, result_type, query, *args)
            except _RetryQuery:
                await asyncio.sleep(pause)
        raise problems.unavailable("query-failed", f"The workflow cannot answer now: {keys.QUERY_REFUSED}")

    async def _query_once(self, production_id: str, result_type: type[R], query: str, *args: object) -> R:
        async with self._slots:
            self._metrics.queries += 1
            try:
                # The SDK may retry when the server's deadline comes before its own: this timeout ends both.
                async with asyncio.timeout(QUERY_TIMEOUT.total_seconds() + 0.1):
                    result: R = await self.handle(production_id).query(
                        query, args=args, result_type=result_type, rpc_timeout=QUERY_TIMEOUT
                    )
            except WorkflowQueryFailedError as error:
                if keys.QUERY_REFUSED in error.message:
                    raise _RetryQuery from None
                raise query_failed(error.message) from None
            except RPCError as error:
                if is_missing(error):
                    raise unknown_production(production_id) from None
                silent = error.status in SILENT or error.status is RPCStatusCode.FAILED_PRECONDITION
            except TimeoutError:
                silent = True
            except RuntimeError:
                silent = False
            except PayloadKeyMissing as error:  # as a problem, it also reaches the watchers of an event stream
                raise problems.payload_key_missing(error) from None
            else:
                return result
        if silent:
            await self.describe(production_id)  # raises where the server, not the worker, is away
            raise NoWorker
        raise problems.no_temporal()

"""Every call to Temporal, in one place: typed in, typed out, failures translated into problems.

All times are bounded: the server answers in milliseconds, a worker within three seconds or not at all. The words for
what it answers are in `answers`, the long-poll is in `doorbell`.
"""

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import (
    ActivityFailureError,
    Client,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateStage,
)
from temporalio.common import (
    RetryPolicy,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from api import problems
from api.metrics import Metrics, Standing
from api.problems import Problem
from api.settings import Settings
from api.temporal import doorbell, visibility
from api.temporal.counts import Counted
from api.temporal.doorbell import Heartbeat
from api.temporal.outcomes import (
    ACCEPT_TIMEOUT,
    RPC_TIMEOUT,
    SILENT,
    NoWorker,
    answered,
    answered_before,
    closed_already,
    key_used,
    late,
    rpc_problem,
    server,
    status_of,
    updated,
)
from api.views.changes import AttentionView
from api.views.production import Links, ListedProduction
from workflows import keys
from workflows.events import AttentionReason, ProductionStart, ProductionStatus, Progress, Receipt, Snapshot
from workflows.models import Brief, Model, Plan
from workflows.preview.plan import preview_of
from workflows.provider_report import ProvidersReport
from workflows.refusals import refusal_in
from workflows.requests import (
    Decision,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    Resolve,
    Resume,
    Revision,
    SelectTake,
    UploadTake,
)
from workflows.runtime.data_converter import data_converter_with
from workflows.runtime.encryption_keys import PayloadKeyMissing
from workflows.runtime.tracing import interceptors
from workflows.start_options import brief_digest, start_options

QUERY_TIMEOUT: Final = timedelta(seconds=3)
"""Without a worker the server would hold a query for 29 s; a healthy worker takes 4-20 ms."""
UPDATE_TIMEOUT: Final = 25.0
"""Seconds for an accepted update; an edit prices the plan. Below the 30 s that clients commonly wait."""
REVISE_TIMEOUT: Final = 300.0
"""Seconds; a language model may think for minutes about a new plan."""
UPLOAD_TIMEOUT: Final = 120.0
"""Seconds; a worker fetches, looks at and keeps a file of up to 2 GB."""
ASK_AGAIN_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds; a workflow task that is about to begin begins within these, or no worker is there."""
MAX_STARTS: Final = 8
"""At once; a burst waits here for its turn, where it is cheap, not in the server's store, where it times out."""
MAX_QUERIES: Final = 8
"""At once over all productions: beyond it a worker starves its workflows (100 callers: p99 6.3 s)."""
PROVIDERS_TIMEOUT: Final = timedelta(seconds=2)
"""A worker says what it has in 10-30 ms; where there is none, a start waits this long and goes on."""
NOTHING_AFTER: Final = 2**31
"""An event number that no log reaches: the query answers with the status alone."""
REOPENINGS: Final = 4
"""How often a request looks again for a run that can answer, where others open and close the production meanwhile."""
_NOT_TOLD: Final = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
"""Of a server, or a proxy before it, that lets nobody look at namespaces: it answers."""
IMPATIENT_MILLIS: Final = 1_000
"""Half of PROVIDERS_TIMEOUT."""
KEPT_SNAPSHOTS: Final = 32
"""Closed runs never change; a page that asks for many assets of one decodes it once."""

R = TypeVar("R")
ReadManifest = Callable[[str], Awaitable[Snapshot | None]]


async def connect(settings: Settings, *, impatient: bool = False) -> Client:
    """A client that connects at its first call, so that the API starts before Temporal does.

    Args:
        impatient: Gives up well before the deadline of a call, and then says why, not only that time is up.
    """
    config = ClientConfig.load_client_connect_config(override_env_vars=settings.environ)
    config.setdefault("target_host", "127.0.0.1:7233")
    converter = data_converter_with(settings.payload_keys)
    retries = RetryConfig(max_elapsed_time_millis=IMPATIENT_MILLIS) if impatient else None
    return await Client.connect(
        **config, lazy=True, data_converter=converter, interceptors=interceptors(), retry_config=retries
    )


class _AskAgain(Exception):
    """A worker refused a query that came just before a workflow task."""


class Gateway:
    """What the routes and the relay ask of Temporal. Raises `Problem` alone."""

    def __init__(
        self, client: Client, read_manifest: ReadManifest, metrics: Metrics, impatient: Client | None = None
    ) -> None:
        """
        Args:
            impatient: See `connect`; what finds out whether Temporal stores anything uses it.
        """
        self._client = client
        self._impatient = impatient or client
        self._read_manifest = read_manifest
        self._metrics = metrics
        self._slots = asyncio.Semaphore(MAX_QUERIES)
        self._starts = asyncio.Semaphore(MAX_STARTS)
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()
        self._counted = Counted(client)

    @property
    def namespace(self) -> str:
        return self._client.namespace

    # Starting

    async def start(self, production_id: str, brief: Brief, *, keyed: bool) -> ProductionStatus:
        """Start a production; one that the same key began is left as it is, and its status returned.

        The bucket is asked first for a production of a key: Temporal may have forgotten it.

        Raises:
            Problem: 409 where the key began a production with another brief; 503.
        """
        digest = brief_digest(brief)
        if keyed and (kept := await self._read_manifest(production_id)):
            if brief_digest(kept.brief) != digest:
                raise key_used(production_id)
            return await self._status_now(kept)
        try:
            async with self._starts:
                with server():
                    await self._client.start_workflow(
                        keys.WORKFLOW_TYPE,
                        ProductionStart(production_id=production_id, brief=brief),
                        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                        rpc_timeout=RPC_TIMEOUT,
                        **start_options(production_id, brief, ProductionStatus.PLANNING, datetime.now(UTC)),
                    )
        except WorkflowAlreadyStartedError:
            pass  # closed meanwhile: compared below like one that still runs
        if not keyed:
            return ProductionStatus.PLANNING
        description = await self.describe(production_id)
        if await description.memo_value("brief_digest", "") != digest:
            raise key_used(production_id)
        return status_of(description)

    async def _status_now(self, kept: Snapshot) -> ProductionStatus:
        """Of a production with a manifest: Temporal knows better while it is open again."""
        try:
            description = await self.describe(kept.production_id)
        except Problem as problem:
            if problem.status_code != 404:
                raise
            return kept.status
        return status_of(description) if description.status is WorkflowExecutionStatus.RUNNING else kept.status

    async def start_preview(self, production_id: str) -> str:
        """Start the preview of the plan that a production has now, once for each plan; the id that it goes by.

        Raises:
            Problem: 404, 409 where there is no plan yet, 503.
        """
        snapshot = await self.snapshot(production_id)
        if snapshot.plan is None:
            raise problems.no_plan(production_id, snapshot.status.value)
        start = preview_of(snapshot, snapshot.plan, datetime.now(UTC))
        options = start_options(
            start.production_id, start.brief, ProductionStatus.PRODUCING, datetime.now(UTC), start.carried
        )
        try:
            with server():
                await self._client.start_workflow(
                    keys.PREVIEW_TYPE,
                    start,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    rpc_timeout=RPC_TIMEOUT,
                    **options,
                )
        except WorkflowAlreadyStartedError:
            pass  # made before
        return start.production_id

    # Looking

    async def describe(self, production_id: str) -> WorkflowExecutionDescription:
        """The newest run, from the server alone.

        Raises:
            Problem: 404, 503.
        """
        with server(production_id):
            return await self._handle(production_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def is_running(self, production_id: str) -> bool:
        """False also where the server does not know it: then the manifest may.

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
        """Everything: of a running production by a query, of a closed one from its result or its manifest.

        Raises:
            Problem: 404, 503.
        """
        try:
            description = await self.describe(production_id)
        except Problem as problem:
            if problem.status_code == 404 and (kept := await self._read_manifest(production_id)):
                return kept
            raise
        if description.status is WorkflowExecutionStatus.RUNNING:
            return await self._query(production_id, Snapshot, "snapshot")
        return await self._closed(production_id, description)

    async def _closed(self, production_id: str, description: WorkflowExecutionDescription) -> Snapshot:
        run_id = description.run_id
        if run_id not in self._snapshots:
            handle = self._client.get_workflow_handle(
                keys.workflow_id(production_id), run_id=run_id, result_type=Snapshot
            )
            try:
                with server(production_id):
                    self._snapshots[run_id] = await handle.result(follow_runs=False, rpc_timeout=RPC_TIMEOUT)
            except WorkflowFailureError as error:
                return await self._broken_off(production_id, status_of(description), error)
            if len(self._snapshots) > KEPT_SNAPSHOTS:
                self._snapshots.popitem(last=False)
        return self._snapshots[run_id]

    async def _broken_off(self, production_id: str, status: ProductionStatus, error: WorkflowFailureError) -> Snapshot:
        """A run that was terminated left no result: the worker can replay it, else the manifest has to do.

        A run that was refused its id did nothing: the production of that id is as its manifest says.
        """
        refusal = refusal_in(error.cause)
        if refusal and refusal.kind == "id_used" and (kept := await self._read_manifest(production_id)):
            return kept
        try:
            last = await self._query(production_id, Snapshot, "snapshot")
        except NoWorker:
            kept = await self._read_manifest(production_id)
            if kept is None:
                raise
            last = kept
        return last if last.status.closed else last.model_copy(update={"status": status, "error": str(error.cause)})

    async def progress(self, production_id: str, after: int) -> Progress:
        """The status and the events past `after`.

        Raises:
            Problem: 404, 503.
        """
        return await self._query(production_id, Progress, "progress", after)

    async def _query(self, production_id: str, answer: type[R], query: str, *args: object) -> R:
        for pause in ASK_AGAIN_PAUSES:
            try:
                return await self._asked(production_id, answer, query, *args)
            except _AskAgain:
                await asyncio.sleep(pause)
        raise problems.unavailable("query-failed", f"The workflow cannot answer now: {keys.ASK_AGAIN}")

    async def _asked(self, production_id: str, answer: type[R], query: str, *args: object) -> R:
        async with self._slots:
            self._metrics.queries += 1
            try:
                # The SDK may try again when the server's deadline comes before its own: this ends both.
                async with asyncio.timeout(QUERY_TIMEOUT.total_seconds() + 0.1):
                    found: R = await self._handle(production_id).query(
                        query, args=args, result_type=answer, rpc_timeout=QUERY_TIMEOUT
                    )
            except WorkflowQueryFailedError as error:
                if keys.ASK_AGAIN in error.message:
                    raise _AskAgain from None
                raise problems.unavailable("query-failed", f"The workflow cannot answer: {error.message}") from None
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    raise problems.unknown_production(production_id) from None
                silent = error.status in SILENT or error.status is RPCStatusCode.FAILED_PRECONDITION
            except TimeoutError:
                silent = True
            except RuntimeError:
                silent = False
            except PayloadKeyMissing as error:  # a follower tells its watchers what a problem says
                raise problems.undecrypted(error) from None
            else:
                return found
        if silent:
            await self.describe(production_id)  # tells a server that is away from a worker that is
            raise NoWorker
        raise problems.no_temporal()

    async def list_productions(
        self,
        filters: Mapping[str, str],
        words: str,
        page_size: int,
        page_token: bytes | None,
        links: Callable[[str], Links],
    ) -> tuple[list[ListedProduction], bytes | None]:
        """See `visibility.listed`."""
        return await visibility.listed(self._client, filters, words, page_size, page_token, links)

    async def attention(
        self, filters: Mapping[str, str], reason: AttentionReason | None, links: Callable[[str], Links]
    ) -> AttentionView:
        """See `visibility.waiting`."""
        return await visibility.waiting(self._client, filters, reason, links)

    async def standing(self) -> Standing | None:
        """See `standing.Counted`."""
        return await self._counted.standing()

    # Deciding

    async def decide(self, production_id: str, decision: Decision) -> Receipt:
        return await self._update(production_id, Receipt, "decide", decision)

    async def edit_plan(self, production_id: str, edit: PlanEdit) -> Plan:
        return await self._update(production_id, Plan, "edit_plan", edit, reopen=True)

    async def revise(self, production_id: str, revision: Revision) -> Plan:
        return await self._update(production_id, Plan, "revise", revision, REVISE_TIMEOUT)

    async def resolve(self, production_id: str, resolution: Resolve) -> Receipt:
        return await self._update(production_id, Receipt, "resolve", resolution)

    async def regenerate(self, production_id: str, request: Regenerate) -> Receipt:
        seconds = REVISE_TIMEOUT if request.feedback else UPDATE_TIMEOUT
        return await self._update(production_id, Receipt, "regenerate", request, seconds, reopen=True)

    async def select_take(self, production_id: str, selection: SelectTake) -> Receipt:
        return await self._update(production_id, Receipt, "select_take", selection, reopen=True)

    async def upload_take(self, production_id: str, upload: UploadTake) -> Receipt:
        return await self._update(production_id, Receipt, "upload_take", upload, UPLOAD_TIMEOUT, reopen=True)

    async def refresh(self, production_id: str, request: Refresh) -> Receipt:
        return await self._update(production_id, Receipt, "refresh", request, reopen=True)

    async def pause(self, production_id: str, request: Pause) -> Receipt:
        return await self._update(production_id, Receipt, "pause", request)

    async def resume(self, production_id: str, request: Resume) -> Receipt:
        return await self._update(production_id, Receipt, "resume", request)

    async def cancel(self, production_id: str) -> Receipt:
        """Ask the production to stop; works without a worker, who does it when he is back.

        Raises:
            Problem: 404, 409 where it is closed, 503.
        """
        description = await self.describe(production_id)
        if description.status is not WorkflowExecutionStatus.RUNNING:
            raise closed_already(production_id, status_of(description))
        with server(production_id):
            await self._handle(production_id).cancel(rpc_timeout=RPC_TIMEOUT)
        try:
            now = await self.progress(production_id, NOTHING_AFTER)
        except NoWorker:
            return Receipt(status=status_of(description), plan_digest=None, last_event_id=0)
        return Receipt(status=now.status, plan_digest=now.plan_digest, last_event_id=now.last_event_id)

    async def _update(
        self,
        production_id: str,
        answer: type[R],
        update: str,
        argument: Model,
        seconds: float = UPDATE_TIMEOUT,
        *,
        reopen: bool = False,
    ) -> R:
        """Send an update and wait for its answer; a delivered production is opened again where that is meant."""
        for _ in range(REOPENINGS):
            handle = self._handle(production_id)
            try:
                done = await updated(handle, update, [argument], answer, seconds, lambda: self.describe(production_id))
            except WorkflowUpdateFailedError as error:
                raise await self._refused(production_id, error) from None
            if done is not None:
                return done
            snapshot = await self.snapshot(production_id)  # 404 where there is none at all
            if before := answered_before(snapshot, answer, update, argument):
                return before
            if reopen and snapshot.status is ProductionStatus.DELIVERED:
                return await self._reopen(snapshot, answer, update, argument, seconds)
            if snapshot.status.closed:
                break  # else somebody has opened it again meanwhile: that run can answer
        raise closed_already(production_id, snapshot.status)

    async def _reopen(self, snapshot: Snapshot, answer: type[R], update: str, argument: Model, seconds: float) -> R:
        production_id = snapshot.production_id

        async def ask() -> WorkflowUpdateHandle[R]:
            # The SDK takes each of these operations once.
            start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                keys.WORKFLOW_TYPE,
                ProductionStart(production_id=production_id, brief=snapshot.brief, carried=snapshot),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                **start_options(production_id, snapshot.brief, snapshot.status, datetime.now(UTC), snapshot),
            )
            return await self._client.start_update_with_start_workflow(
                update,
                argument,
                start_workflow_operation=start,
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                result_type=answer,
                rpc_timeout=ACCEPT_TIMEOUT,
            )

        try:
            return await answered(ask, seconds)
        except WorkflowUpdateFailedError as error:
            raise await self._refused(production_id, error) from None
        except (RPCTimeoutOrCancelledError, TimeoutError):
            raise late() from None
        except RPCError as error:
            raise rpc_problem(error) from None

    async def _refused(self, production_id: str, error: WorkflowUpdateFailedError) -> Problem:
        cause = error.cause
        if refusal := refusal_in(cause):
            return problems.refused(refusal, production_id)
        if isinstance(cause, ApplicationError) and cause.type == "AcceptedUpdateCompletedWorkflow":
            return closed_already(production_id, status_of(await self.describe(production_id)))
        message = cause.message if isinstance(cause, FailureError) else str(cause)
        return Problem(409, "not-done", message or "The production could not do it.", production_id=production_id)

    # Following

    def rings(self, production_id: str) -> AsyncIterator[bool]:
        """See `doorbell.rings`."""
        return doorbell.rings(self._client, production_id)

    async def heartbeats(self, production_id: str) -> list[Heartbeat]:
        """What the pending activities of plan and assets say; needs no worker."""
        return await doorbell.heartbeats(self._client, await self.describe(production_id))

    # The fleet

    async def providers(self) -> ProvidersReport:
        """Ask a worker what can be made.

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
                    rpc_timeout=PROVIDERS_TIMEOUT,
                )
                return report
        except (ActivityFailureError, RPCTimeoutOrCancelledError, TimeoutError):
            raise NoWorker from None
        except RPCError as error:
            await self.check()  # it can be read; what failed is a write
            raise problems.unstored(error.message) from None
        except RuntimeError as error:
            raise problems.no_temporal(str(error)) from None

    async def check(self) -> None:
        """Raises Problem where the server does not answer, or does not have the namespace."""
        request = DescribeNamespaceRequest(namespace=self.namespace)
        try:
            await self._client.workflow_service.describe_namespace(request, timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status not in _NOT_TOLD:
                raise rpc_problem(error) from None
        except RuntimeError as error:  # the SDK's word for a first connection that failed
            raise problems.no_temporal(str(error)) from None

    def _handle(self, production_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(keys.workflow_id(production_id))

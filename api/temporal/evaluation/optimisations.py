"""Every call to Temporal about optimisations of prompts."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from api import problems
from api.problems import Problem, parse_field_error, unknown_optimisation
from api.temporal.outcomes import RPC_TIMEOUT, SILENT, NoWorker, rpc_problem, send_update, translating_errors
from api.temporal.priorities import Priorities
from api.temporal.reads import QUERY_TIMEOUT
from api.temporal.updates import UPDATE_SECONDS
from api.views.prompts.optimisations import ListedOptimisation
from workflows import keys
from workflows.optimisation import keys as optimisation_keys
from workflows.optimisation.records import OptimisationStart, OptimisationStatus, OptimisationView
from workflows.refusals import refusal_in
from workflows.start_options import COST, REQUESTER, STATUS, TENANT, Urgency, truncate

_ENDED: Final = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.RUNNING)


class OptimisationGateway:
    """Starts, reads and cancels optimisations. Raises only `Problem`."""

    def __init__(self, client: Client, priorities: Priorities | None = None) -> None:
        self._client = client
        self._priorities = priorities or Priorities()

    async def start(self, start: OptimisationStart) -> OptimisationView:
        """Start an optimisation, and return its view once it is checked and priced. One that exists is returned.

        Raises:
            Problem: 422 where it is refused; 409 where the id is that of another one; 503.
        """
        before = await self._find(start.optimisation_id)
        if before is not None and _status(before) is not OptimisationStatus.REFUSED:
            if await before.memo_value("content", "") != start.content:
                message = f"{start.optimisation_id!r} is an optimisation of other cases or terms; choose another id"
                raise _conflict("optimisation-used", "optimisation_id", message)
            return await self.view(start.optimisation_id)
        with translating_errors():
            await self._start(start)
        return await self._prepared(start)

    async def _start(self, start: OptimisationStart) -> None:
        pairs = [(STATUS, OptimisationStatus.PREPARING.value), (TENANT, start.tenant), (REQUESTER, start.requester)]
        attributes = [SearchAttributePair(key, value) for key, value in pairs]
        title = start.title or f"{start.name}, {len(start.cases)} cases"
        await self._client.start_workflow(
            keys.OPTIMISATION_TYPE,
            start,
            id=optimisation_keys.optimisation_workflow_id(start.optimisation_id),
            task_queue=keys.TASK_QUEUE,
            priority=self._priorities.of(start.tenant, Urgency.BATCH),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=truncate(f"optimisation · {title}", 200),
            search_attributes=TypedSearchAttributes([*attributes, SearchAttributePair(COST, 0.0)]),
            memo={
                "content": start.content,
                "name": start.name,
                "title": title[:200],
                "created_at": start.created_at.isoformat(),
            },
            rpc_timeout=RPC_TIMEOUT,
        )

    async def _prepared(self, start: OptimisationStart) -> OptimisationView:
        try:
            view = await self._update(start.optimisation_id, "prepared") or await self.view(start.optimisation_id)
        except Problem as problem:
            if problem.status_code != 503:
                raise
            return await self.view(start.optimisation_id)
        if view.status is OptimisationStatus.REFUSED:
            message, _, remedy = view.message.rpartition("; ")
            raise Problem.of_field(view.field or "cases", message or remedy, remedy if message else "correct it")
        return view

    async def view(self, optimisation_id: str) -> OptimisationView:
        """The state of an optimisation: of a running one by a query, of a closed one its result.

        Raises:
            Problem: 404, 503.
        """
        description = await self._describe(optimisation_id)
        if description.status is WorkflowExecutionStatus.COMPLETED:
            with translating_errors(unknown_optimisation, optimisation_id):
                return await self._handle(optimisation_id).result(rpc_timeout=RPC_TIMEOUT)
        view = await self._query(optimisation_id)
        if description.status is WorkflowExecutionStatus.RUNNING:
            return view
        return view.model_copy(update={"status": _status(description), "message": "it was ended from outside"})

    async def list_optimisations(
        self, tenant: str | None, page_size: int, page_token: bytes | None
    ) -> tuple[list[ListedOptimisation], bytes | None]:
        """One page of optimisations, of one tenant or of all (None); and the token of the next page.

        Raises:
            Problem: 503.
        """
        query = f"WorkflowType = '{keys.OPTIMISATION_TYPE}'"
        query += f" AND {keys.TENANT_ATTRIBUTE} = '{tenant}'" if tenant else ""
        page = self._client.list_workflows(
            query, page_size=page_size, next_page_token=page_token, rpc_timeout=RPC_TIMEOUT
        )
        with translating_errors():
            await page.fetch_next_page()
        newest = {e.id: e for e in reversed(page.current_page or ())}
        return [await _listed(e) for e in reversed(newest.values())], page.next_page_token

    async def cancel(self, optimisation_id: str) -> OptimisationView:
        """
        Raises:
            Problem: 404, 409, 503.
        """
        if view := await self._update(optimisation_id, "cancel"):
            return view
        status = (await self.view(optimisation_id)).status  # 404 where there is no such optimisation
        message = f"the optimisation is {status.value}; start another one"
        raise _conflict("wrong-phase", "optimisation_id", message)

    async def _find(self, optimisation_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self._describe(optimisation_id)
        except Problem as problem:
            if problem.status_code == 404:
                return None
            raise

    async def _describe(self, optimisation_id: str) -> WorkflowExecutionDescription:
        with translating_errors(unknown_optimisation, optimisation_id):
            return await self._handle(optimisation_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def _query(self, optimisation_id: str) -> OptimisationView:
        try:
            async with asyncio.timeout(QUERY_TIMEOUT.total_seconds() + 0.1):
                view: OptimisationView = await self._handle(optimisation_id).query(
                    "progress", result_type=OptimisationView, rpc_timeout=QUERY_TIMEOUT
                )
                return view
        except WorkflowQueryFailedError as error:
            raise problems.unavailable("query-failed", f"The workflow cannot answer: {error.message}") from None
        except TimeoutError:
            raise NoWorker from None
        except RPCError as error:
            if error.status in SILENT or error.status is RPCStatusCode.FAILED_PRECONDITION:
                raise NoWorker from None
            raise rpc_problem(error) from None

    async def _update(self, optimisation_id: str, update: str) -> OptimisationView | None:
        """The result of an update, or None where the optimisation is closed."""
        handle = self._handle(optimisation_id)
        try:
            return await send_update(
                handle, update, (), OptimisationView, UPDATE_SECONDS, lambda: self._describe(optimisation_id)
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if refusal := refusal_in(cause):
                raise _conflict(refusal.kind.replace("_", "-"), refusal.field, refusal.message) from None
            message = cause.message if isinstance(cause, FailureError) else str(cause)
            raise Problem(409, "not-done", message or "The optimisation could not do it.") from None

    def _handle(self, optimisation_id: str) -> WorkflowHandle[Any, OptimisationView]:
        workflow_id = optimisation_keys.optimisation_workflow_id(optimisation_id)
        return self._client.get_workflow_handle(workflow_id, result_type=OptimisationView)


def _conflict(kind: str, field: str, text: str) -> Problem:
    return Problem(409, kind, text, errors=[parse_field_error(f"{field}: {text}")])


def _status(execution: WorkflowExecution) -> OptimisationStatus:
    """The status according to the server."""
    if execution.status in _ENDED:
        return OptimisationStatus(execution.typed_search_attributes.get(STATUS, OptimisationStatus.PREPARING))
    if execution.status is WorkflowExecutionStatus.CANCELED:
        return OptimisationStatus.CANCELLED
    return OptimisationStatus.FAILED


async def _listed(execution: WorkflowExecution) -> ListedOptimisation:
    attributes = execution.typed_search_attributes
    cost = attributes.get(COST)
    created_at = await execution.memo_value("created_at", None)
    return ListedOptimisation(
        optimisation_id=optimisation_keys.optimisation_id_of(execution.id),
        name=await execution.memo_value("name", ""),
        title=await execution.memo_value("title", ""),
        status=_status(execution),
        tenant=attributes.get(TENANT),
        requester=attributes.get(REQUESTER),
        spent_usd=None if cost is None else Decimal(str(cost)).quantize(Decimal("0.0001")),
        created_at=datetime.fromisoformat(created_at) if created_at else execution.start_time,
        closed_at=execution.close_time,
    )

"""Every call to Temporal about optimisations of prompts."""

from datetime import datetime
from decimal import Decimal

from temporalio.client import (
    Client,
    WorkflowExecution,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from api.problems import Problem, unknown_optimisation
from api.temporal.evaluation.runs import Runs, conflict
from api.temporal.outcomes import RPC_TIMEOUT, listed_memo, translating_errors
from api.temporal.priorities import Priorities
from api.views.prompts.optimisations import ListedOptimisation
from workflows import keys
from workflows.optimisation import keys as optimisation_keys
from workflows.optimisation.records import OptimisationStart, OptimisationStatus, OptimisationView
from workflows.start_options import COST, REQUESTER, STATUS, TENANT, Urgency, truncate


class OptimisationGateway:
    """Starts, reads and cancels optimisations. Raises only `Problem`."""

    def __init__(self, client: Client, priorities: Priorities | None = None) -> None:
        self._client = client
        self._runs = Runs(
            client,
            "optimisation",
            keys.OPTIMISATION_TYPE,
            OptimisationView,
            OptimisationStatus,
            optimisation_keys.optimisation_workflow_id,
            unknown_optimisation,
        )
        self._priorities = priorities or Priorities()

    async def start(self, start: OptimisationStart) -> OptimisationView:
        """Start an optimisation, and return its view once it is checked and priced. One that exists is returned.

        Raises:
            Problem: 422 where it is refused; 409 where the id is that of another one; 503.
        """
        before = await self._runs.find(start.optimisation_id)
        if before is not None and self._runs.status(before) is not OptimisationStatus.REFUSED:
            if await before.memo_value("content", "") != start.content:
                message = f"{start.optimisation_id!r} is an optimisation of other cases or terms; choose another id"
                raise conflict("optimisation-used", "optimisation_id", message)
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
            view = await self._runs.update(start.optimisation_id, "prepared") or await self.view(start.optimisation_id)
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
        return await self._runs.view(optimisation_id)

    async def list_optimisations(
        self, tenant: str | None, page_size: int, page_token: bytes | None
    ) -> tuple[list[ListedOptimisation], bytes | None]:
        """One page of optimisations, of one tenant or of all (None); and the token of the next page.

        Raises:
            Problem: 503.
        """
        runs, following = await self._runs.page(tenant, page_size, page_token)
        return [await self._listed(each) for each in runs], following

    async def cancel(self, optimisation_id: str) -> OptimisationView:
        """
        Raises:
            Problem: 404, 409, 503.
        """
        return await self._runs.change(optimisation_id, "cancel")

    async def _listed(self, execution: WorkflowExecution) -> ListedOptimisation:
        attributes = execution.typed_search_attributes
        cost = attributes.get(COST)
        memo, encrypted = await listed_memo(execution)
        created_at = memo.get("created_at")
        return ListedOptimisation(
            optimisation_id=optimisation_keys.optimisation_id_of(execution.id),
            name=memo.get("name", ""),
            title=encrypted or memo.get("title", ""),
            status=self._runs.status(execution),
            tenant=attributes.get(TENANT),
            requester=attributes.get(REQUESTER),
            spent_usd=None if cost is None else Decimal(str(cost)).quantize(Decimal("0.0001")),
            created_at=datetime.fromisoformat(created_at) if created_at else execution.start_time,
            closed_at=execution.close_time,
        )

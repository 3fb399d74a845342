"""Every call to Temporal about evaluations."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

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

from api.problems import Problem, problem_of, unknown_evaluation
from api.temporal.evaluation.runs import Runs, conflict
from api.temporal.outcomes import RPC_TIMEOUT, listed_memo, translating_errors
from api.temporal.priorities import Priorities
from api.temporal.titles import SearchableTitles
from api.views.evaluations import ListedEvaluation
from workflows import keys
from workflows.evaluation import object_keys
from workflows.evaluation.progress import EvaluationProgress
from workflows.evaluation.records import EvaluationStart, EvaluationStatus, EvaluationView
from workflows.start_options import (
    COST,
    PLATFORM,
    REQUESTER,
    STATUS,
    TENANT,
    TITLE,
    Urgency,
    searchable_title,
    truncate,
)

SAMPLE: Final = "voice_sample"
"""The platform of a sample of a voice; other evaluations have none."""
ReadView = Callable[[str], Awaitable[EvaluationView | None]]


class EvaluationGateway:
    """Starts, reads and changes evaluations. Raises only `Problem`."""

    def __init__(
        self, client: Client, read_view: ReadView, titles: SearchableTitles, priorities: Priorities | None = None
    ) -> None:
        """
        Args:
            read_view: The view in the report of an evaluation that Temporal no longer has.
        """
        self._client = client
        self._runs = Runs(
            client,
            "evaluation",
            keys.EVALUATION_TYPE,
            EvaluationView,
            EvaluationStatus,
            object_keys.evaluation_workflow_id,
            unknown_evaluation,
        )
        self._titles = titles
        self._priorities = priorities or Priorities()
        self._read_view = read_view

    async def start(self, start: EvaluationStart) -> EvaluationView:
        """Start an evaluation, and return its view once it is checked and priced.

        One that runs, or is done, is returned as it is. One that ended early continues: takes that exist are not paid
        again, and count.

        Raises:
            Problem: 422 where it is refused; 409 where the id is that of another evaluation; 503.
        """
        view = await self.begin(start)
        if view.status is EvaluationStatus.REFUSED:
            raise problem_of(view.field or "cases", view.message)
        return view

    async def exists(self, evaluation_id: str) -> bool:
        """Whether the server has a run of it, open or closed."""
        return await self._runs.find(evaluation_id) is not None

    async def begin(self, start: EvaluationStart, *, sample: bool = False) -> EvaluationView:
        """The same as `start`, but a refused one is returned too.

        Args:
            sample: It is the sample of a voice, which lists of evaluations leave out.

        Raises:
            Problem: 409 where the id is that of another evaluation; 503.
        """
        before = await self._runs.find(start.evaluation_id)
        if before is not None and await before.memo_value("content", "") != start.content:
            if self._runs.status(before) is not EvaluationStatus.REFUSED:
                raise _used(start.evaluation_id)
        elif before is not None and self._runs.status(before) is EvaluationStatus.DONE:
            return await self.view(start.evaluation_id)
        with translating_errors():
            await self._titles.start(lambda titled: self._start(start, titled=titled, sample=sample))
        running = await self._runs.describe(start.evaluation_id)
        if await running.memo_value("content", "") != start.content:
            raise _used(start.evaluation_id)
        return await self._prepared(start)

    async def _start(self, start: EvaluationStart, *, titled: bool, sample: bool) -> object:
        pairs = [(STATUS, EvaluationStatus.PREPARING.value), (TENANT, start.tenant), (REQUESTER, start.requester)]
        title = start.title or f"{len(start.cases)} cases, {len(start.models)} models"
        more = [SearchAttributePair(TITLE, searchable_title(title))] if titled else []
        more += [SearchAttributePair(PLATFORM, SAMPLE)] if sample else []
        attributes = [SearchAttributePair(key, value) for key, value in pairs]
        return await self._client.start_workflow(
            keys.EVALUATION_TYPE,
            start,
            id=object_keys.evaluation_workflow_id(start.evaluation_id),
            task_queue=keys.TASK_QUEUE,
            priority=self._priorities.of(start.tenant, Urgency.PREVIEW if sample else Urgency.BATCH),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=truncate(f"evaluation · {title}", 200),
            search_attributes=TypedSearchAttributes([*attributes, SearchAttributePair(COST, 0.0), *more]),
            memo={
                "content": start.content,
                "cases": len(start.cases),
                "models": len(start.models),
                "title": title[:200],
                "created_at": start.created_at.isoformat(),
            },
            rpc_timeout=RPC_TIMEOUT,
        )

    async def _prepared(self, start: EvaluationStart) -> EvaluationView:
        """The view once it is checked and priced; where that takes longer, or no worker answers, as it began."""
        try:
            view = await self._runs.update(start.evaluation_id, "prepared") or await self.view(start.evaluation_id)
        except Problem as problem:
            if problem.status_code != 503:
                raise
            return EvaluationProgress(start).view()
        return view

    async def view(self, evaluation_id: str) -> EvaluationView:
        """The state of an evaluation: of a running one by a query, of a closed one its result.

        Raises:
            Problem: 404, 503.
        """
        try:
            return await self._runs.view(evaluation_id)
        except Problem as problem:
            if problem.status_code == 404 and (kept := await self._read_view(evaluation_id)):
                return kept
            raise

    async def length(self, evaluation_id: str) -> tuple[str, int]:
        """A value that changes with every step of an evaluation; no worker is asked.

        Raises:
            Problem: 404, 503.
        """
        description = await self._runs.describe(evaluation_id)
        return description.run_id, description.history_length

    async def list_evaluations(
        self, tenant: str | None, page_size: int, page_token: bytes | None, prefix: str = ""
    ) -> tuple[list[ListedEvaluation], bytes | None]:
        """One page of evaluations, of one tenant or of all (None), open ones first; and the token of the next page.

        Raises:
            Problem: 503.
        """
        terms = f" AND {keys.PLATFORM_ATTRIBUTE} IS NULL"
        terms += f" AND WorkflowId STARTS_WITH '{object_keys.evaluation_workflow_id(prefix)}'" if prefix else ""
        runs, following = await self._runs.page(tenant, page_size, page_token, terms)
        return [await self._listed(each) for each in runs], following

    async def change(self, evaluation_id: str, update: str) -> EvaluationView:
        """Pause, resume or cancel it.

        Raises:
            Problem: 404, 409, 503.
        """
        return await self._runs.change(evaluation_id, update)

    async def _listed(self, execution: WorkflowExecution) -> ListedEvaluation:
        attributes = execution.typed_search_attributes
        cost = attributes.get(COST)
        memo, encrypted = await listed_memo(execution)
        created_at = memo.get("created_at")
        return ListedEvaluation(
            evaluation_id=object_keys.evaluation_id_of(execution.id),
            title=encrypted or memo.get("title", ""),
            status=self._runs.status(execution),
            cases=memo.get("cases", 0),
            models=memo.get("models", 0),
            tenant=attributes.get(TENANT),
            requester=attributes.get(REQUESTER),
            spent_usd=None if cost is None else Decimal(str(cost)).quantize(Decimal("0.0001")),
            created_at=datetime.fromisoformat(created_at) if created_at else execution.start_time,
            closed_at=execution.close_time,
        )


def _used(evaluation_id: str) -> Problem:
    message = f"{evaluation_id!r} is an evaluation of other cases, models or metrics; choose another evaluation_id"
    return conflict("evaluation-used", "evaluation_id", message)

"""What keeps a start or a request that comes twice from being done twice.

A first run reads the manifest in the bucket before anything acts: its id may be that of a production that Temporal has
forgotten, and the record that it was reopened with may be old. A request that carries an idempotency key is answered
from the record when it comes again, also in a later run.

After `temporal workflow reset` the run has the id of the first run of its chain, as the manifest that it wrote has.
Then it goes on from what its history says, and takes the later steps again: that is what a reset asks for.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import KnownRecord
    from workflows.contracts import ProductionActivities
    from workflows.events import AnsweredRequest, ProductionStart, Receipt, Snapshot
    from workflows.models import Plan, digest_of
    from workflows.production.activity_options import MANIFEST_TIMEOUT, PATIENT
    from workflows.production.agents import check_no_agent
    from workflows.production.failures import raise_if_cancelled
    from workflows.production.run import ProductionRun
    from workflows.production.state.record import Record
    from workflows.refusals import error_of, refusal_in, refuse
    from workflows.requests import KeyedRequest, request_digest
    from workflows.runtime.repeated_requests import key_used, repeat_result
    from workflows.start_options import content_digest

MAX_ANSWERED: Final = 100
"""Requests with a key that a production remembers: 25 KB of its record. A caller repeats a request soon or never."""

Asked = TypeVar("Asked", bound=KeyedRequest)
Answer = TypeVar("Answer", Receipt, Plan)


class Repeats:
    """Compares the record with the newest manifest, and answers a repeated request as it was answered before."""

    def __init__(self, run: ProductionRun, start: ProductionStart) -> None:
        self._run = run
        info = workflow.info()
        run.record.run_id = info.first_execution_run_id
        self._content = content_digest(start.brief)
        self._begun = info.continued_run_id is not None
        self._not_begun: ApplicationError | None = None
        self._answering: dict[str, str] = {}
        """Of requests under way: key -> digest of the request."""

    async def begin(self) -> bool:
        """Compare the state with the newest manifest before anything acts; whether the manifest's is the state now.

        Raises:
            ApplicationError: a refusal; the id is that of a production with another brief.
        """
        if self._begun:
            return False
        record = self._run.record
        try:
            newest = await workflow.execute_activity_method(
                ProductionActivities.newest_manifest,
                KnownRecord(
                    production_id=record.production_id,
                    run_id=record.run_id,
                    last=record.events[-1] if record.events else None,
                ),
                start_to_close_timeout=MANIFEST_TIMEOUT,
                retry_policy=PATIENT,
                summary="compare with the newest manifest",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            raise
        if newest is not None:
            await self._check_same_brief(newest)
            whole = newest.model_copy(
                update={"told": len(newest.events)}
            )  # its run ended: webhooks got all of its events
            self._run.record = Record.of(whole, record.clock)
            self._run.record.run_id = workflow.info().first_execution_run_id
        self._begun = True
        return newest is not None

    async def _check_same_brief(self, newest: Snapshot) -> None:
        if content_digest(newest.brief) == self._content:
            return
        what = f"{self._run.record.production_id!r} is a production of another brief, {newest.status.value}"
        self._not_begun = refuse("id_used", "production_id", f"{what}; choose another id for this brief")
        await workflow.wait_condition(workflow.all_handlers_finished)
        raise self._not_begun

    async def ready(self) -> None:
        """Wait until the state may be acted on; an update that starts a run arrives before the run's first step."""
        if not self._begun:
            await workflow.wait_condition(lambda: self._begun or self._not_begun is not None)
        if self._not_begun is not None:
            raise self._not_begun

    async def once(self, update: str, request: Asked, act: Callable[[Asked], Awaitable[Answer]]) -> Answer:
        """Do what is requested, or answer a repeated request as before. Without a key it is always done.

        A refusal is remembered only where the request had cost something: any other may be sent again.

        Raises:
            ApplicationError: a refusal; kind key_used where the key came with another request.
        """
        record = self._run.record
        await self.ready()
        if update != "request_approval":  # an agent's decisions are checked against its grant
            check_no_agent(request)
        if not request.idempotency_key:
            return await act(request)
        key = digest_of(request.idempotency_key)
        asked = request_digest(update, request)
        if self._answering.get(key, asked) != asked:
            raise error_of(key_used())
        while key in self._answering:
            await workflow.wait_condition(lambda: key not in self._answering)
        if before := next((a for a in record.answered if a.key == key), None):
            refusal, known = repeat_result(before, asked, record.plan)
            if refusal:
                raise error_of(refusal)
            return cast(Answer, known)
        self._answering[key] = asked
        events = len(record.events)
        try:
            done = await act(request)
        except ApplicationError as error:
            refusal = refusal_in(error)
            if refusal and getattr(request, "feedback", None) and len(record.events) > events:
                self._remember(AnsweredRequest(key=key, request=asked, refused=refusal.model_dump(mode="json")))
            raise
        else:
            given = {"plan_digest": done.digest} if isinstance(done, Plan) else {"receipt": done}
            self._remember(AnsweredRequest.model_validate({"key": key, "request": asked, **given}))
            return done
        finally:
            del self._answering[key]

    def _remember(self, answered: AnsweredRequest) -> None:
        record = self._run.record
        record.answered = (*record.answered, answered)[-MAX_ANSWERED:]

"""What keeps a start or a request that comes twice from being done twice.

A first run reads the manifest in the bucket before anything acts: its id may be that of a production that Temporal has
forgotten, and the record that it was reopened with may be old. A request that carries an idempotency key is answered
from the record when it comes again, also in a later run.

After `temporal workflow reset` the run has the id of the first run of its chain, as the manifest that it wrote has.
Then it goes on from what its history says, and takes the later steps again: that is what a reset asks for.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import KnownRecord
    from workflows.answered import again, other_request
    from workflows.contracts import ProductionActivities
    from workflows.events import Answered, ProductionStart, Receipt, Snapshot
    from workflows.models import Plan, digest_of, utc
    from workflows.production.desk import PATIENT, Desk, raise_if_cancelled
    from workflows.production.state.state import ProductionState
    from workflows.refusals import error_of, refusal_in, refuse
    from workflows.requests import KeyedRequest, request_digest
    from workflows.start_options import content_digest

MANIFEST_TIMEOUT: Final = timedelta(minutes=1)
"""One attempt to read a manifest of at most 2 MB."""
MAX_ANSWERED: Final = 100
"""Requests with a key that a production remembers: 25 KB of its record. A caller repeats a request soon or never."""

Asked = TypeVar("Asked", bound=KeyedRequest)
Answer = TypeVar("Answer", Receipt, Plan)


class Repeats(Desk):
    """The state of a production, made sure of, and the requests that it has answered."""

    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)
        info = workflow.info()
        self._state.run_id = info.first_execution_run_id
        self._content = content_digest(start.brief)
        self._begun = info.continued_run_id is not None
        self._not_begun: ApplicationError | None = None
        self._answering: dict[str, str] = {}
        """Of requests under way: key -> digest of the request."""

    # Starts

    async def _begin(self) -> bool:
        """Compare the state with the newest manifest before anything acts; whether the manifest's is the state now.

        Raises:
            ApplicationError: a refusal; the id is that of a production with another brief.
        """
        if self._begun:
            return False
        state = self._state
        try:
            newest = await workflow.execute_activity_method(
                ProductionActivities.newest_manifest,
                KnownRecord(
                    production_id=state.production_id,
                    run_id=state.run_id,
                    last=state.events[-1] if state.events else None,
                ),
                start_to_close_timeout=MANIFEST_TIMEOUT,
                retry_policy=PATIENT,
                summary="compare with the newest manifest",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            raise
        if newest is not None:
            await self._check_same(newest)
            self._state = _state_of(newest)
            self._state.run_id = workflow.info().first_execution_run_id
        self._begun = True
        return newest is not None

    async def _check_same(self, newest: Snapshot) -> None:
        if content_digest(newest.brief) == self._content:
            return
        what = f"{self._state.production_id!r} is a production of another brief, {newest.status.value}"
        self._not_begun = refuse("id_used", "production_id", f"{what}; choose another id for this brief")
        await workflow.wait_condition(workflow.all_handlers_finished)
        raise self._not_begun

    async def _ready(self) -> None:
        """Wait until the state may be acted on; an update that starts a run arrives before the run's first step."""
        if not self._begun:
            await workflow.wait_condition(lambda: self._begun or self._not_begun is not None)
        if self._not_begun is not None:
            raise self._not_begun

    # Requests

    async def _once(self, update: str, request: Asked, act: Callable[[Asked], Awaitable[Answer]]) -> Answer:
        """Do what is requested, or answer a repeated request as before. Without a key it is always done.

        A refusal is remembered only where the request had cost something: any other may be sent again.

        Raises:
            ApplicationError: a refusal; kind key_used where the key came with another request.
        """
        await self._ready()
        if not request.idempotency_key:
            return await act(request)
        key = digest_of(request.idempotency_key)
        asked = request_digest(update, request)
        if self._answering.get(key, asked) != asked:
            raise error_of(other_request())
        while key in self._answering:
            await workflow.wait_condition(lambda: key not in self._answering)
        if before := next((a for a in self._state.answered if a.key == key), None):
            refusal, known = again(before, asked, self._state.plan)
            if refusal:
                raise error_of(refusal)
            return cast(Answer, known)
        self._answering[key] = asked
        events = len(self._state.events)
        try:
            done = await act(request)
        except ApplicationError as error:
            refusal = refusal_in(error)
            if refusal and getattr(request, "feedback", None) and len(self._state.events) > events:
                self._remember(Answered(key=key, request=asked, refused=refusal.model_dump(mode="json")))
            raise
        else:
            given = {"plan_digest": done.digest} if isinstance(done, Plan) else {"receipt": done}
            self._remember(Answered.model_validate({"key": key, "request": asked, **given}))
            return done
        finally:
            del self._answering[key]

    def _remember(self, answered: Answered) -> None:
        self._state.answered = [*self._state.answered, answered][-MAX_ANSWERED:]


def _state_of(newest: Snapshot) -> ProductionState:
    """The state that a manifest holds. Its run ended, so all of its events were handed to webhooks."""
    whole = newest.model_copy(update={"told": len(newest.events)})
    start = ProductionStart(production_id=whole.production_id, brief=whole.brief, carried=whole)
    return ProductionState(start, lambda: utc(workflow.now()))

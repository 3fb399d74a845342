"""From the takes in use to a deliverable, and from a closed production to its manifest."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import FinishDeliverable, FinishedAsset
    from workflows.brief import Platform
    from workflows.contracts import ProductionActivities
    from workflows.events import ProductionStatus
    from workflows.models import Deliverable, Plan
    from workflows.production.activity_options import FINISH_TIMEOUT, HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.allowance import Allowances
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.publishing import Publishing
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import hold_draft, is_unfinished
    from workflows.production.state.changes import deliver, takes_in_use
    from workflows.production.state.estimates import production_estimate
    from workflows.production.state.takes import assets_to_start, usable_take
    from workflows.production.steps.film import PartsFailed, make_film
    from workflows.provenance.decisions import provenance_of
    from workflows.spoken.languages import is_heard

MANIFEST_RETRY: Final = timedelta(minutes=1)
FILM_IN_SEGMENTS: Final = "film-in-segments"


class Finishing:
    """Finishes deliverables, and stores the record of a closed production as its manifest."""

    def __init__(self, run: ProductionRun, publishing: Publishing, allowances: Allowances) -> None:
        self._run = run
        self._allowances = allowances
        self._publishing = publishing
        self._stored = self._fingerprint() if run.record.status.closed else None
        """The fingerprint of the manifest in the bucket."""

    async def finish(self) -> None:
        record = self._run.record
        assert record.plan is not None
        revision = record.deliverable.revision + 1 if record.deliverable else 1
        record.log("finishing", revision=revision)
        self._publishing.publish()
        used, shown = takes_in_use(record), _shown_of(record.plan)
        heard = (a for a in record.plan.assets if is_heard(record.plan, a))
        takes = ((a, usable_take(record, a.asset_id)) for a in heard)
        assets = tuple(FinishedAsset(asset=a, take=take) for a, take in takes if take)
        if not assets:
            await self._fail("every asset was left out: make at least one of them again")
            return
        try:
            deliverable = await self._deliverable(
                FinishDeliverable(
                    production_id=record.production_id,
                    revision=revision,
                    brief=record.brief,
                    title=record.plan.title,
                    assets=assets,
                    cut=record.plan.cut,
                    references=record.references if record.brief.platform is not Platform.VIDEO else (),
                    extractions=record.extractions if record.brief.platform is Platform.DOCUMENT else (),
                    provenance=provenance_of(record),
                )
            )
        except (ActivityError, PartsFailed) as error:
            raise_if_cancelled(error)
            await self._fail(message_of(error))
            return
        deliverable = deliverable.model_copy(update={"takes": used})
        changed = takes_in_use(record) != used or is_unfinished(record) or _shown_of(record.plan) != shown
        if changed or any(assets_to_start(record)):  # this revision is recorded, and the next one follows
            record.deliverable, record.status = deliverable, ProductionStatus.PRODUCING
            return
        if record.plan.finals:
            hold_draft(record, deliverable)
            self._publishing.publish()
            return
        record.published_until = record.status, len(record.events)
        deliver(record, deliverable)
        await self.store_manifest()
        record.published_until = None

    async def _deliverable(self, request: FinishDeliverable) -> Deliverable:
        """Make the deliverable.

        Raises:
            PartsFailed, ActivityError: it cannot be made.
        """
        if request.film and workflow.patched(FILM_IN_SEGMENTS):
            return await make_film(request, self._report)
        return await workflow.execute_activity_method(
            ProductionActivities.finish_deliverable,
            request,
            start_to_close_timeout=FINISH_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"finish revision {request.revision}",
        )

    def _report(self, segments: int, count: int) -> None:
        self._run.record.log("film_progress", segments=segments, count=count)
        self._publishing.publish()

    async def _fail(self, message: str) -> None:
        record = self._run.record
        record.error, record.status = message, ProductionStatus.NEEDS_ATTENTION
        record.log("needs_attention", reason="finishing_failed", message=message)
        self._publishing.publish()
        await self._run.wait_for_change(or_continue=True)

    async def store_manifest(self) -> None:
        """Write the manifest; again where a signal was logged meanwhile."""
        record = self._run.record
        await self._allowances.give_back()
        kept = -1
        while record.status.closed and kept != len(record.events):
            kept = len(record.events)
            self.mark_stored()
            record.estimate_usd = production_estimate(record)
            try:
                await workflow.execute_activity_method(
                    ProductionActivities.write_manifest,
                    record,
                    start_to_close_timeout=STEP_TIMEOUT,
                    heartbeat_timeout=HEARTBEAT,
                    retry_policy=PATIENT,
                    summary="write the manifest",
                )
            except ActivityError as error:
                raise_if_cancelled(error)
                kept, self._stored = -1, None  # takes that were made and paid for are not given up for this
                await workflow.sleep(MANIFEST_RETRY, summary="the manifest could not be written")

    def is_stored(self) -> bool:
        """Whether the manifest in the bucket holds the record as it is now."""
        return self._stored == self._fingerprint()

    def mark_stored(self) -> None:
        self._stored = self._fingerprint()

    def _fingerprint(self) -> tuple[object, ...]:
        """While it is the same, the manifest need not be written again."""
        record = self._run.record
        return (
            record.status,
            len(record.events),
            record.spent_usd,
            record.budget_usd,
            record.plan and record.plan.digest,
            record.allowance,
        )


def _shown_of(plan: Plan) -> tuple[object, ...]:
    """What a deliverable shows of the plan beside its takes."""
    return plan.title, [a.asset_id for a in plan.assets], plan.cut

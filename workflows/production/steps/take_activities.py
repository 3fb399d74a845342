"""The activities of one take: made on its provider's task queue, and stopped there."""

import asyncio
from functools import partial
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.activity_io import AssetCancelled, AssetFailure, InputTake, ProduceAsset
    from workflows.brief import Brief
    from workflows.continuity.lengths import with_length
    from workflows.contracts import ProductionActivities
    from workflows.events import Snapshot
    from workflows.models import ZERO, Asset, Modality, Take
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, STEADY, STOP_TIMEOUT
    from workflows.production.failures import failure_of, message_of, reported_failure
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import abridged
    from workflows.production.state.budget import learned_of, paid_takes_in_progress, takes_in_doubt
    from workflows.production.state.film_times import film_start
    from workflows.production.state.plans.reusing import reuse_terms
    from workflows.production.state.takes import chosen_seconds, usable_take
    from workflows.production.ui_details import activity_summary
    from workflows.provenance.decisions import approver_of
    from workflows.series.accounts import PartGrant
    from workflows.slots.holder import SlotHolder

BRIEF_CHARS: Final = 500
"""Of the brief's text, for each asset: enough for its tone; 1,000 whole briefs would be 20 MB of history."""


class TakeActivities:
    """Starts and stops takes; what a take is made from comes from the record."""

    def __init__(self, run: ProductionRun) -> None:
        self._run = run
        self.slots = SlotHolder(run.record.brief.tenant, run.in_background, lambda: run.record.paused is None)

    async def make(self, asset: Asset, number: int, name: str) -> Take:
        """Make one take, as soon as its provider has a slot for it.

        Args:
            name: Of its task in `ProductionRun.running`.
        """
        request = self._request(asset, number)
        return await self.slots.make(request, self._produce, partial(self._run.wait_for_slot, name, asset))

    async def _produce(self, request: ProduceAsset) -> Take:
        asset, number = request.asset, request.take
        return await workflow.execute_activity_method(
            ProductionActivities.produce_asset,
            request,
            task_queue=keys.provider_queue(asset.provider),
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=STEADY,
            activity_id=keys.take_activity(asset.asset_id, number),
            summary=activity_summary(asset),
            event_groups=[workflow.create_event_group(asset.asset_id)],
        )

    def _request(self, asset: Asset, number: int) -> ProduceAsset:
        record = self._run.record
        known = record.assets[asset.asset_id]
        extra = next((e for e in known.extra if e.number == number), None)
        order = extra.order if extra else known.order if number == known.next_take else None
        made_with = known.made_with if number == known.next_take and not extra else None
        plan_digest, approver = _signed_origin(record, asset)
        asset = with_length(asset, chosen_seconds(record, asset) if made_with is None else known.seconds)
        return ProduceAsset(
            production_id=record.production_id,
            brief=_brief_of(record.brief, asset),
            asset=asset,
            take=number,
            inputs=self._inputs(asset, made_with),
            film_start=film_start(record, asset),
            order=order,
            given_up=extra is not None and extra.given_up,
            reserved_usd=learned_of(record, asset).price(asset.quote) if asset.quote else None,
            plan_digest=plan_digest,
            approver=approver,
            reuse=None if extra else reuse_terms(record, asset),
            grant=_grant_of(record),
        )

    def _inputs(self, asset: Asset, made_with: dict[str, int] | None) -> tuple[InputTake, ...]:
        """The references and takes that it is made from: those in use, or those with which the take was started."""
        record = self._run.record
        assert record.plan is not None
        references = InputTake.of_references(record.references, record.brief.references)
        found = []
        for asset_id in asset.depends_on:
            if asset_id in references:
                found.append(references[asset_id])
                continue
            source, take = record.plan.find(asset_id), usable_take(record, asset_id)
            if made_with is not None:
                takes = record.assets[asset_id].takes if asset_id in record.assets else ()
                take = next((t for t in takes if t.number == made_with.get(asset_id)), None)
            if source and take:
                found.append(
                    InputTake(
                        asset_id=asset_id,
                        asset_type=source.asset_type,
                        role=source.role,
                        take=take.number,
                        media=take.media,
                        provider=take.provider,
                    )
                )
        return tuple(found)

    async def stop_all(self) -> dict[tuple[str, int], AssetCancelled]:
        """Stop all takes that cost money at their providers, also those in doubt; the results by asset and take."""
        making, doubtful = paid_takes_in_progress(self._run.record), takes_in_doubt(self._run.record)
        if doubtful and workflow.patched("stop-takes-in-doubt"):
            making += doubtful
        if not making:
            return {}
        stopped = await asyncio.gather(*(self._stop(asset, number) for asset, number in making))
        return {(asset.asset_id, number): end for (asset, number), end in zip(making, stopped, strict=True)}

    async def _stop(self, asset: Asset, number: int) -> AssetCancelled:
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.cancel_asset,
                self._request(asset, number),
                task_queue=keys.provider_queue(asset.provider),
                start_to_close_timeout=STOP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                schedule_to_close_timeout=3 * STOP_TIMEOUT,
                summary=f"stop {activity_summary(asset)}",
            )
        except ActivityError as error:
            message = f"could not be stopped, check {asset.provider} for what still runs: {message_of(error)}"
            price = learned_of(self._run.record, asset).price(asset.quote) if asset.quote else ZERO
            return AssetCancelled(outcome="running", billed_usd=price, message=abridged(message))

    async def failure_of(self, error: ActivityError, asset: Asset, number: int) -> AssetFailure:
        """What the activity reported; where it was ended from outside, what the ledger of the stopped take holds."""
        reported = reported_failure(error)
        if reported or not (asset.quote and (asset.quote.high_usd or asset.quote.unknown)):
            return reported or failure_of(error)
        end = await self._stop(asset, number)
        return AssetFailure(
            message=message_of(error),
            billed_usd=end.billed_usd,
            job_id=end.job_id,
            maybe_billed=end.outcome != "free",
            earlier=end.earlier,
        )


def _brief_of(brief: Brief, asset: Asset) -> Brief:
    """The brief as its provider reads it: in the language of the asset, without what is not about it."""
    return brief.model_copy(
        update={
            "text": brief.text[:BRIEF_CHARS],
            "references": (),
            "items": (),
            "languages": (asset.language or brief.language,),
            "translations": {},
        }
    )


def _grant_of(record: Snapshot) -> PartGrant | None:
    """What the takes of a part of a series are paid from."""
    if record.batch is None or record.allowance is None:
        return None
    return PartGrant(tenant=record.brief.tenant, series_id=record.batch.batch_id, number=record.allowance.number)


def _signed_origin(record: Snapshot, asset: Asset) -> tuple[str, str]:
    """The plan's digest and the approver that are signed into a take; 1,000 texts, which are not signed, stay small."""
    if asset.asset_type is Modality.TEXT or record.plan is None:
        return "", ""
    return record.plan.digest, approver_of(record)

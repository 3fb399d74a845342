"""Takes that are no longer what the plan and their inputs say are marked stale: each change logs its event. Pure."""

from typing import Final

from workflows.production.state import policies, staleness
from workflows.production.state.budget import price_usd
from workflows.production.state.plans import plan_diff, script
from workflows.production.state.record import Record

SCRIPT: Final = "the script"
"""The name under which an edit is logged that composes the script again."""


def mark_stale(record: Record, asset_id: str, *, with_dependents: bool) -> None:
    """Mark the takes stale whose inputs are no longer in use; none is made again without a request."""
    assert record.plan is not None
    reached = policies.dependents(record.plan, asset_id) if with_dependents or _others_made(record, asset_id) else []
    mark_all_stale(record, [asset_id, *reached], asset_id)


def _others_made(record: Record, asset_id: str) -> bool:
    """Whether another asset that uses this one was made already, without it."""
    users = record.plan.used_by.get(asset_id, ()) if record.plan else ()
    return any(record.assets[a.asset_id].take for a in users)


def mark_all_stale(record: Record, asset_ids: list[str], because: str | None = None) -> None:
    assert record.plan is not None
    for each in policies.inputs_first(record.plan, asset_ids):
        state, why = record.assets[each], staleness.reasons(record.plan, record.assets, each)
        if why != state.stale_because or bool(why) != state.stale:
            record.update(each, stale=bool(why), stale_because=why)
        if why and not state.stale:
            price = str(price_usd(record, each))
            record.log("asset_stale", each, because=because or each, changed=list(why), price_usd=price)


def follow_script(record: Record) -> None:
    """Compose the script again after it was made or another take is used; the price of its last take stays for now,
    because every request for a take asks the catalogue."""
    plan = record.plan
    assert plan is not None
    followed = script.follow(record, plan)
    if followed is not plan:
        priced = [a.model_copy(update={"quote": plan.by_id[a.asset_id].quote}) for a in followed.assets]
        record.plan = plan.with_assets(priced)
        changes = plan_diff.changes(plan, record.plan)
        record.log("plan_edited", plan_digest=record.plan.digest, by=SCRIPT, how="follow", changes=changes)
        mark_scripts_stale(record)


def mark_scripts_stale(record: Record) -> None:
    """Mark takes of the script, and of narrations in further languages, stale that say something else than the plan by
    now."""
    assert record.plan is not None
    mark_all_stale(record, [i for i in record.plan.composed_ids if i in record.assets])
    spoken = (a for a in record.plan.assets if a.translates in record.assets)
    for each in spoken:
        mark_all_stale(record, [each.asset_id], each.translates)

"""Shots whose length follows their narration: their price, a division of those that are too long, and a budget.

Times are seconds. A shot that depends on its narration, of a model that makes several lengths, gets its length when
the narration exists (`workflows.continuity.lengths`). Its price range covers every length that may be chosen.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.planning.checks.lengths import heard, is_timed
from activities.planning.pricing import price
from activities.planning.task import PlanningTask
from activities.providers.selection import find_offer
from activities.text.speech import speech_seconds
from workflows.brief import MAX_SHOTS
from workflows.continuity.inputs import EXTEND, made_as, replacements
from workflows.continuity.lengths import AT_MOST, PLANNED, nearest_length
from workflows.models import MAX_ASSETS, Asset, Modality, Plan

MOST_PARTS: Final = 4
"""Of one shot: a narration that is longer is better divided by a person."""
_MARGINS: Final = (pricing.SPEECH_SPREAD[1], 1.0, 0.0)
"""By which the longest length covers the estimate of a narration, where a budget does not hold every length."""


def divided_shots(plan: Plan, task: PlanningTask) -> Plan:
    """The plan where a narration that is longer than any length of its shot continues over further shots.

    Each of them starts from the last frame of the one before it, and a warning names them.
    """
    assets: list[Asset] = []
    warnings, versions = list(plan.warnings), replacements(plan.assets)
    extended = {old for old, new in versions.items() if made_as(plan.by_id[new]) == EXTEND}
    for shot in plan.assets:
        alone = shot.asset_id not in versions.values() and shot.asset_id not in extended
        parts = _parts(shot, plan, task) if alone and len(plan.shots) < MAX_SHOTS else [shot]
        assets += parts
        if len(parts) > 1:
            voices = " and ".join(v.asset_id for v in _voices(shot, plan.by_id))
            more = " and ".join(p.asset_id for p in parts[1:])
            warnings.append(
                f"{voices} takes longer to say than {shot.model} makes a shot: {shot.asset_id} continues in {more}"
            )
    if len(assets) == len(plan.assets) or len(assets) > MAX_ASSETS:
        return plan
    made = Plan.of(plan.title, assets, plan.planner, warnings, plan.cut)
    return made.model_copy(update={"drafting_usd": plan.drafting_usd})


def _parts(shot: Asset, plan: Plan, task: PlanningTask) -> list[Asset]:
    offer, voices = _offer(shot, task), _voices(shot, plan.by_id)
    if offer is None or not voices or not is_timed(offer, shot, voices) or Modality.IMAGE not in offer.accepts:
        return [shot]
    spoken = sum(speech_seconds(v.prompt) for v in voices)
    shared = any(len(plan.used_by.get(v.asset_id, ())) > 1 for v in voices)
    count = math.ceil(spoken / max(offer.seconds))
    if count < 2 or count > MOST_PARTS or shared:
        return [shot]
    length = nearest_length(offer.seconds, spoken / count)
    parameters = {**shot.parameters, PLANNED: int(length) if length.is_integer() else length}
    parts = [shot.model_copy(update={"parameters": parameters})]
    for letter in "bcd"[: count - 1]:
        parts.append(
            Asset.model_validate(
                {
                    **shot.model_dump(),
                    "asset_id": f"{shot.asset_id[:61]}-{letter}",
                    "label": f"{shot.label[:185]} (continued)" if shot.label else "",
                    "parameters": parameters,
                    "depends_on": tuple(v.asset_id for v in voices),
                    "continues": parts[-1].asset_id,
                    "last_frame": "",
                }
            )
        )
    return parts


def within_budget(plan: Plan, task: PlanningTask, room_usd: Decimal | None) -> Plan:
    """The plan with limits to the lengths of its shots, where the budget does not hold every length."""
    for margin in _MARGINS:
        if room_usd is None or _high_usd(plan, task) <= room_usd:
            return plan
        plan = plan.with_assets(_limited(a, plan, task, margin) for a in plan.assets)
    return plan


def _high_usd(plan: Plan, task: PlanningTask) -> Decimal:
    try:
        return task.with_languages_usd(price(plan, task.providers, references=task.request.references))
    except ApplicationError:  # the plan is refused when it is priced, with its reason
        return Decimal(0)


def _limited(shot: Asset, plan: Plan, task: PlanningTask, margin: float) -> Asset:
    offer, voices = _offer(shot, task), _voices(shot, plan.by_id)
    if offer is None or not is_timed(offer, shot, heard(shot, plan.by_id)):
        return shot
    spoken = sum(speech_seconds(v.prompt) for v in voices) * margin
    most = nearest_length(offer.seconds, max(shot.number(PLANNED) or 0.0, spoken))
    return shot.model_copy(update={"parameters": {**shot.parameters, AT_MOST: most}})


def _offer(shot: Asset, task: PlanningTask) -> Offer | None:
    provider = task.providers.get(shot.provider)
    return find_offer(provider, shot.model, shot.asset_type) if provider else None


def _voices(shot: Asset, known: Mapping[str, Asset]) -> list[Asset]:
    return [v for i in shot.depends_on if (v := known.get(i)) and v.spoken]

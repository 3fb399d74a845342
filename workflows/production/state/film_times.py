"""Where a shot is in the film, as far as the plan and the takes so far say: pure. Times are seconds."""

from collections.abc import Sequence
from typing import Final

from workflows.continuity.inputs import replacements, versions_of, without_versions
from workflows.events import AssetStatus
from workflows.models import UNSPOKEN_ROLES, Asset, Modality
from workflows.production.state.record import Record
from workflows.production.state.takes import usable_take

DRAWS_TIMECODES: Final = "previz"
"""The provider that draws the time; the inputs of all other activities stay without it."""
_DEFAULT: Final = 5.0
_PAUSE: Final = 0.4
"""By which an animatic is longer than its narration."""


def film_start(record: Record, asset: Asset) -> float | None:
    """The time from the start of the film to a shot that draws it; None for any other asset."""
    if asset.asset_type is not Modality.VIDEO or asset.provider != DRAWS_TIMECODES or record.plan is None:
        return None
    start, versions = 0.0, replacements(record.plan.assets)
    for other in without_versions(record.plan.assets):
        if other.asset_id == asset.asset_id:
            return round(start, 3)
        if other.asset_type is Modality.VIDEO:
            start += _length(record, other, versions_of(other.asset_id, versions))
    return None


def _length(record: Record, shot: Asset, versions: Sequence[str]) -> float:
    """The length of the newest version that is made, otherwise of the shot."""
    made = (usable_take(record, i) for i in (*reversed(versions), shot.asset_id))
    take = next(filter(None, made), None)
    if take and take.media.duration_seconds:
        return take.media.duration_seconds
    state = record.assets.get(shot.asset_id)
    if state and state.status is AssetStatus.CANCELLED:
        return 0.0
    fixed = shot.number("seconds")
    if fixed is not None:
        return fixed
    least = shot.number("at_least")
    sounds = {a.asset_id for a in record.plan.assets if a.sound in UNSPOKEN_ROLES} if record.plan else ()
    needs = (i for i in shot.depends_on if i in record.assets and i not in sounds)  # a reference is no asset
    voices = (usable_take(record, i) for i in needs)
    spoken = [v.media.duration_seconds for v in voices if v and v.media.media_type.startswith("audio/")]
    narrated = max((seconds + _PAUSE for seconds in spoken if seconds), default=None)
    return max((s for s in (least, narrated) if s is not None), default=_DEFAULT)

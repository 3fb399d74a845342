"""Routes of schedules: a brief that is made again and again."""

from typing import Final

from fastapi import APIRouter, Response

from api.deps import KnownSchedule, Parts, Who
from api.problems import FieldError, Problem, documented
from api.views.batches import ScheduleBody, ScheduleList, ScheduleNote, ScheduleView
from api.views.production import PREFIX
from workflows import keys
from workflows.models import MAX_ID_CHARS

MAX_SCHEDULE_CHARS: Final = MAX_ID_CHARS - len("-20261123T090000")
"""Each production's id is the schedule's with its time behind it."""

router = APIRouter(prefix=f"{PREFIX}/schedules", tags=["schedules"], responses=documented(422, 503))

_UNKNOWN: Final = documented(404)
_NO_NOTE: Final = ScheduleNote()


@router.post("", status_code=201, responses=documented(409))
async def create(parts: Parts, who: Who, response: Response, body: ScheduleBody) -> ScheduleView:
    """Start a production of this brief at each of these times.

    Each waits for an approval as any other does, or is approved by the brief's own `approval.auto_below_usd`. Times
    that a server slept through are made up for within 12 hours. Where no worker has been there for the last time, the
    next is left out.
    """
    brief = who.brief(body.brief)
    await parts.fleet.check(brief)
    schedule_id = keys.owned(brief.tenant, body.schedule_id)
    if (over := len(schedule_id) - MAX_SCHEDULE_CHARS) > 0:
        message = f"with the tenant's name it is {over} characters too long"
        error = FieldError(field="schedule_id", message=message, remedy="choose a shorter one")
        raise Problem(422, "invalid-request", f"schedule_id: {error.message}; {error.remedy}", errors=[error])
    schedule = await parts.schedules.create(schedule_id, body.model_copy(update={"brief": brief}))
    response.headers["Location"] = f"{PREFIX}/schedules/{schedule.schedule_id}"
    return schedule


@router.get("")
async def list_schedules(parts: Parts, who: Who) -> ScheduleList:
    """All schedules, with their next times. The list follows a change by a second or two."""
    return ScheduleList(schedules=tuple(await parts.schedules.list(who.tenant)))


@router.get("/{schedule_id}", responses=_UNKNOWN)
async def get_schedule(parts: Parts, schedule_id: KnownSchedule) -> ScheduleView:
    """A schedule with its brief, its next times and the productions that it started last."""
    return await parts.schedules.get(schedule_id)


@router.post("/{schedule_id}/pause", responses=_UNKNOWN)
async def pause(parts: Parts, schedule_id: KnownSchedule, body: ScheduleNote = _NO_NOTE) -> ScheduleView:
    """Start nothing more until it is resumed."""
    return await parts.schedules.pause(schedule_id, body.note)


@router.post("/{schedule_id}/resume", responses=_UNKNOWN)
async def resume(parts: Parts, schedule_id: KnownSchedule, body: ScheduleNote = _NO_NOTE) -> ScheduleView:
    """Go on with the next time; those in between are not made up for."""
    return await parts.schedules.resume(schedule_id, body.note)


@router.post("/{schedule_id}/run", status_code=202, responses=_UNKNOWN)
async def run(parts: Parts, schedule_id: KnownSchedule) -> ScheduleView:
    """Start one production now, also while it is paused; `recent` names it a moment later."""
    return await parts.schedules.run(schedule_id)


@router.delete("/{schedule_id}", responses=_UNKNOWN)
async def delete(parts: Parts, schedule_id: KnownSchedule) -> ScheduleView:
    """Start nothing more; what was started goes on. The answer is the schedule as it was."""
    return await parts.schedules.delete(schedule_id)

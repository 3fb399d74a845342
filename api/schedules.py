"""Routes of schedules: a brief that is made again and again."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from api.deps import Parts
from api.many_views import ScheduleBody, ScheduleList, ScheduleNote, ScheduleView
from api.problems import documented
from api.views import PREFIX

router = APIRouter(prefix=f"{PREFIX}/schedules", tags=["schedules"], responses=documented(422, 503))

KnownSchedule = Annotated[str, Path(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["monday-post"])]

_UNKNOWN: Final = documented(404)
_NO_NOTE: Final = ScheduleNote()


@router.post("", status_code=201, responses=documented(409))
async def create(parts: Parts, response: Response, body: ScheduleBody) -> ScheduleView:
    """Start a production of this brief at each of these times.

    Each waits for an approval as any other does, or is approved by the brief's own `approval.auto_below_usd`. Times
    that a server slept through are made up for within 12 hours. Where no worker has been there for the last time, the
    next is left out.
    """
    await parts.fleet.check(body.brief)
    schedule = await parts.schedules.create(body)
    response.headers["Location"] = f"{PREFIX}/schedules/{schedule.schedule_id}"
    return schedule


@router.get("")
async def list_schedules(parts: Parts) -> ScheduleList:
    """All schedules, with their next times. The list follows a change by a second or two."""
    return ScheduleList(schedules=tuple(await parts.schedules.list()))


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

"""Routes of schedules, which start a production of a brief again and again."""

from typing import Final

from fastapi import APIRouter, Response

from api.deps import CurrentCaller, KnownSchedule, ServicesDep
from api.pagination import MAX_PAGE, PageSize, PageToken, decode_token, encode_token
from api.problems import Problem, documented
from api.views.batches import ScheduleBody, ScheduleList, ScheduleNote, ScheduleView
from api.views.production import PREFIX
from workflows import keys
from workflows.models import MAX_ID_CHARS

MAX_SCHEDULE_CHARS: Final = MAX_ID_CHARS - len("-20261123T090000")
"""The id of each production is the id of the schedule, followed by the time."""

router = APIRouter(prefix=f"{PREFIX}/schedules", tags=["schedules"], responses=documented(422, 503))

_UNKNOWN: Final = documented(404)
_NO_NOTE: Final = ScheduleNote()


@router.post("", status_code=201, responses=documented(409))
async def create(services: ServicesDep, caller: CurrentCaller, response: Response, body: ScheduleBody) -> ScheduleView:
    """Start a production of this brief at each of these times.

    Each waits for an approval as any other production does, or is approved by the brief's own
    `approval.auto_below_usd`. Times that passed while the server was down are made up for within 12 hours. While the
    last start still waits for a worker, the next time is skipped.
    """
    brief = caller.admit(body.brief)
    await services.fleet.check(brief)
    schedule_id = keys.qualify_id(brief.tenant, body.schedule_id)
    if (over := len(schedule_id) - MAX_SCHEDULE_CHARS) > 0:
        message = f"with the tenant's name it is {over} characters too long"
        raise Problem.of_field("schedule_id", message, "choose a shorter one")
    schedule = await services.schedules.create(schedule_id, body.model_copy(update={"brief": brief}))
    response.headers["Location"] = f"{PREFIX}/schedules/{schedule.schedule_id}"
    return schedule


@router.get("")
async def list_schedules(
    services: ServicesDep, caller: CurrentCaller, page_size: PageSize = MAX_PAGE, page_token: PageToken = None
) -> ScheduleList:
    """Schedules with their next times, a page at a time. The list follows a change by a second or two."""
    found, following = await services.schedules.list(caller.tenant, page_size, decode_token(page_token))
    return ScheduleList(schedules=tuple(found), next_page_token=encode_token(following))


@router.get("/{schedule_id}", responses=_UNKNOWN)
async def get_schedule(services: ServicesDep, schedule_id: KnownSchedule) -> ScheduleView:
    """A schedule with its brief, its next times and the productions that it started last."""
    return await services.schedules.get(schedule_id)


@router.post("/{schedule_id}/pause", responses=_UNKNOWN)
async def pause(services: ServicesDep, schedule_id: KnownSchedule, body: ScheduleNote = _NO_NOTE) -> ScheduleView:
    """Start no more productions until the schedule is resumed."""
    return await services.schedules.pause(schedule_id, body.note)


@router.post("/{schedule_id}/resume", responses=_UNKNOWN)
async def resume(services: ServicesDep, schedule_id: KnownSchedule, body: ScheduleNote = _NO_NOTE) -> ScheduleView:
    """Continue with the next time; the times during the pause are not made up for."""
    return await services.schedules.resume(schedule_id, body.note)


@router.post("/{schedule_id}/run", status_code=202, responses=_UNKNOWN)
async def run(services: ServicesDep, schedule_id: KnownSchedule) -> ScheduleView:
    """Start one production now, also while it is paused; `recent` names it a moment later."""
    return await services.schedules.run(schedule_id)


@router.delete("/{schedule_id}", responses=_UNKNOWN)
async def delete(services: ServicesDep, schedule_id: KnownSchedule) -> ScheduleView:
    """Delete the schedule; the productions that it started continue. The response is its last state."""
    return await services.schedules.delete(schedule_id)

"""Every call to Temporal about schedules."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, unknown_schedule
from api.temporal.outcomes import RPC_TIMEOUT, listed_memo, translating_errors
from api.temporal.priorities import Priorities
from api.temporal.titles import SearchableTitles
from api.views.batches import ListedSchedule, ScheduleBody, ScheduledRun, ScheduleView
from workflows import keys
from workflows.brief import Platform, title_of
from workflows.schedule import Scheduled, scheduled_production_id
from workflows.start_options import (
    PLATFORM,
    REQUESTER,
    TENANT,
    TITLE,
    Urgency,
    searchable_title,
    truncate,
)

CATCH_UP: Final = timedelta(hours=12)
"""Times that passed while the server was down are made up for within this period: a night, but not a holiday."""
NEXT_RUNS: Final = 5


class ScheduleGateway:
    """Creates, reads and changes schedules. Raises only `Problem`."""

    def __init__(self, client: Client, titles: SearchableTitles, priorities: Priorities | None = None) -> None:
        self._client = client
        self._priorities = priorities or Priorities()
        self._titles = titles

    async def create(self, schedule_id: str, body: ScheduleBody) -> ScheduleView:
        """Create a schedule, under its tenant's id, that starts the brief's production at the times of `cron`.

        While the start of the last time waits for a worker, the next times are skipped (SKIP).

        Raises:
            Problem: 409 where the id is taken, 422 where the times are invalid, 503.
        """
        brief, key = body.brief, keys.schedule_key(schedule_id)
        pairs = [(PLATFORM, brief.platform.value), (TENANT, brief.tenant), (REQUESTER, brief.requester)]
        # The server turns the cron expression into calendars, so the memo keeps the expression itself.
        memo = {
            "cron": body.cron,
            "timezone": body.timezone,
            "platform": brief.platform.value,
            "title": title_of(brief),
            "language": brief.language,
            "aspect": brief.aspect,
            **({"duration_seconds": brief.duration_seconds} if brief.platform == Platform.VIDEO else {}),
        }

        async def send(titled: bool) -> object:
            title = [SearchAttributePair(TITLE, searchable_title(title_of(brief)))] if titled else []
            # The title as an attribute of each run lets it set the one of its production.
            action = ScheduleActionStartWorkflow(
                keys.SCHEDULED_TYPE,
                Scheduled(schedule_id=schedule_id, brief=brief),
                id=key,
                task_queue=keys.TASK_QUEUE,
                priority=self._priorities.of(brief.tenant, Urgency.BATCH),
                static_summary=truncate(f"{schedule_id} · {title_of(brief)}", 200),
                typed_search_attributes=TypedSearchAttributes(title),
            )
            return await self._client.create_schedule(
                key,
                Schedule(
                    action=action,
                    spec=ScheduleSpec(cron_expressions=[body.cron], time_zone_name=body.timezone),
                    policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
                    state=ScheduleState(note=body.note),
                ),
                memo=memo,
                # The title here too, because the server checks only these when the schedule is created.
                search_attributes=TypedSearchAttributes([*(SearchAttributePair(k, v) for k, v in pairs), *title]),
                rpc_timeout=RPC_TIMEOUT,
            )

        try:
            with translating_errors(), _refusing_invalid_times():
                await self._titles.start(send)
        except ScheduleAlreadyRunningError:
            raise Problem.of_field(
                "schedule_id",
                f"there is a schedule {schedule_id!r} already",
                "choose another schedule_id, or delete that one first",
                status=409,
                kind="schedule-exists",
            ) from None
        return await self.get(schedule_id)

    async def get(self, schedule_id: str) -> ScheduleView:
        """
        Raises:
            Problem: 404, 503.
        """
        with translating_errors(unknown_schedule, schedule_id):
            described = await self._schedule(schedule_id).describe(rpc_timeout=RPC_TIMEOUT)
            action = described.schedule.action
            assert isinstance(action, ScheduleActionStartWorkflow)
            (scheduled,) = await self._client.data_converter.decode(action.args, [Scheduled])
            return ScheduleView(brief=scheduled.brief, **await _fields(described))

    async def list(
        self, tenant: str | None, page_size: int, page_token: bytes | None = None
    ) -> tuple[list[ListedSchedule], bytes | None]:
        """One page of all, or of those of one tenant, and the token of the next.

        Raises:
            Problem: 503.
        """
        query = f"{keys.TENANT_ATTRIBUTE} = '{tenant}'" if tenant else None
        with translating_errors():
            page = await self._client.list_schedules(
                query, page_size=page_size, next_page_token=page_token, rpc_timeout=RPC_TIMEOUT
            )
            await page.fetch_next_page()
        listed = [each for each in page.current_page or () if each.id.startswith(keys.schedule_key(""))]
        fields = [await _fields(each) for each in listed]
        # Another schedule of the namespace may have such an id, and has no memo of ours.
        return [ListedSchedule(**each) for each in fields if each["title"]], page.next_page_token or None

    async def pause(self, schedule_id: str, note: str) -> ScheduleView:
        with translating_errors(unknown_schedule, schedule_id):
            await self._schedule(schedule_id).pause(note=note or None, rpc_timeout=RPC_TIMEOUT)
        return await self.get(schedule_id)

    async def resume(self, schedule_id: str, note: str) -> ScheduleView:
        with translating_errors(unknown_schedule, schedule_id):
            await self._schedule(schedule_id).unpause(note=note or None, rpc_timeout=RPC_TIMEOUT)
        return await self.get(schedule_id)

    async def run(self, schedule_id: str) -> ScheduleView:
        """Start one production now, also while it is paused."""
        with translating_errors(unknown_schedule, schedule_id):
            await self._schedule(schedule_id).trigger(rpc_timeout=RPC_TIMEOUT)
        return await self.get(schedule_id)

    async def delete(self, schedule_id: str) -> ScheduleView:
        """Delete the schedule and return its last state; the productions that it started continue."""
        last = await self.get(schedule_id)
        with translating_errors(unknown_schedule, schedule_id):
            await self._schedule(schedule_id).delete(rpc_timeout=RPC_TIMEOUT)
        return last

    def _schedule(self, schedule_id: str) -> ScheduleHandle:
        return self._client.get_schedule_handle(keys.schedule_key(schedule_id))


_MEMO: Final = ("cron", "timezone", "platform", "title", "language", "aspect", "duration_seconds")


@contextmanager
def _refusing_invalid_times() -> Iterator[None]:
    """Translate the errors of the server's parser, which alone decides which times are valid.

    Raises:
        Problem: 422.
    """
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        message = error.message.removeprefix("Invalid schedule spec: ")
        if "time zone" in message:
            raise Problem.of_field("timezone", "is not known", "give an IANA name such as Europe/Berlin") from None
        remedy = "give minute, hour, day, month and day of the week, e.g. 0 9 * * MON"
        raise Problem.of_field("cron", f"is invalid: {message}", remedy) from None


async def _fields(schedule: ScheduleDescription | ScheduleListDescription) -> dict[str, Any]:
    """The fields that both of the server's descriptions of a schedule have."""
    schedule_id = keys.schedule_id_of(schedule.id)
    info, known = schedule.info, schedule.schedule
    assert info is not None
    assert known is not None
    memo, encrypted = await listed_memo(schedule)
    platform = schedule.typed_search_attributes.get(PLATFORM)
    unread = {"cron": "", "timezone": "", "title": encrypted, "platform": platform}
    return {
        "schedule_id": schedule_id,
        "paused": known.state.paused,
        "note": known.state.note or "",
        "next_runs": () if known.state.paused else tuple(info.next_action_times[:NEXT_RUNS]),
        "recent": tuple(
            ScheduledRun(at=run.scheduled_at, production_id=scheduled_production_id(schedule_id, run.scheduled_at))
            for run in reversed(info.recent_actions)
        ),
        **unread,
        **{name: memo[name] for name in _MEMO if name in memo},
    }

"""A film in many activities: each segment of the picture is encoded by itself, on any worker, and stored."""

import asyncio
import math
from collections.abc import Callable, Collection
from itertools import islice
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import (
        SEGMENT_MISSING,
        AssembleFilm,
        EncodeSegment,
        FilmLayout,
        FinishDeliverable,
        MixSound,
        Segment,
    )
    from workflows.contracts import ProductionActivities
    from workflows.keys import RENDER_QUEUE
    from workflows.models import Deliverable
    from workflows.production.activity_options import FINISH_TIMEOUT, HEARTBEAT, PATIENT, SEGMENT_TIMEOUT
    from workflows.production.failures import message_of, raise_if_cancelled

LAYOUTS: Final = 5
"""How often a film is laid out because stored parts were deleted meanwhile."""
REPORTS: Final = 10
"""Of the progress of a film, at most; a film of 300 segments would fill the log."""
WINDOW: Final = 50
"""Segments scheduled at once; workers take as many as they have cores."""
NAMED: Final = 5
"""Parts in the message of a film that cannot be made; further ones are counted."""


class PartsFailed(Exception):
    """Parts of a film cannot be made; the message names each of them. All other parts are stored."""


async def make_film(request: FinishDeliverable, on_progress: Callable[[int, int], None]) -> Deliverable:
    """Lay the film out, make the parts that are not stored, and join all.

    Args:
        on_progress: Is called with the number of encoded segments and of all, at most about ten times.

    Raises:
        PartsFailed: some parts cannot be made. All others are made all the same, so they need not be made again.
        ActivityError: another step failed.
    """
    for attempt in range(1, LAYOUTS + 1):
        layout = await workflow.execute_activity_method(
            ProductionActivities.lay_out_film,
            request,
            start_to_close_timeout=FINISH_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"lay out revision {request.revision}",
        )
        await _make_parts(request.production_id, layout, on_progress)
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.assemble_film,
                AssembleFilm(request=request, timeline=layout.timeline),
                start_to_close_timeout=FINISH_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"assemble revision {request.revision}",
            )
        except ActivityError as error:
            if not _is_missing_part(error) or attempt == LAYOUTS:
                raise
    raise AssertionError


async def _make_parts(production_id: str, layout: FilmLayout, on_progress: Callable[[int, int], None]) -> None:
    window = asyncio.Semaphore(WINDOW)
    left = len(layout.segments)
    every = math.ceil(left / REPORTS)

    async def encode(segment: Segment) -> None:
        async with window:
            await workflow.execute_activity_method(
                ProductionActivities.encode_segment,
                EncodeSegment(
                    production_id=production_id, timeline=segment.timeline or layout.timeline, segment=segment
                ),
                task_queue=RENDER_QUEUE,
                start_to_close_timeout=SEGMENT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"{segment.name} · segment {segment.number} of {layout.count}",
            )
        nonlocal left
        left -= 1
        if left % every == 0:
            on_progress(layout.count - left, layout.count)

    async def mix(timeline: str, key: str) -> None:
        await workflow.execute_activity_method(
            ProductionActivities.mix_sound,
            MixSound(production_id=production_id, timeline=timeline, key=key),
            task_queue=RENDER_QUEUE,
            start_to_close_timeout=FINISH_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="mix the sound",
        )

    parts = [*(mix(timeline, key) for timeline, key in layout.sounds.items()), *map(encode, layout.segments)]
    names = [*("the sound" for _ in layout.sounds), *(segment.name for segment in layout.segments)]
    ends = await asyncio.gather(*parts, return_exceptions=True)
    failures = [(name, end) for name, end in zip(names, ends, strict=True) if isinstance(end, BaseException)]
    for _, failure in failures:
        raise_if_cancelled(failure)
        if not isinstance(failure, ActivityError):
            raise failure
    if failures:
        raise PartsFailed(_message(dict.fromkeys(_named(name, failure) for name, failure in failures)))


def _named(part: str, failure: BaseException) -> str:
    """The message of a failure, which names its part: a timeout or an unexpected error does not."""
    message = message_of(failure)
    return message if message.startswith(tuple(part.split())) else f"{part}: {message}"


def _message(messages: Collection[str]) -> str:
    more = len(messages) - NAMED
    named = "; ".join(islice(messages, NAMED))
    return f"{named}; {more} more parts cannot be made" if more > 0 else named


def _is_missing_part(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == SEGMENT_MISSING

"""Heartbeats and errors of the activities that are steps of a workflow, and not takes."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.disk import is_out_of_room
from activities.errors import ProviderError
from activities.storage.errors import ObjectMissing, StorageFailed, StorageUnsupported
from activities.storage.support import ERROR_TYPE
from activities.takes.attempt import MAX_ATTEMPTS, STORAGE_RETRY, send_heartbeats, stopped_by_storage

MOST_LOST: Final = 8
"""Attempts at one segment that end with their worker: a segment that needs more memory than there is ends every worker
that takes it, and other productions with it."""


@asynccontextmanager
async def heartbeats(step: str, *, most_lost: float = math.inf) -> AsyncIterator[Callable[[str], None]]:
    """Send heartbeats while the block runs, and mark which of its errors a retry may fix.

    Yields a function that sets the step in the heartbeats. Failures of the storage, and of a worker whose disk is full,
    are retried; media that does not open is not; unexpected errors are retried up to `MAX_ATTEMPTS`, and then a
    reviewer decides.

    Args:
        most_lost: How many attempts may end with their worker. The heartbeats count those that did not end as
            `unfinished`, the current one too.

    Raises:
        ApplicationError: type worker_lost: so many did.
    """
    before = next(iter(activity.info().heartbeat_details), None) or {}
    lost = int(before.get("unfinished", 0))
    if lost >= most_lost:
        message = f"{lost} workers ended at it, at the step '{before['step']}'; they may lack memory: see their logs"
        raise ApplicationError(message, type="worker_lost", non_retryable=True)

    def set_step(name: str) -> None:
        nonlocal step
        step = name

    def beat(unfinished: int) -> None:
        activity.heartbeat({"step": step, **({} if math.isinf(most_lost) else {"unfinished": unfinished})})

    if not math.isinf(most_lost):
        beat(lost + 1)  # at once: it may end its worker soon
    try:
        try:
            with send_heartbeats(lambda: beat(lost + 1)):
                yield set_step
        except BaseException as error:
            beat(lost)  # this attempt has ended
            if is_out_of_room(error):
                raise stopped_by_storage(error) from error
            raise
    except ApplicationError:
        raise
    except StorageUnsupported as error:
        raise ApplicationError(str(error), type=ERROR_TYPE, non_retryable=True) from None
    except StorageFailed as error:
        missing = isinstance(error, ObjectMissing) and activity.info().attempt >= MAX_ATTEMPTS
        kind = "object_missing" if missing else "storage_unavailable"
        message, delay = f"storage: {error}", None if missing else STORAGE_RETRY
        raise ApplicationError(message, type=kind, non_retryable=missing, next_retry_delay=delay) from None
    except ProviderError as error:
        raise ApplicationError(str(error), type=error.kind, non_retryable=True) from None
    except Exception as error:
        if activity.info().attempt < MAX_ATTEMPTS:
            raise
        message = f"{type(error).__name__}: {error}"[:1_000]
        raise ApplicationError(message, type=type(error).__name__, non_retryable=True) from error

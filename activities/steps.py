"""Heartbeats and errors of the activities that are steps of a workflow, and not takes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import ProviderError
from activities.storage.errors import ObjectMissing, StorageFailed, StorageUnsupported
from activities.storage.support import ERROR_TYPE
from activities.takes.attempt import MAX_ATTEMPTS, STORAGE_RETRY, send_heartbeats


@asynccontextmanager
async def heartbeats(step: str) -> AsyncIterator[Callable[[str], None]]:
    """Send heartbeats while the block runs, and mark which of its errors a retry may fix.

    Yields a function that sets the step in the heartbeats. Failures of the storage are retried; media that does not
    open is not; unexpected errors are retried up to `MAX_ATTEMPTS`, and then a reviewer decides.
    """

    def set_step(name: str) -> None:
        nonlocal step
        step = name

    try:
        with send_heartbeats(lambda: activity.heartbeat({"step": step})):
            yield set_step
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

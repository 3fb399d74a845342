"""A step that ends its workers is given up, and one that fails in them is not."""

import errno
from dataclasses import replace
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import OutputUnusable
from activities.steps import heartbeats


async def attempt(details: list[dict[str, Any]], *, fails: bool = False) -> list[dict[str, Any]]:
    """The heartbeats of an attempt after others, of which these are the last details."""
    sent: list[dict[str, Any]] = []
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_details=details)
    environment.on_heartbeat = sent.append

    async def work() -> None:
        async with heartbeats("encoding", most_lost=3) as set_step:
            set_step("shot-7")
            if fails:
                raise RuntimeError("a full disk")

    if fails:
        with pytest.raises(RuntimeError):
            await environment.run(work)
    else:
        await environment.run(work)
    return sent


async def test_a_step_that_ends_its_workers_is_given_up() -> None:
    """After three workers that ended at it, the step fails for good and its message names them; before, it goes on."""
    found = await attempt([])
    assert found[0] == {"step": "encoding", "unfinished": 1}
    found = await attempt([{"step": "shot-7", "unfinished": 2}])
    assert found[0]["unfinished"] == 3
    with pytest.raises(ApplicationError, match="3 workers ended at it, at the step 'shot-7'") as refused:
        await attempt([{"step": "shot-7", "unfinished": 3}])
    assert refused.value.non_retryable


async def test_an_error_is_no_lost_worker() -> None:
    """An attempt that ends with an error does not count, whatever the number of its attempts."""
    found = await attempt([{"step": "encoding", "unfinished": 2}], fails=True)
    assert found[-1] == {"step": "shot-7", "unfinished": 2}


def write_frame() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_full_disk_is_retried_for_ever() -> None:
    """A step that finds no room on its worker is retried after any number of attempts, whatever its message."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=99)

    async def work() -> None:
        async with heartbeats("finishing"):
            try:
                write_frame()
            except OSError:
                raise OutputUnusable("the film does not decode; make it again") from None

    with pytest.raises(ApplicationError, match="the disk of this worker is full") as failed:
        await environment.run(work)
    assert (failed.value.type, failed.value.non_retryable) == ("worker_disk_full", False)

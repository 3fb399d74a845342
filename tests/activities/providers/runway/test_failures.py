"""Errors of Runway, and tasks that fail, expire or are cancelled: their kind and their bill."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    OutputUnusable,
    ProviderError,
    Refused,
    SubmissionUnknown,
)
from activities.providers.protocol import Finished, Job
from tests.activities.providers.runway.support import provider, request
from tests.emulators.base import Fault
from tests.emulators.runway import RunwayEmulator
from tests.emulators.samples import video
from tests.support.jobs import finish, read


@pytest.mark.parametrize("call", ["poll", "cancel"])
async def test_a_wrong_key_names_its_variable(emulator: RunwayEmulator, tmp_path: Path, call: str) -> None:
    """Any request with a wrong key fails at once, and the message names the variable to set."""
    runway, asked = provider(emulator, key="wrong"), request(tmp_path)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "poll": lambda: runway.poll(asked, Job("task-0")),
        "cancel": lambda: runway.cancel(Job("task-0")),
    }
    with pytest.raises(AuthenticationFailed, match="set RUNWAYML_API_SECRET"):
        await calls[call]()
    assert len(emulator.calls) == 1


async def test_the_vendors_name_of_a_field_is_kept(
    emulator: RunwayEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 400 is final and names the field that the vendor objects to."""
    monkeypatch.setattr("activities.providers.runway.request.utf16_units", lambda _: 1)
    with pytest.raises(InvalidRequest, match=r"Validation of body failed \(promptText: Too long\)"):
        await provider(emulator).submit(request(tmp_path, prompt="x" * 1_001))


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("SAFETY.INPUT.TEXT", "prompt"),
        ("SAFETY.INPUT.IMAGE", "input"),
        ("SAFETY.OUTPUT.VIDEO", "output"),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", "prompt"),
    ],
)
@pytest.mark.parametrize("refunds", [False, True])
async def test_a_refusal_names_its_subject(
    emulator: RunwayEmulator, tmp_path: Path, code: str, refused: Refused, refunds: bool
) -> None:
    """A refused task is final; its code names the subject, and its cost shows whether it was refunded."""
    emulator.failures["refuse"] = ("Content was flagged.", code)
    emulator.refunds = refunds
    emulator.meet("refuse")
    with pytest.raises(ContentRefused) as failure:
        await finish(provider(emulator), request(tmp_path))
    assert (failure.value.refused, failure.value.category) == (refused, code)
    assert failure.value.billed_usd == emulator.billed_usd == (0 if refunds else Decimal("0.60"))


@pytest.mark.parametrize(
    ("code", "error"), [("INTERNAL.BAD_OUTPUT.CODE01", OutputUnusable), ("INTERNAL", JobFailed), (None, JobFailed)]
)
@pytest.mark.parametrize("refunds", [False, True])
async def test_a_failed_task_reports_its_cost(
    emulator: RunwayEmulator, tmp_path: Path, code: str, error: type[ProviderError], refunds: bool
) -> None:
    """A failed task carries the vendor's message and the charge; a refunded one may be requested again."""
    emulator.failures["fail_job"] = ("It went wrong.", code)
    emulator.refunds = refunds
    emulator.meet("fail_job")
    with pytest.raises(error, match="It went wrong") as failure:
        await finish(provider(emulator), request(tmp_path))
    assert failure.value.ends_job
    assert failure.value.billed_usd == emulator.billed_usd == (0 if refunds else Decimal("0.60"))


@pytest.mark.parametrize("counts", [True, False])
async def test_a_cancelled_task_is_not_made_again(emulator: RunwayEmulator, tmp_path: Path, counts: bool) -> None:
    """A cancelled task waits for a person, with its cost, or its possible cost when the task does not report one."""
    emulator.counts = counts
    runway, asked = provider(emulator), request(tmp_path)
    job = await runway.submit(asked)
    emulator.tasks[job.id].stopped = True
    with pytest.raises(JobCancelled, match="was cancelled") as failure:
        await runway.poll(asked, job)
    assert (failure.value.retryable, failure.value.ends_job) == (False, True)
    assert failure.value.billed_usd == (emulator.billed_usd if counts else Decimal("0.90"))


@pytest.mark.parametrize(("fault", "error"), [("fail_job", JobFailed), ("refuse", ContentRefused)])
async def test_a_failed_task_without_a_cost_counts_as_paid(
    emulator: RunwayEmulator, tmp_path: Path, fault: Fault, error: type[ProviderError]
) -> None:
    """A failed task without a cost was not reported as refunded: it carries the price of the plan."""
    emulator.counts = False
    emulator.meet(fault)
    with pytest.raises(error) as failure:
        await finish(provider(emulator), request(tmp_path))
    assert failure.value.billed_usd == Decimal("0.90")


async def test_an_expired_address_is_renewed(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """An expired address ends no task: the next poll returns a new one, and nothing is paid again."""
    emulator.meet("expire")
    runway, asked = provider(emulator), request(tmp_path)
    job, done = await finish(runway, asked)
    with pytest.raises(SubmissionUnknown, match="expired") as failure:
        await read(done)
    assert not failure.value.ends_job
    again = await runway.poll(asked, job)
    assert isinstance(again, Finished)
    assert await read(again) == video(emulator.tasks[job.id].seconds)
    assert len(emulator.submissions) == 1


async def test_a_cancel_never_deletes_a_finished_task(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A task that waits or runs is deleted; an ended one is kept, and an unknown one is no error."""
    emulator.polls = 2
    runway, asked = provider(emulator), request(tmp_path)
    job = await runway.submit(asked)
    await runway.cancel(job)
    assert emulator.tasks == {}
    with pytest.raises(InvalidRequest, match="not found") as failure:
        await runway.poll(asked, job)
    assert not failure.value.ends_job
    job, _ = await finish(runway, asked)
    await runway.cancel(job)
    assert list(emulator.tasks) == [job.id]
    await runway.cancel(Job("task-99"))

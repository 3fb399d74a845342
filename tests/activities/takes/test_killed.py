"""A worker killed with SIGKILL at every step of a submission, for every vendor: the bills and the end of each take, and
of each kind of analysis.

All selected rows are in progress in one worker, each held at its step; one kill ends them all, and a second worker
continues. The gate has every step of one vendor with jobs and of one without, for all others a bill that
is not known to the worker, and two rows of analyses; `make trials` has the other rows. The vendors are emulators that
the unmodified SDKs connect to.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.catalogue.loader import load_offers
from activities.storage.bucket import Storage
from activities.takes.ledger import Entry, Ledger
from activities.takes.paid import RECOVERED, RESUBMITTED
from deploy.local import Stack
from tests.activities.analysis.killed_kinds import ANALYSES, SAID
from tests.activities.analysis.support import Reader
from tests.activities.takes.killed import AT_THE_VENDOR, Case, Config, OneAnalysis, OneTake, Step
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Emulator, Kind, Stage
from tests.emulators.google import GoogleEmulator
from tests.support.vendors import KINDS, env_of
from tests.support.waiting import WITHIN, eventually
from workflows import keys
from workflows.activity_io import Analysed, AnalyseReference, ProduceAsset
from workflows.brief import Brief, Platform
from workflows.models import Asset, Media, Quote
from workflows.references.kinds import Use

PATIENCE: Final = 2 * WITHIN
"""Seconds for all takes of the table together."""
EXPENSIVE, INEXPENSIVE = Decimal("0.40"), Decimal("0.01")
"""Above and below `resubmit_below_usd`."""


JOB_STEPS: Final[tuple[Step, ...]] = (
    "before_claim",
    "after_claim",
    "received",
    "billed",
    "answered",
    "submitted",
    "polling",
    "downloading",
    "stored",
)
SYNC_STEPS: Final[tuple[Step, ...]] = ("before_claim", "after_claim", "received", "billed", "answered", "stored")
AMBIGUOUS: Final = ("after_claim", "received", "billed", "answered")
"""The steps at which the claim is written and the response is not."""
INLINE: Final = ("openai-image-job",)
"""A poll of it returns the media: there is no download."""

Taken = tuple[str, Step, Decimal]
TABLE: Final[list[Taken]] = [
    (kind, step, price)
    for kind, kindred in KINDS.items()
    for step in (JOB_STEPS if kindred.job else SYNC_STEPS)
    for price in (EXPENSIVE, INEXPENSIVE)
    if not (step == "downloading" and kind in INLINE)
    if price == EXPENSIVE or step in AMBIGUOUS  # the price matters only for an ambiguous submission
]


EVERY_STEP: Final = ("openai-text", "runway-video")


def in_the_gate(kind: str, step: Step, price: Decimal) -> bool:
    """Whether a row shows what no other row of the gate shows."""
    ambiguous = (step, price) in {("billed", EXPENSIVE), ("answered", INEXPENSIVE)}
    return ambiguous or kind in EVERY_STEP


ROWS: Final = [row if in_the_gate(*row) else pytest.param(*row, marks=pytest.mark.trial) for row in TABLE]


def expected(kind: str, step: Step, price: Decimal) -> tuple[str, int, str]:
    """The expected end of a take, the number of its bills, and the outcome in the ledger."""
    kindred = KINDS[kind]
    at_vendor = 0 if step == "after_claim" else 1
    if step not in AMBIGUOUS:
        return "stored", 1, ""
    if kindred.recovers and at_vendor:
        return "stored", 1, RECOVERED
    offer = next(o for o in load_offers(kindred.vendor) if o.model == kindred.model)
    if price == EXPENSIVE or offer.unknown:  # a model without a published price counts as expensive
        return "ambiguous_submission", at_vendor, ""
    return "stored", at_vendor + 1, RESUBMITTED


@dataclass(frozen=True)
class Outcome:
    end: str
    entry: Entry
    submissions: int
    problems: list[str]


HOLDS: Final[Mapping[str, tuple[Kind, Stage]]] = {
    "received": ("submit", "received"),
    "billed": ("submit", "billed"),
    "polling": ("poll", "received"),
    "downloading": ("download", "received"),
}


def name_of(kind: str, step: str, price: Decimal) -> str:
    return f"{kind}-{step}-{'expensive' if price == EXPENSIVE else 'inexpensive'}".replace("_", "-")


def take_request(kind: str, name: str, price: Decimal) -> ProduceAsset:
    kindred = KINDS[kind]
    asset = Asset(
        asset_id="a",
        asset_type=kindred.modality,
        role="body",
        prompt="A lighthouse at dusk.",
        provider=name,
        model=kindred.model,
        quote=Quote(low_usd=price, high_usd=price, expected_seconds=0.1, job=kindred.job),
    )
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    return ProduceAsset(production_id=name, brief=brief, asset=asset, take=1)


def start(config: Config, folder: Path, servers: Stack) -> "subprocess.Popen[bytes]":
    file = folder / f"{uuid4().hex}.json"
    file.write_text(config.model_dump_json())
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.activities.takes.killed", str(file)],
            env=os.environ | dict(servers.env),
            stdout=log,
            stderr=log,
        )


async def wait_for_all(waiting: list[threading.Event], files: list[Path], worker: "subprocess.Popen[bytes]") -> None:
    """Return when all of them have reached their step.

    Raises:
        AssertionError: the worker ended unexpectedly.
    """

    async def poll() -> bool | None:
        assert worker.poll() is None, "the worker ended unexpectedly"
        return (all(e.is_set() for e in waiting) and all(f.exists() for f in files)) or None

    await eventually(poll, "every take at its step", within=PATIENCE)


async def report_dead(client: Client, runs: Iterable[WorkflowHandle[OneTake, str]]) -> None:
    """Report to the server the attempts that ended with their worker, instead of waiting for missed heartbeats."""
    for run in runs:
        for pending in (await run.describe()).raw_description.pending_activities:
            if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                attempt = client.get_async_activity_handle(
                    workflow_id=run.id, run_id=run.first_execution_run_id, activity_id=pending.activity_id
                )
                await attempt.fail(ApplicationError("the worker was killed"))


@dataclass(frozen=True)
class Row:
    """One case, its vendor, and the workflow that runs it."""

    case: Case
    emulator: Emulator
    workflow: Any
    request: ProduceAsset | AnalyseReference


async def play(rows: Sequence[Row], client: Client, servers: Stack, folder: Path) -> dict[str, Any]:
    """The results of all rows by name: run in one worker that is killed at their steps, and in one that continues."""
    queue = f"killed-{uuid4().hex}"
    files, holds = [folder / "working"], ExitStack()
    waiting = [
        holds.enter_context(row.emulator.held(*HOLDS[row.case.step])) for row in rows if row.case.step in AT_THE_VENDOR
    ]
    files += [folder / row.case.name for row in rows if row.case.step not in AT_THE_VENDOR]
    cases = [row.case for row in rows]
    config = Config(
        temporal=servers.info.temporal_address,
        queue=queue,
        bucket="tests",
        reached=folder,
        claim_settles_seconds=60,  # heartbeats are a third of that apart, and no other attempt reads them
        cases=cases,
    )
    async with Worker(client, task_queue=f"{queue}-w", workflows=[OneTake, OneAnalysis]):
        runs = {
            row.case.name: await client.start_workflow(
                row.workflow,
                args=[queue, row.request],
                id=f"{queue}-{row.case.name}",
                task_queue=f"{queue}-w",
            )
            for row in rows
        }
        first = start(config, folder, servers)
        try:
            await wait_for_all(waiting, files, first)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
            holds.close()  # the vendor continues with the requests that it has
        accepted = [row.emulator for row in rows if row.case.step in ("received", "billed")]

        async def billed() -> bool | None:
            return all(emulator.submissions for emulator in accepted) or None

        await eventually(billed, "every accepted submission is billed")
        await report_dead(client, runs.values())
        unheld = [case.model_copy(update={"step": None}) for case in cases]
        continued = config.model_copy(update={"claim_settles_seconds": 2, "cases": unheld})
        second = start(continued, folder, servers)
        try:
            async with asyncio.timeout(PATIENCE):
                return dict(zip(runs, await asyncio.gather(*(r.result() for r in runs.values())), strict=True))
        finally:
            second.send_signal(signal.SIGKILL)
            second.wait()


def selected(items: Iterable[pytest.Item], test: Callable[..., object], *names: str) -> list[tuple[Any, ...]]:
    """The parameters of a test that this session runs."""
    mine = (i for i in items if isinstance(i, pytest.Function) and i.function is test)
    return [tuple(i.callspec.params[name] for name in names) for i in mine]


def take_row(stack: ExitStack, kind: str, step: Step, price: Decimal) -> Row:
    name, kindred = name_of(kind, step, price), KINDS[kind]
    emulator = stack.enter_context(kindred.emulator())
    case = Case(name=name, vendor=kindred.vendor, env=env_of(kindred.vendor, emulator), step=step)
    return Row(case, emulator, OneTake.run, take_request(kind, name, price))


ANALYSIS_STEPS: Final[tuple[Step, ...]] = (*SYNC_STEPS, "analysed")
IN_GATE: Final = (("picture", "billed"),)
"""The smallest set that fails where an answer is asked for twice; `make trials` plays all."""


def analysis_row(stack: ExitStack, kind: str, step: Step, brief: Brief, media: Media) -> Row:
    read = ANALYSES[kind]
    emulator = stack.enter_context(read.emulator())
    assert isinstance(emulator, AnthropicEmulator | GoogleEmulator)
    emulator.answer_text = lambda _: read.answer
    if isinstance(emulator, GoogleEmulator) and kind == "translation":
        emulator.said = SAID
    name = f"{kind}-{step}-{uuid4().hex[:8]}".replace("_", "-")
    case = Case(
        name=name,
        vendor=read.vendor,
        env=env_of(read.vendor, emulator),
        step=step,
        analysis=True,
        stage=read.stage,
        settings={"planning_usd": "5", "resubmit_below_usd": "5" if read.repeated else "0", **read.settings},
    )
    request = AnalyseReference(production_id=name, brief=brief, reference=1, media=media)
    return Row(case, emulator, OneAnalysis.run, request)


async def take_outcome(storage: Storage, row: Row, end: str) -> Outcome:
    entry = await Ledger(storage, keys.take_prefix(row.case.name, "a", 1)).read()
    assert entry is not None
    return Outcome(end, entry, len(row.emulator.submissions), row.emulator.problems)


@dataclass(frozen=True)
class Played:
    """The selected rows of both tables after their kill."""

    takes: Mapping[Taken, Outcome]
    analyses: Mapping[tuple[str, Step], tuple[Row, Analysed]]


@pytest.fixture(scope="module")
async def played(
    request: pytest.FixtureRequest,
    client: Client,
    storage: Storage,
    servers: Stack,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Played]:
    """Every selected row, in one pair of workers: each worker imports all SDKs, in 3 s of CPU."""
    items, folder = request.session.items, tmp_path_factory.mktemp("killed")
    with ExitStack() as stack:
        takes = {
            taken: take_row(stack, *taken)
            for taken in selected(items, test_a_kill_causes_no_unrecorded_bill, "kind", "step", "price")
        }
        analyses = {}
        chosen = selected(items, test_a_killed_analysis_is_billed_once, "kind", "step")
        for kind in dict.fromkeys(each for each, _ in chosen):
            reader = Reader(storage)
            media = await reader.bring(ANALYSES[kind].data(folder), ANALYSES[kind].use)
            for step in (step for each, step in chosen if each == kind):
                analyses[kind, step] = analysis_row(stack, kind, step, reader.brief, media)
        ends = await play([*takes.values(), *analyses.values()], client, servers, folder)
        yield Played(
            {taken: await take_outcome(storage, row, ends[row.case.name]) for taken, row in takes.items()},
            {each: (row, Analysed.model_validate(ends[row.case.name])) for each, row in analyses.items()},
        )


@pytest.mark.parametrize(("kind", "step", "price"), ROWS, ids=lambda v: str(v))
async def test_a_kill_causes_no_unrecorded_bill(played: Played, kind: str, step: Step, price: Decimal) -> None:
    """There is never a second bill without a `resubmitted` that policy allows, and an ambiguous take is never recorded
    as made."""
    found = played.takes[kind, step, price]
    end, billed, outcome = expected(kind, step, price)
    submissions = found.entry.submissions
    assert (found.end, found.submissions) == (end, billed)
    assert [s.outcome for s in submissions][-1] == outcome
    resubmitted = sum(s.outcome == RESUBMITTED for s in submissions)
    assert found.submissions <= 1 + resubmitted
    assert len(submissions) == 1 + resubmitted
    assert (found.entry.state == "stored") == (end == "stored")
    assert found.problems == []


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        pytest.param(kind, step, marks=() if (kind, step) in IN_GATE else pytest.mark.trial)
        for kind in ANALYSES
        for step in ANALYSIS_STEPS
    ],
)
async def test_a_killed_analysis_is_billed_once(played: Played, kind: str, step: Step) -> None:
    """Whichever step the worker is killed at, the vendor bills a question once. Only where the price is below
    `resubmit_below_usd` is a lost one sent once more, and then the bill of the analysis has both."""
    (row, found), read = played.analyses[kind, step], ANALYSES[kind]
    sent = (step != "after_claim") + (step in AMBIGUOUS and read.repeated)
    assert len(row.emulator.submissions) == read.earlier + sent
    assert found.billed_usd >= row.emulator.billed_usd
    assert found.billed_usd > 0
    lost = step in AMBIGUOUS and not read.repeated
    assert bool(found.doubt_usd) == (step in AMBIGUOUS)
    if read.use is Use.MATERIAL:  # the fields of a document are also read by their labels
        assert bool(found.summary.unread) == lost
    assert row.emulator.problems == []

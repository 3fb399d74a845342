"""A worker that is killed: it makes takes and analyses with the vendors' own SDKs and stops each at a step.

`python -m tests.activities.takes.killed CONFIG` runs the cases of a JSON file until it is killed. A take that reaches
its step leaves a file of its name in `reached`; a take that an emulated vendor delays leaves none.
"""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from activities.catalogue.offers import Offer
    from activities.extraction.models import KIND_STEPS
    from activities.planning.questions.paid import STEPS_AN_INQUIRY
    from activities.production import Activities
    from activities.providers.protocol import Claim, Finished, Job, Provider, ProviderBase, Request, Running
    from activities.providers.registry import PROVIDERS
    from activities.settings import ActivitySettings
    from activities.storage.bucket import Storage
    from activities.takes import ledger, paid
    from activities.takes.ledger import Entry
    from activities.takes.producer import Producer
    from workflows.activity_io import Analysed, AnalyseReference, AssetFailure, ProduceAsset
    from workflows.events import TakeOrder
    from workflows.models import Modality, Take
    from workflows.runtime.data_converter import data_converter

Step = Literal[
    "before_claim",  # nothing is written, nothing is sent
    "after_claim",  # the claim is written, nothing is sent
    "received",  # the vendor has the request, and continues with it
    "billed",  # the vendor has done the work and billed it, and has not responded
    "answered",  # the response is only in the memory of the worker
    "submitted",  # the job's id is in the ledger
    "polling",  # the vendor handles a poll of the job
    "downloading",  # the media is on its way
    "stored",  # the take, or the answer to a question, is in the ledger, and Temporal has no result
    "analysed",  # the analysis is in the bucket, and Temporal has no result
]
Result = TypeVar("Result")
AT_THE_VENDOR: Final = ("received", "billed", "polling", "downloading")
HEARTBEAT: Final = timedelta(minutes=2)
"""Only for a take that the server gives to the dead worker. Creating a hundred HTTP clients blocks the event loop for
some seconds, on a busy machine for longer than a heartbeat timeout that a test could wait for."""


class Case(BaseModel):
    """One take or analysis to make, and the step to stop it at. It names its production and its file, and the provider
    of a take.

    `stage` is that of the question at which an analysis stops: reading, classifying, extracting, translating.
    """

    name: str
    vendor: str
    env: dict[str, str]
    step: Step | None = None
    analysis: bool = False
    stage: int = 0
    settings: dict[str, str] = {}


class Config(BaseModel):
    temporal: str
    queue: str
    bucket: str
    reached: Path
    claim_settles_seconds: float
    cases: list[Case]


async def execute(name: str, queue: str, request: BaseModel, result_type: type[Result]) -> Result:
    """The result of an activity of this worker, which is attempted again after a second."""
    result: Result = await workflow.execute_activity(
        name,
        request,
        result_type=result_type,
        task_queue=queue,
        start_to_close_timeout=timedelta(minutes=30),
        heartbeat_timeout=HEARTBEAT,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1),
    )
    return result


@workflow.defn
class OneTake:
    """Makes one take as a production would; the result is "stored", or the reason for a person's decision."""

    @workflow.run
    async def run(self, queue: str, request: ProduceAsset) -> str:
        while True:
            try:
                await execute("produce_asset", queue, request, Take)
            except ActivityError as error:
                if not isinstance(error.cause, ApplicationError) or not error.cause.details:
                    return str(error.cause)
                failure = AssetFailure.model_validate(error.cause.details[0])
                if not failure.resubmit:
                    return failure.reason
                # As the production does when its budget holds one more.
                request = request.model_copy(update={"order": TakeOrder(number=7, about_job_id=failure.job_id)})
            else:
                return "stored"


@workflow.defn
class OneAnalysis:
    """Analyses one reference as a production would; the result is that of the activity."""

    @workflow.run
    async def run(self, queue: str, request: AnalyseReference) -> Analysed:
        return await execute("analyse_reference", queue, request, Analysed)


def stage_of(take: int) -> int:
    """The stage of an analysis to which a question belongs, by the number of its take; 0 for the take of an asset."""
    return take % STEPS_AN_INQUIRY // KIND_STEPS


class Stops:
    """The step at which each take stops, by the name of its production."""

    def __init__(self, config: Config) -> None:
        self._steps = {case.name: (case.step, case.stage) for case in config.cases}
        self._reached = config.reached

    async def at(self, step: Step, name: str, stage: int = 0) -> None:
        """Stop forever when this is the step of that take."""
        if self._steps.get(name) == (step, stage):
            (self._reached / name).touch()
            await asyncio.Event().wait()


class StoppingLedger(ledger.Ledger):
    """The ledger, with a stop before and after each write."""

    stops: Stops

    def __init__(self, storage: Storage, prefix: str) -> None:
        super().__init__(storage, prefix)
        self._name, self._stage = prefix.split("/")[1], stage_of(int(prefix.rpartition("/")[2]))

    async def write(self, entry: Entry) -> None:
        if entry.state == "claimed":
            await self.stops.at("before_claim", self._name, self._stage)
        await super().write(entry)
        after: dict[str, Step] = {"claimed": "after_claim", "submitted": "submitted", "stored": "stored"}
        if step := after.get(entry.state):
            await self.stops.at(step, self._name, self._stage)


class Held(ProviderBase):
    """A vendor's provider, for a take under the name of its case; its response can be held, and its jobs are polled
    soon."""

    def __init__(self, case: Case, provider: Provider, stops: Stops) -> None:
        self.name = case.vendor if case.analysis else case.name
        self._case, self._provider, self._stops = case, provider, stops

    def offers(self) -> Sequence[Offer]:
        return [replace(offer, expected_seconds=0.1) for offer in self._provider.offers()]

    def unlisted_offer(self, model: str, modality: Modality) -> Offer | None:
        return self._provider.unlisted_offer(model, modality)

    async def submit(self, request: Request) -> Finished | Job:
        answer = await self._provider.submit(request)
        await self._stops.at("answered", self._case.name, stage_of(request.take))
        return answer

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        return await self._provider.poll(request, job)

    async def cancel(self, job: Job) -> None:
        await self._provider.cancel(job)

    async def recover(self, claim: Claim) -> Job | None:
        return await self._provider.recover(claim)

    async def check_adoptable(self, request: Request, job: Job) -> None:
        await self._provider.check_adoptable(request, job)

    async def close(self) -> None:
        await self._provider.close()


async def main(config: Config) -> None:
    ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]  # 40 ms for each client
    for name in ("openai", "anthropic", "google.genai", "runwayml"):
        import_module(name)  # in an activity it would block the heartbeats of all others
    StoppingLedger.stops = stops = Stops(config)
    vars(paid)["Ledger"] = StoppingLedger  # all writes use this class
    providers: dict[str, Provider] = {
        case.name: Held(case, PROVIDERS[case.vendor].build(case.env), stops) for case in config.cases
    }
    storage = Storage(config.bucket)
    settings = ActivitySettings(claim_settles_seconds=config.claim_settles_seconds)
    activities = Activities(storage, providers, settings)
    assert isinstance(activities._producer, Producer)
    analysts = {
        case.name: Activities(
            storage,
            {case.vendor: providers[case.name]},
            ActivitySettings.model_validate(settings.model_dump() | case.settings),
        )
        for case in config.cases
        if case.analysis
    }

    stages = {case.name: case.stage for case in config.cases}

    @activity.defn(name="analyse_reference")
    async def analyse(request: AnalyseReference) -> Analysed:
        found = await analysts[request.production_id].analyse_reference(request)
        await stops.at("analysed", request.production_id, stages[request.production_id])
        return found

    client = await Client.connect(config.temporal, data_converter=data_converter)
    arguments: dict[str, Any] = {"max_concurrent_activities": 200, "graceful_shutdown_timeout": timedelta(0)}
    async with Worker(client, task_queue=config.queue, activities=[activities.produce_asset, analyse], **arguments):
        (config.reached / "working").touch()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Config.model_validate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
    os._exit(0)

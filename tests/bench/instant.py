"""A worker that generates text instantly or as a vendor's jobs, and the floor: bare activities with the same puts."""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from temporalio import activity, workflow
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import boto3
    import httpx
    from pydantic import BaseModel, JsonValue

    from activities.catalogue.offers import Offer, Rate
    from activities.production import Activities
    from activities.providers.protocol import Finished, Job, Provider, ProviderBase, Request, Running
    from activities.settings import ActivitySettings
    from activities.storage.bucket import Storage
    from worker.connect import connect, make_runtime
    from worker.settings import WorkerSettings
    from worker.workers import make_worker, make_workers, tune_interpreter
    from workflows.activity_io import DraftPlan
    from workflows.models import Asset, Modality, Plan, digest_of

FLOOR_QUEUE: Final = "floor"
TEXT: Final = b"The light turns, and the sea answers. " * 27
"""About 1 KB: the size of a headline with its document."""
USUAL_SECONDS: Final = 40.0
"""The usual time of a vendor's job, as in the catalogue: shots of five to ten seconds."""
VENDOR: Final = "BENCH_VENDOR"
"""The variable with the vendor's address in the worker's environment."""


class Wanted(BaseModel):
    """The plan that a brief of the bench requests: `count` texts, each after at most `delay` seconds, or instantly.

    With `job_seconds` each is the input of a vendor's job, or is a job (`only_jobs`). Seconds are spread from 0.4 to 1
    of the requested ones.
    """

    count: int
    delay: float = 0
    job_seconds: float = 0
    poll_seconds: float = 0
    only_jobs: bool = False


class Instant(ProviderBase):
    """Generates a kilobyte of distinct text instantly, or after the parameter `delay` (seconds)."""

    name = "instant"

    def offers(self) -> Sequence[Offer]:
        free = (Rate("asset", Decimal(0), Decimal(0)),)
        parameters = {"delay": "seconds to wait"}
        return [Offer("instant", "text", Modality.TEXT, "text/markdown", free, 0.01, parameters=parameters)]

    async def submit(self, request: Request) -> Finished:
        await asyncio.sleep(request.number("delay", 0))
        return Finished(f"{request.key}. ".encode() + TEXT[: -len(request.key) - 2], "text/markdown")


class JobProvider(ProviderBase):
    """Jobs at the vendor of `tests.bench.job_vendor`, at a low price, so that each has a ledger.

    Parameters: `seconds` is the time of a job, `poll` the poll delay (0: as the product chooses for a model that
    usually takes USUAL_SECONDS).
    """

    name = "jobs"

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)

    def offers(self) -> Sequence[Offer]:
        cent = (Rate("asset", Decimal("0.01"), Decimal("0.01")),)
        parameters = {"seconds": "seconds the job takes", "poll": "seconds between polls"}
        return [
            Offer(
                "jobs",
                "job",
                Modality.TEXT,
                "text/markdown",
                cent,
                USUAL_SECONDS,
                job=True,
                parameters=parameters,
                accepts=frozenset({Modality.TEXT}),
            )
        ]

    async def submit(self, request: Request) -> Job:
        answer = await self._http.post("/jobs", json={"seconds": request.number("seconds", USUAL_SECONDS)})
        return Job(answer.raise_for_status().json()["id"])

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        answer = (await self._http.get(f"/jobs/{job.id}", params={"pid": os.getpid()})).raise_for_status().json()
        if answer["done"]:
            return Finished(TEXT, "text/markdown", cost_usd=Decimal("0.01"))
        poll = request.number("poll", 0)
        return Running(answer["progress"], poll_after=timedelta(seconds=poll) if poll else None)

    async def close(self) -> None:
        await self._http.aclose()


def spread(production_id: str, number: int) -> float:
    """A fraction from 0.4 to 1 for each asset, so that productions overlap and do not end in step."""
    return 0.4 + 0.6 * int(digest_of([production_id, number])[:8], 16) / 2**32


class InstantActivities(Activities):
    """The product's activities with a planner that reads the plan from the brief (`Wanted`)."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        wanted = Wanted.model_validate_json(request.brief.text)
        assets: list[Asset] = []

        def add(provider: str, parameters: dict[str, JsonValue], depends_on: tuple[str, ...] = ()) -> str:
            name = f"text-{len(assets)}"
            assets.append(
                Asset(
                    asset_id=name,
                    asset_type=Modality.TEXT,
                    role="body",
                    prompt=f"Say in one sentence what the sea answers to the light, for page {len(assets)}.",
                    provider=provider,
                    model="job" if provider == "jobs" else "text",
                    parameters=parameters,
                    depends_on=depends_on,
                )
            )
            return name

        for number in range(wanted.count):
            share = spread(request.production_id, number)
            first = (
                add("instant", {"delay": wanted.delay * share} if wanted.delay else {}) if not wanted.only_jobs else ""
            )
            if wanted.job_seconds:
                poll: dict[str, JsonValue] = {"poll": wanted.poll_seconds} if wanted.poll_seconds else {}
                add("jobs", {"seconds": wanted.job_seconds * share, **poll}, (first,) if first else ())
        return Plan.of("Bench", assets)


class PutActivity:
    def __init__(self) -> None:
        self._client = boto3.client("s3")

    @activity.defn(name="put")
    async def put(self, key: str) -> str:
        await asyncio.to_thread(
            self._client.put_object, Bucket="greenlight", Key=key, Body=TEXT, ContentType="text/markdown"
        )
        return key


@workflow.defn(name="Floor")
class FloorWorkflow:
    """The minimum for a production of `count` assets: that many activities in a window of 50."""

    @workflow.run
    async def run(self, count: int) -> int:
        window = asyncio.Semaphore(50)

        async def one(number: int) -> None:
            async with window:
                await workflow.execute_activity(
                    "put",
                    f"floor/{workflow.info().run_id}/{number}",
                    start_to_close_timeout=timedelta(minutes=1),
                )

        await asyncio.gather(*(one(n) for n in range(count)))
        return count


async def main() -> None:
    settings, activity_settings = WorkerSettings(), ActivitySettings()
    client = await connect(make_runtime(settings))
    storage = Storage(activity_settings.bucket)
    await storage.ensure_bucket()
    providers: dict[str, Provider] = {"instant": Instant()}
    if url := os.environ.get(VENDOR):
        providers["jobs"] = JobProvider(url)
    workers: list[Worker] = make_workers(
        client, InstantActivities(storage, providers, activity_settings), providers, settings
    )
    put: Any = PutActivity().put
    workers.append(make_worker(client, FLOOR_QUEUE, [put], settings, workflows=[FloorWorkflow]))
    tune_interpreter()
    await asyncio.gather(*(w.run() for w in workers))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main())
    os._exit(0)

"""A worker whose provider makes text in no time, and the floor beside it: bare activities that put the same bytes."""

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

    from activities.production import Activities
    from activities.providers.base import Finished, Offer, ProviderBase, Rate, Request
    from activities.settings import ActivitySettings
    from activities.storage import Storage
    from worker.__main__ import make_worker, make_workers
    from worker.connect import connect, runtime
    from worker.settings import WorkerSettings
    from workflows.contracts import DraftPlan
    from workflows.models import Asset, Modality, Plan, digest_of

FLOOR_QUEUE: Final = "floor"
TEXT: Final = b"The light turns, and the sea answers. " * 27
"""About 1 KB: what a headline with its document weighs."""


class Instant(ProviderBase):
    """Makes the same kilobyte of text at once, or after the parameter `delay` (seconds)."""

    name = "instant"

    def offers(self) -> Sequence[Offer]:
        free = (Rate("asset", Decimal(0), Decimal(0)),)
        parameters = {"delay": "seconds to wait"}
        return [Offer("instant", "text", Modality.TEXT, "text/markdown", free, 0.01, parameters=parameters)]

    async def submit(self, request: Request) -> Finished:
        await asyncio.sleep(request.number("delay", 0))
        return Finished(TEXT, "text/markdown")


def spread(production_id: str, number: int) -> float:
    """A fraction from 0.4 to 1 for each asset: all productions are under way before the first, and none in step."""
    return 0.4 + 0.6 * int(digest_of([production_id, number])[:8], 16) / 2**32


class InstantActivities(Activities):
    """The product's activities with a planner that reads "<count> <delay>" from the brief."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        count, delay = request.brief.text.split()
        return Plan.of(
            "Bench",
            [
                Asset(
                    asset_id=f"text-{i}",
                    asset_type=Modality.TEXT,
                    role="body",
                    prompt=f"Say in one sentence what the sea answers to the light, for page {i}.",
                    provider="instant",
                    model="text",
                    parameters={"delay": float(delay) * spread(request.production_id, i)} if float(delay) else {},
                )
                for i in range(int(count))
            ],
        )


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
    """The least that any production of `count` assets could do: that many activities in a window of 50."""

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
    client = await connect(runtime(settings))
    storage = Storage(activity_settings.bucket)
    await storage.ensure_bucket()
    providers = {"instant": Instant()}
    workers: list[Worker] = make_workers(
        client, InstantActivities(storage, providers, activity_settings), providers, settings
    )
    put: Any = PutActivity().put
    workers.append(make_worker(client, FLOOR_QUEUE, [put], settings, workflows=[FloorWorkflow]))
    await asyncio.gather(*(w.run() for w in workers))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main())
    os._exit(0)

"""Start several productions at once, and approve the plans that cost at most a dollar."""

import asyncio
from decimal import Decimal

from api.client.aio.client import AsyncGreenlightClient
from workflows.brief import Brief, Platform
from workflows.requests import Approval

TEXTS = ("Say why night trains are back.", "Say why lighthouses are red and white.")


async def main() -> None:
    async with AsyncGreenlightClient() as studio:  # GREENLIGHT_URL and GREENLIGHT_API_KEY
        await asyncio.gather(*(produce(studio, text) for text in TEXTS))


async def produce(studio: AsyncGreenlightClient, text: str) -> None:
    started = await studio.start(Brief(text=text, platform=Platform.COPY))
    async for event in studio.events(started.production_id):
        if event.name == "plan_ready":
            plan = (await studio.get(started.production_id)).plan
            if plan is None or plan.high_usd > Decimal(1):
                return  # it waits for a person
            await studio.approve(started.production_id, Approval(plan_digest=plan.digest, approver="ana"))
    print(text, (await studio.get(started.production_id)).status)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())

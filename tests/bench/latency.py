"""From the end of an activity to its event at an SSE client, with 50 productions active."""

import asyncio
import json
import statistics
import time

import httpx

from tests.bench.instant import Wanted

PRODUCTIONS = 50
ASSETS = 6
DELAY_SECONDS = 40.0
"""Assets take from 0.4 to 1 of this: 12 completions a second over all productions, a tenth of the maximum of the two
servers and one worker on two cores (see `fanout`). Above half of it, waiting for the processor dominates."""
WANTED = Wanted(count=ASSETS, delay=DELAY_SECONDS)


async def watch(http: httpx.AsyncClient, production_id: str, arrivals: dict[str, float]) -> None:
    async with http.stream("GET", f"/api/v1/productions/{production_id}/events", timeout=120) as stream:
        name = ""
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:") and name == "asset_complete":
                arrivals[f"{production_id}/{json.loads(line.removeprefix('data:'))['asset_id']}"] = time.time()


async def one(http: httpx.AsyncClient) -> list[float]:
    """Seconds from each take's end to its event."""
    started = await http.post(
        "/api/v1/productions", json={"text": WANTED.model_dump_json(), "platform": "copy"}, timeout=60
    )
    started.raise_for_status()
    production_id = started.json()["production_id"]
    arrivals: dict[str, float] = {}
    watching = asyncio.create_task(watch(http, production_id, arrivals))
    while True:
        view = (await http.get(f"/api/v1/productions/{production_id}", timeout=60)).json()
        if view["status"] == "awaiting_approval":
            break
        await asyncio.sleep(0.2)
    approval = {"plan_digest": view["plan"]["digest"], "approver": "bench"}
    (await http.post(f"/api/v1/productions/{production_id}/approve", json=approval, timeout=60)).raise_for_status()
    await watching
    ends = await ended(http, production_id)
    assert len(arrivals) == ASSETS, arrivals
    return [arrivals[f"{production_id}/{asset_id}"] - end for asset_id, end in ends.items()]


async def ended(http: httpx.AsyncClient, production_id: str) -> dict[str, float]:
    """The time at which each take completed, from the manifest."""
    from datetime import datetime

    answer = await http.get(f"/api/v1/productions/{production_id}/manifest", follow_redirects=True, timeout=60)
    answer.raise_for_status()
    return {
        asset_id: datetime.fromisoformat(state["takes"][-1]["finished_at"]).timestamp()
        for asset_id, state in answer.json()["assets"].items()
    }


async def measure(http: httpx.AsyncClient) -> dict[str, float]:
    found = await asyncio.gather(*(one(http) for _ in range(PRODUCTIONS)))
    seconds = sorted(s for each in found for s in each)
    return {
        "events": len(seconds),
        "p50_ms": statistics.median(seconds) * 1000,
        "p99_ms": seconds[int(len(seconds) * 0.99)] * 1000,
    }

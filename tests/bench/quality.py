"""How often checks and judges are right, over the labelled sets of good takes and planted faults."""

import asyncio

from activities.storage.bucket import Storage
from tests.activities.judging.labelled.figures import of_observer
from tests.activities.quality.figures import Figures, of_checks


def measure() -> dict[str, float]:
    """Percent: recall and precision of the checks and of the emulated judge, and good takes that they reject."""
    return {**_percent(of_checks(), ""), **_percent(asyncio.run(_of_judge()), "judge_")}


def _percent(figures: Figures, prefix: str) -> dict[str, float]:
    return {
        f"{prefix}recall": 100 * figures.recall,
        f"{prefix}precision": 100 * figures.precision,
        f"{prefix}flagged": 100 * figures.flagged_share,
    }


async def _of_judge() -> Figures:
    storage = Storage("judges")
    await storage.ensure_bucket()
    return (await of_observer(storage)).all

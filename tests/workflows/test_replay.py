"""Recorded histories replay: no change of the workflow breaks a production in progress."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.replay import HISTORIES, replay

ONLY_3_11: Final = ("3/a_reset_keeps_a_lower_budget-0",)
"""Recorded by Python 3.11 before `workflows.runtime.waits`: the order of their commands depends on its event loop."""


def test_the_histories_are_committed() -> None:
    """Histories of every path are committed, for each generation of the workflow."""
    recorded = {path.stem.rsplit("-", 1)[0] for path in HISTORIES}
    assert {"one_failure_stops_no_sibling", "a_closed_production_is_opened_again", "cancelling_keeps_what_is_made"} <= (
        recorded
    )
    assert {"several_takes_to_choose_from", "stills_are_approved_before_video_is_paid_for", "batch"} <= recorded


@pytest.fixture(scope="module")
async def failures() -> dict[Path, Exception | None]:
    """The results of all histories, replayed by one worker."""
    return await replay(HISTORIES)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_histories_replay(path: Path, failures: dict[Path, Exception | None]) -> None:
    """The workflow takes the same steps from a recorded history as when it was recorded, on every Python."""
    if f"{path.parent.name}/{path.stem}" in ONLY_3_11 and sys.version_info >= (3, 12):
        pytest.skip("another Python than 3.11 takes its steps in another order")
    assert failures[path] is None


async def test_another_step_is_a_failure(tmp_path: Path) -> None:
    """A history whose recorded step the workflow does not take fails, and the histories next to it replay."""
    good = next(path for path in HISTORIES if path.stem.startswith("one_failure_stops_no_sibling"))
    bad = tmp_path / "bad.json"
    recorded = await asyncio.to_thread(good.read_text)
    assert '"draft_plan"' in recorded
    await asyncio.to_thread(bad.write_text, recorded.replace('"draft_plan"', '"paint_plan"'))
    failures = await replay([good, bad, good])
    assert failures[good] is None
    assert "paint_plan" in str(failures[bad])

"""Recorded histories replay: no change of the workflow breaks a production in progress."""

from pathlib import Path

import pytest

from tests.replay import HISTORIES, replayed


def test_the_histories_are_committed() -> None:
    """Histories of every path are committed, for each generation of the workflow."""
    recorded = {path.stem.rsplit("-", 1)[0] for path in HISTORIES}
    assert {"one_failure_stops_no_sibling", "a_closed_production_is_opened_again", "cancelling_keeps_what_is_made"} <= (
        recorded
    )
    assert {"several_takes_to_choose_from", "stills_are_approved_before_video_is_paid_for", "batch"} <= recorded


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_histories_replay(path: Path) -> None:
    """The workflow takes the same steps from a recorded history as when it was recorded."""
    assert await replayed(path) is None

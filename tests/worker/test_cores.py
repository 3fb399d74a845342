"""A worker encodes as many segments at a time as it may use cores."""

import os
from pathlib import Path

import pytest

from worker.cores import usable_cores


@pytest.mark.parametrize(
    ("limit", "cores"), [("100000 100000", 1), ("20000 100000", 1), ("max 100000", None), ("broken", None), ("", None)]
)
def test_the_limit_of_a_container_counts(tmp_path: Path, limit: str, cores: int | None) -> None:
    """A quota of the control group limits the cores, rounded up; without one, all cores of the process count."""
    if limit:
        (tmp_path / "cpu.max").write_text(limit + "\n")
    every = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert usable_cores(tmp_path) == (cores or every)


def test_a_quota_above_the_machine_adds_no_core(tmp_path: Path) -> None:
    """A limit of more cores than there are is no limit."""
    (tmp_path / "cpu.max").write_text("90000000 100000")
    assert usable_cores(tmp_path) == usable_cores(tmp_path / "none")

"""The processor cores that this process may use."""

import math
import os
from pathlib import Path
from typing import Final

CGROUP: Final = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = CGROUP) -> int:
    """At least 1. A container with a limit of two cores on a machine of 64 has 2: with 64 encoders at the same time it
    would need 32 times the memory.

    Args:
        cgroup: The folder of the control group (version 2) of the process.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return max(1, min(allowed, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no control group, or no limit ("max")
        return allowed

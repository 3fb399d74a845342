"""Trials that need the Linux kernel."""

import sys
from typing import Final

import pytest

needs_linux: Final = pytest.mark.skipif(
    sys.platform != "linux", reason="the Linux kernel ends the children of a killed stack"
)

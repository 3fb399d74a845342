"""The end of a process with Temporal's SDK, whose threads can hang an ordinary exit (sdk-python issue 300)."""

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def end_process(code: int) -> NoReturn:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run_command(command: Callable[..., object], name: str) -> NoReturn:
    """Run the typer command of this process, and end with its exit code: 2 for wrong usage."""
    code: int | str | None = 0
    try:
        command(prog_name=name)
    except SystemExit as end:
        code = end.code
    end_process(code if isinstance(code, int) else 0)

"""Checks that the workflow of this checkout takes the steps of a recorded run: `python -m tests.replay run.json …`.

The files are the output of `temporal workflow show --output json`; encrypted ones need GREENLIGHT_PAYLOAD_KEYS.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests import ROOT
from workflows.batch.workflow import BatchWorkflow
from workflows.preview.workflow import PreviewWorkflow
from workflows.production.workflow import ProductionWorkflow
from workflows.runtime import encryption_keys
from workflows.runtime.data_converter import make_data_converter
from workflows.schedule import ScheduledProduction
from workflows.webhook_delivery import NotificationWorkflow

WORKFLOWS: Final = [ProductionWorkflow, PreviewWorkflow, BatchWorkflow, ScheduledProduction, NotificationWorkflow]


async def replayed(path: Path) -> Exception | None:
    """The error when the workflow takes another step than the history has, or fails before its end."""
    recorded = await asyncio.to_thread(path.read_text)
    history = WorkflowHistory.from_json(path.stem, json.loads(recorded))
    converter = make_data_converter(os.environ.get(encryption_keys.VARIABLE, ""))
    replayer = Replayer(workflows=WORKFLOWS, data_converter=converter)
    return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure


def main(names: list[str]) -> int:
    failures = {name: asyncio.run(replayed(Path(name))) for name in names}
    for name, failure in failures.items():
        print(f"{name}: {failure or 'replays'}")  # noqa: T201 - a command's answer
    return 1 if any(failures.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


HISTORIES = sorted((ROOT / "tests" / "histories").rglob("*.json"))

"""Checks that the workflow of this checkout takes the steps of a recorded run: `python -m tests.replay run.json …`.

The files are the output of `temporal workflow show --output json`; encrypted ones need GREENLIGHT_PAYLOAD_KEYS, and
those with large payloads need GREENLIGHT_BUCKET and the variables of S3.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from activities.storage.bucket import Storage
from activities.storage.payloads import payload_storage
from tests import ROOT
from worker.workers import WORKFLOW_TYPES
from workflows.runtime import encryption_keys
from workflows.runtime.data_converter import make_data_converter


async def replay(paths: Sequence[Path]) -> dict[Path, Exception | None]:
    """Replay the histories on one worker. Path -> the error when the workflow takes another step than the history has,
    or fails before its end."""
    bucket = os.environ.get("GREENLIGHT_BUCKET")
    storage = payload_storage(Storage(bucket)) if bucket else None
    converter = make_data_converter(os.environ.get(encryption_keys.VARIABLE, ""), storage)

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for path in paths:
            yield WorkflowHistory.from_json(str(path), json.loads(await asyncio.to_thread(path.read_text)))

    replayer = Replayer(workflows=WORKFLOW_TYPES, data_converter=converter)
    async with replayer.workflow_replay_iterator(histories()) as results:
        return {Path(each.history.workflow_id): each.replay_failure async for each in results}


def main(names: list[str]) -> int:
    failures = asyncio.run(replay([Path(name) for name in names]))
    for path, failure in failures.items():
        print(f"{path}: {failure or 'replays'}")  # noqa: T201 - a command's answer
    return 1 if any(failures.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


HISTORIES = sorted((ROOT / "tests" / "histories").rglob("*.json"))

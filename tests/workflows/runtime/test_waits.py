"""Waits with a time limit take the same steps on every Python."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from tests import ROOT
from workflows.runtime.waits import wait_condition


@workflow.defn(sandboxed=False)
class Waiting:
    """Waits for as many wakes as it is given seconds for, and returns which waits ended in time."""

    def __init__(self) -> None:
        self.woken = 0

    @workflow.signal
    def wake(self) -> None:
        self.woken += 1

    @workflow.run
    async def run(self, limits: list[float]) -> list[bool]:
        return [await self.is_woken(number, seconds) for number, seconds in enumerate(limits)]

    async def is_woken(self, before: int, seconds: float) -> bool:
        with suppress(TimeoutError):
            await wait_condition(lambda: self.woken > before, timedelta(seconds=seconds), "a wake")
            return True
        return False


async def test_a_wait_ends_with_its_condition_or_its_limit(client: Client) -> None:
    """A wait ends when its condition holds, however late its limit is, or raises TimeoutError; 0 s is no wait."""
    queue = uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[Waiting]):
        run = await client.start_workflow(Waiting.run, [86_400.0, 0.01, 0.0], id=uuid4().hex, task_queue=queue)
        await run.signal(Waiting.wake)
        assert await run.result() == [True, False, False]


def waits_of(code: str) -> Iterator[int]:
    """The lines of waits whose steps depend on the version of Python."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            limited = any(each.arg == "timeout" for each in node.keywords)
            if node.func.attr in ("wait_for", "timeout_at") or (node.func.attr == "wait_condition" and limited):
                yield node.lineno


@pytest.mark.parametrize(
    "code", ["asyncio.wait_for(x, 1)", "asyncio.timeout_at(1)", "workflow.wait_condition(f, timeout=x)"]
)
def test_such_waits_are_found(code: str) -> None:
    assert [*waits_of(code)] == [1]


def test_no_workflow_uses_such_a_wait() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in Path(ROOT / "workflows").rglob("*.py")
        if path.name != "waits.py"
        for line in waits_of(path.read_text())
    }
    assert not found

"""A query that a worker loses is sent again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, OutboundInterceptor, QueryWorkflowInput
from temporalio.worker import Worker
from temporalio.worker._workflow import _WorkflowWorker

from workflows.servers import resent_queries
from workflows.servers.resent_queries import ResendQueries

INPUT = QueryWorkflowInput("run", None, "progress", (), None, {}, None, {}, None)
Answer = Callable[[], Awaitable[str]]


class Server(OutboundInterceptor):
    """Answers each query by the next of its answers."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.waiting = 0

    async def query_workflow(self, input: QueryWorkflowInput) -> str:  # noqa: A002 - the SDK's name
        self.waiting += 1
        try:
            return await self.answers.pop(0)()
        finally:
            self.waiting -= 1


async def lost() -> str:
    await asyncio.Event().wait()
    return "never"


async def answered() -> str:
    return "answered"


async def refused() -> str:
    raise ValueError("refused")


async def late() -> str:
    await asyncio.sleep(0.05)
    return "late"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resent_queries, "RESEND_AFTER", timedelta(milliseconds=20))


@pytest.mark.parametrize(
    ("answers", "left"),
    [((answered, lost), 1), ((lost, answered), 0), ((late, *[lost] * 9), 0), ((lost, lost, answered), 0)],
    ids=["first", "lost", "slow", "lost twice"],
)
@pytest.mark.usefixtures("soon")
async def test_the_first_response_counts(answers: tuple[Answer, ...], left: int) -> None:
    server = Server(*answers)
    assert await ResendQueries().intercept_client(server).query_workflow(INPUT) in ("answered", "late")
    assert len(server.answers) >= left
    assert server.waiting == 0


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("answers", [(refused,), (lost, refused)])
async def test_an_error_is_a_response(answers: tuple[Answer, ...]) -> None:
    server = Server(*answers)
    with pytest.raises(ValueError, match="refused"):
        await ResendQueries().intercept_client(server).query_workflow(INPUT)
    assert server.waiting == 0


@pytest.mark.usefixtures("soon")
async def test_a_caller_that_gives_up_leaves_no_query_behind() -> None:
    server = Server(*[lost] * 9)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await ResendQueries().intercept_client(server).query_workflow(INPUT)
    assert server.waiting == 0


@workflow.defn(sandboxed=False)
class Ending:
    @workflow.run
    async def run(self) -> None:
        """Ends at once."""

    @workflow.query
    def answer(self) -> str:
        return "answered"


async def test_queries_that_a_worker_drops_are_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries that arrive while a worker evicts the run that they are for: the SDK drops all but one of them."""
    evict = _WorkflowWorker._handle_cache_eviction

    async def evict_slowly(*args: Any) -> None:
        await asyncio.sleep(0.5)
        await evict(*args)

    monkeypatch.setattr(_WorkflowWorker, "_handle_cache_eviction", evict_slowly)
    queue = uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[Ending]):
        run = await client.start_workflow(Ending.run, id=uuid4().hex, task_queue=queue)
        await run.result()
        # A dropped query would fail after 30 s, when the server gives it up.
        assert await asyncio.gather(*(run.query(Ending.answer) for _ in range(3))) == ["answered"] * 3

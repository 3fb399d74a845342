"""A query that a worker loses is sent again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.client import OutboundInterceptor, QueryWorkflowInput

from workflows.runtime import resent_queries
from workflows.runtime.resent_queries import ResendQueries

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


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resent_queries, "RESEND_AFTER", timedelta(milliseconds=20))


@pytest.mark.parametrize(
    ("answers", "left"),
    [((answered, lost), 1), ((lost, answered), 0), ((late, lost), 0)],
    ids=["first", "lost", "slow"],
)
async def test_the_first_response_counts(answers: tuple[Answer, ...], left: int) -> None:
    server = Server(*answers)
    assert await ResendQueries().intercept_client(server).query_workflow(INPUT) in ("answered", "late")
    assert len(server.answers) == left
    assert server.waiting == 0


@pytest.mark.parametrize("answers", [(refused,), (lost, refused)])
async def test_an_error_is_a_response(answers: tuple[Answer, ...]) -> None:
    server = Server(*answers)
    with pytest.raises(ValueError, match="refused"):
        await ResendQueries().intercept_client(server).query_workflow(INPUT)
    assert server.waiting == 0


async def test_a_caller_that_gives_up_leaves_no_query_behind() -> None:
    server = Server(lost, lost)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await ResendQueries().intercept_client(server).query_workflow(INPUT)
    assert (server.answers, server.waiting) == ([], 0)

"""A request to a provider as traces and metrics tell of it: what was asked of whom, how long, and how it ended."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Literal, TypeVar

from activities.errors import ProviderError
from activities.metrics import metrics
from activities.providers.protocol import Job
from workflows.runtime.span import SetAttributes
from workflows.runtime.tracing import span

Operation = Literal["submit", "poll", "recover", "cancel"]
T = TypeVar("T")


async def told(provider: str, model: str, operation: Operation, call: Awaitable[T], job_id: str | None = None) -> T:
    """Await the request.

    Raises:
        ProviderError: as the request does.
    """
    with _vendor_call(provider, model, operation, job_id) as tell:
        answer = await call
        if isinstance(answer, Job):
            tell(job_id=answer.id)
        tell(answer=type(answer).__name__.lower())
        return answer


@contextmanager
def _vendor_call(provider: str, model: str, operation: Operation, job_id: str | None) -> Iterator[SetAttributes]:
    began, outcome = monotonic(), "ok"
    try:
        with span(
            f"vendor {operation}", client=True, provider=provider, model=model, operation=operation, job_id=job_id
        ) as tell:
            yield tell
    except ProviderError as error:
        outcome = error.kind
        raise
    except asyncio.CancelledError:
        outcome = "cancelled"
        raise
    finally:
        metrics().vendor_asked(provider, operation, outcome, monotonic() - began)

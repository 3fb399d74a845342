"""Traces and metrics of requests to providers: provider, model, operation, duration and outcome."""

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


async def record_call(
    provider: str, model: str, operation: Operation, call: Awaitable[T], job_id: str | None = None
) -> T:
    """Await the request, and record it as a span and in the metrics.

    Raises:
        ProviderError: as the request does.
    """
    with _vendor_call(provider, model, operation, job_id) as set_attributes:
        response = await call
        if isinstance(response, Job):
            set_attributes(job_id=response.id)
        set_attributes(answer=type(response).__name__.lower())
        return response


@contextmanager
def _vendor_call(provider: str, model: str, operation: Operation, job_id: str | None) -> Iterator[SetAttributes]:
    began, outcome = monotonic(), "ok"
    try:
        with span(
            f"vendor {operation}", client=True, provider=provider, model=model, operation=operation, job_id=job_id
        ) as set_attributes:
            yield set_attributes
    except ProviderError as error:
        outcome = error.kind
        raise
    except asyncio.CancelledError:
        outcome = "cancelled"
        raise
    finally:
        metrics().vendor_called(provider, operation, outcome, monotonic() - began)

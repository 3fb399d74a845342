"""The in-flight limits of a starting worker, which the pools of the providers take over."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from activities.providers.registry import registered
from activities.takes.slots.gate import start_pool
from workflows.servers.temporal import is_missing
from workflows.slots.messages import LIMIT_SIGNAL, pool_id

RETRY_SECONDS: Final = 2.0

log = logging.getLogger(__name__)


class LimitRefused(ValueError):
    """A name of GREENLIGHT_IN_FLIGHT is no provider; the message names those that are."""


def check_names(limits: Mapping[str, int]) -> None:
    """
    Raises:
        LimitRefused: a limit is for no provider.
    """
    known = sorted(registered())
    if unknown := sorted(set(limits) - set(known)):
        raise LimitRefused(
            f"GREENLIGHT_IN_FLIGHT has {unknown[0]!r}, which is no provider; the providers are {', '.join(known)}"
        )


async def apply_limits(client: Client, providers: Iterable[str], limits: Mapping[str, int]) -> None:
    """Set the limits of these providers, and lift those that earlier workers set, as soon as Temporal responds."""
    for provider in sorted(providers):
        limit = limits.get(provider)
        while True:
            try:
                if limit is not None:
                    await start_pool(client, provider, limit)
                await client.get_workflow_handle(pool_id(provider)).signal(LIMIT_SIGNAL, limit)
            except RPCError as error:
                if limit is None and is_missing(error):
                    break  # it never had one
                log.warning("The in-flight limit of %s is not set, trying again: %s", provider, error.message)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                log.info("In-flight limit of %s: %s takes over all workers", provider, limit or "any number of")
                break

"""Ids that are abbreviated to a prefix, as far as it is unambiguous."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from api.client.client import GreenlightClient
from api.client.errors import GreenlightError

MAX_READ: Final = 50
"""Ids that are read to find an ambiguity: the whole id of a batch may be the start of others."""
MAX_NAMED: Final = 6
"""Ids that the message of an ambiguity names."""
_WHOLE: Final = re.compile(r"([a-z0-9][a-z0-9-]*\.)?(\d{8}-[0-9a-f]{8}|k-[0-9a-f]{20})")
"""An id as the API makes it. It needs no lookup."""
_BATCH: Final = re.compile(r"([a-z0-9][a-z0-9-]*\.)?b-[0-9a-f]{20}")


def find_production(client: GreenlightClient, text: str) -> str:
    """The id of the production that `text` names or abbreviates; an unknown id is returned as it is.

    Raises:
        GreenlightError: several productions have ids that begin with it.
    """
    if _WHOLE.fullmatch(text) or not text:
        return text
    found = islice(client.list(prefix=text, page_size=MAX_READ), MAX_READ)
    return choose(text, [(each.production_id, each.title) for each in found], "production")


def find_batch(client: GreenlightClient, text: str) -> str:
    """The id of a batch, as `find_production`."""
    if _BATCH.fullmatch(text) or not text:
        return text
    found = islice(client.batches(prefix=text, page_size=MAX_READ), MAX_READ)
    return choose(text, [(each.batch_id, "") for each in found], "batch")


def find_evaluation(client: GreenlightClient, text: str) -> str:
    """The id of an evaluation, as `find_production`."""
    if _WHOLE.fullmatch(text) or not text:
        return text
    found = islice(client.evaluations(prefix=text, page_size=MAX_READ), MAX_READ)
    return choose(text, [(each.evaluation_id, each.title) for each in found], "evaluation")


def find_schedule(client: GreenlightClient, text: str) -> str:
    """The id of a schedule, as `find_production`."""
    return choose(text, [(each.schedule_id, each.title) for each in client.schedules()], "schedule")


def choose(text: str, candidates: Sequence[tuple[str, str]], what: str) -> str:
    """The only candidate whose id begins with `text`, or is `text`; without one, `text`.

    Args:
        candidates: Ids with titles. Without its tenant an id matches too.

    Raises:
        GreenlightError: several candidates; the message names them.
    """
    found = {each: title for each, title in candidates if _begins(each, text)}
    for each in found:
        if text in (each, each.partition(".")[2]):
            return each
    if len(found) > 1:
        named = islice(found.items(), MAX_NAMED)
        names = "".join(f"\n  {each}  {' '.join(title.split())[:60]}".rstrip() for each, title in named)
        raise GreenlightError(
            f"Several {what} ids begin with {text!r}" if len(found) <= MAX_NAMED else f"{text!r} is too short",
            f"Give more of the id:{names}",
        )
    return next(iter(found), text)


def _begins(whole: str, text: str) -> bool:
    return whole.startswith(text) or whole.partition(".")[2].startswith(text)

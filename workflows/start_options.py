"""What the server keeps beside a production's run; the same whoever starts it: the API, a batch or a schedule."""

from datetime import datetime
from typing import Any, Final

from temporalio.common import Priority, SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from workflows import keys
from workflows.events import ProductionStatus, Snapshot
from workflows.models import ZERO, Brief, digest_of

STATUS: Final = SearchAttributeKey.for_keyword(keys.STATUS_ATTRIBUTE)
PLATFORM: Final = SearchAttributeKey.for_keyword(keys.PLATFORM_ATTRIBUTE)
TENANT: Final = SearchAttributeKey.for_keyword(keys.TENANT_ATTRIBUTE)
REQUESTER: Final = SearchAttributeKey.for_keyword(keys.REQUESTER_ATTRIBUTE)
COST: Final = SearchAttributeKey.for_float(keys.COST_ATTRIBUTE)


def start_options(
    production_id: str, brief: Brief, status: ProductionStatus, at: datetime, carried: Snapshot | None = None
) -> dict[str, Any]:
    """Keyword arguments that start a production, from a client or as a child workflow.

    The memo carries over what only the first run of a production knew. `at` is the moment of the start: a workflow
    has a clock of its own.
    """
    title = title_of(brief)
    if carried and carried.plan:
        title = carried.plan.title
    return {
        "id": keys.workflow_id(production_id),
        "task_queue": keys.TASK_QUEUE,
        "priority": fair_share(brief.tenant),
        "static_summary": cut(f"{brief.platform.value} · {title}", 200),
        "static_details": cut(f"**{brief.platform.value}** for {brief.requester}\n\n{brief.text}", 8_000),
        "search_attributes": TypedSearchAttributes(
            [
                SearchAttributePair(STATUS, status.value),
                SearchAttributePair(PLATFORM, brief.platform.value),
                SearchAttributePair(TENANT, brief.tenant),
                SearchAttributePair(REQUESTER, brief.requester),
                SearchAttributePair(COST, float(carried.spent_usd if carried else ZERO)),
            ]
        ),
        "memo": {
            "brief_digest": brief_digest(brief),
            "title": title[:200],
            "created_at": (carried.created_at if carried else at).isoformat(),
            **({keys.OVERRUN_MEMO: str(carried.overrun_usd)} if carried and carried.overrun_usd else {}),
        },
    }


def fair_share(tenant: str) -> Priority:
    """A tenant's tasks take turns with those of others, however many it has; what a run starts inherits it."""
    return Priority(fairness_key=cut(tenant, 64))


def title_of(brief: Brief) -> str:
    """Its title, or its first words."""
    return brief.title or " ".join(brief.text.split()[:8])


def brief_digest(brief: Brief) -> str:
    """Of what was asked for: a field that a later version adds changes nothing where it is not given."""
    return digest_of(brief.model_dump(mode="json", exclude_defaults=True))


def content_digest(brief: Brief) -> str:
    """Like `brief_digest`, whoever sends the brief: it decides whether a production is one that was made before."""
    return digest_of(brief.model_dump(mode="json", exclude_defaults=True, exclude={"requester"}))


def cut(text: str, size_bytes: int) -> str:
    """Whole characters of at most that many bytes: the server refuses summaries above 400 and details above 20,000."""
    return text.encode()[:size_bytes].decode(errors="ignore")

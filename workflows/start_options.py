"""The options that start a production; they are the same for the API, a batch and a schedule."""

from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from temporalio.common import Priority, SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from workflows import keys
from workflows.brief import Brief, title_of
from workflows.events import ProductionStatus, Snapshot
from workflows.models import ZERO, digest_of

STATUS: Final = SearchAttributeKey.for_keyword(keys.STATUS_ATTRIBUTE)
PLATFORM: Final = SearchAttributeKey.for_keyword(keys.PLATFORM_ATTRIBUTE)
TENANT: Final = SearchAttributeKey.for_keyword(keys.TENANT_ATTRIBUTE)
REQUESTER: Final = SearchAttributeKey.for_keyword(keys.REQUESTER_ATTRIBUTE)
COST: Final = SearchAttributeKey.for_float(keys.COST_ATTRIBUTE)
ATTENTION: Final = SearchAttributeKey.for_keyword_list(keys.ATTENTION_ATTRIBUTE)
TITLE: Final = SearchAttributeKey.for_text(keys.TITLE_ATTRIBUTE)
MAX_TITLE_BYTES: Final = 200
"""Of the search attribute: stores with indexed columns hold 255."""


def start_options(
    production_id: str,
    brief: Brief,
    status: ProductionStatus,
    at: datetime,
    carried: Snapshot | None = None,
    *,
    titled: bool = False,
    priority: Priority | None = None,
) -> dict[str, Any]:
    """Keyword arguments that start a production, from a client or as a child workflow.

    The memo carries over the facts of the first run. `at` is the time of the start, because a workflow has a clock of
    its own.

    Args:
        titled: Set the search attribute of the title. A namespace without the attribute refuses such a start. A
            workflow that starts another one passes on whether its own start set it.
        priority: Of the production; without one, a child has that of its parent, for its own tenant.
    """
    title = title_of(brief)
    if carried and carried.plan:
        title = carried.plan.title
    return {
        "id": keys.workflow_id(production_id),
        "task_queue": keys.TASK_QUEUE,
        "priority": priority or tenant_priority(brief.tenant),
        "static_summary": truncate(f"{brief.platform.value} · {title}", 200),
        "static_details": truncate(f"**{brief.platform.value}** for {brief.requester}\n\n{brief.text}", 8_000),
        "search_attributes": TypedSearchAttributes(
            [
                SearchAttributePair(STATUS, status.value),
                SearchAttributePair(PLATFORM, brief.platform.value),
                SearchAttributePair(TENANT, brief.tenant),
                SearchAttributePair(REQUESTER, brief.requester),
                SearchAttributePair(COST, float(carried.spent_usd if carried else ZERO)),
                *([SearchAttributePair(TITLE, searchable_title(title))] if titled else []),
            ]
        ),
        "memo": {
            "brief_digest": brief_digest(brief),
            "title": title[:200],
            "created_at": (carried.created_at if carried else at).isoformat(),
            **({keys.OVERRUN_MEMO: str(carried.overrun_usd)} if carried and carried.overrun_usd else {}),
        },
    }


class Urgency(IntEnum):
    """The priority key: in a queue, the tasks of a lower one come first, whatever the tenant. Temporal has 1 to 5."""

    INTERACTIVE = 2
    BATCH = 3
    """Also what a schedule starts. It is Temporal's default, which the runs of earlier releases have."""
    PREVIEW = 4


def tenant_priority(tenant: str, urgency: Urgency | None = None, weight: float | None = None) -> Priority:
    """The priority that shares task dispatch fairly between tenants. Activities and child workflows inherit it.

    Args:
        urgency: Inherited without one, as for the productions of a batch; so is the weight.
        weight: The tenant's share of the tasks in relation to other tenants.
    """
    return Priority(
        priority_key=None if urgency is None else int(urgency),
        fairness_key=truncate(tenant, 64),
        fairness_weight=weight,
    )


def searchable_title(title: str) -> str:
    """The value of the search attribute for a title."""
    return truncate(" ".join(title.split()), MAX_TITLE_BYTES)


def brief_digest(brief: Brief) -> str:
    """The digest of the brief. A field that a later version adds does not change it while the field has its default."""
    return digest_of(brief.model_dump(mode="json", exclude_defaults=True))


def content_digest(brief: Brief) -> str:
    """The digest of the brief without its requester. It identifies a production that already exists."""
    return digest_of(brief.model_dump(mode="json", exclude_defaults=True, exclude={"requester"}))


def truncate(text: str, size_bytes: int) -> str:
    """The first whole characters within this size: the server accepts summaries of 400 bytes and details of 20,000."""
    return text.encode()[:size_bytes].decode(errors="ignore")

"""Lists of productions and of pending decisions from the server's visibility store, without a worker."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter
from temporalio.client import Client, WorkflowExecution

from api.temporal.outcomes import RPC_TIMEOUT, listed_memo, status_of, translating_errors
from api.views.changes import AttentionEntry, waiting_since
from api.views.production import Links, ListedProduction
from workflows import keys
from workflows.brief import Platform
from workflows.events import AttentionItem, AttentionReason
from workflows.start_options import ATTENTION, COST, PLATFORM, REQUESTER, TENANT, TITLE

MAX_WAITING: Final = 1_000
"""Productions read for one list of pending decisions: five pages, answered in well under a second."""
PAGE: Final = 200
SEARCHED: Final = 1_000
"""Productions read for one response of a search in titles."""

_ITEMS: TypeAdapter[list[AttentionItem]] = TypeAdapter(list[AttentionItem])

LinksOf = Callable[[str], Links]


class Visibility:
    """Lists productions. Raises only `Problem`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list_productions(
        self,
        filters: Mapping[str, str],
        words: str,
        page_size: int,
        page_token: bytes | None,
        links: LinksOf,
        prefix: str = "",
    ) -> tuple[list[ListedProduction], bytes | None]:
        """One page of productions, and the token of the next.

        The server orders the pages: open runs first, then by when they closed. Within a page open ones come first too,
        the newest at the top.

        Args:
            filters: Search attribute -> value.
            words: Each of them is in the title, the id or the requester's name. The server cannot search in titles,
                which may be encrypted: SEARCHED productions are read, and the token of a short page continues after
                them.
            prefix: The ids begin with it.
        """
        conditions = ["ExecutionStatus != 'ContinuedAsNew'"]
        conditions += [f"WorkflowId STARTS_WITH '{keys.workflow_id(prefix)}'"] * bool(prefix)
        query = _query(conditions, filters)
        wanted = words.casefold().split()
        found: dict[str, ListedProduction] = {}
        read = 0
        while True:
            size = page_size - len(found)
            page = self._client.list_workflows(
                query, page_size=size, next_page_token=page_token, rpc_timeout=RPC_TIMEOUT
            )
            with translating_errors():
                await page.fetch_next_page()
            page_token = page.next_page_token
            newest = {e.id: e for e in reversed(page.current_page or ())}  # a reopened production has several runs
            lines = [await _line(e, links) for e in newest.values()]
            found |= {line.production_id: line for line in lines if _matches(line, wanted)}
            read += size
            if not wanted or not page_token or 2 * len(found) >= page_size or read >= SEARCHED:
                return sorted(found.values(), key=_order, reverse=True), page_token

    async def list_attention(
        self,
        filters: Mapping[str, str],
        reason: AttentionReason | None,
        links: LinksOf,
        page_token: bytes | None = None,
    ) -> tuple[tuple[AttentionEntry, ...], bytes | None]:
        """The pending decisions of MAX_WAITING productions, the oldest decision first, and the token of the next page.

        The server orders the productions: those that were started last come first.
        """
        conditions = ["ExecutionStatus = 'Running'", f"{keys.ATTENTION_ATTRIBUTE} IS NOT NULL"]
        conditions += [f"{keys.ATTENTION_ATTRIBUTE} = '{reason}'"] * (reason is not None)
        found: list[AttentionEntry] = []
        with translating_errors():
            for _ in range(0, MAX_WAITING, PAGE):
                page = self._client.list_workflows(
                    _query(conditions, filters),
                    page_size=min(PAGE, MAX_WAITING),
                    next_page_token=page_token,
                    rpc_timeout=RPC_TIMEOUT,
                )
                await page.fetch_next_page()
                for execution in page.current_page or ():
                    found += await _attention_entries(execution, links)
                page_token = page.next_page_token
                if not page_token:
                    break
        wanted = [e for e in found if reason in (None, e.waiting.reason)]
        return tuple(sorted(wanted, key=waiting_since)), page_token or None


def _order(line: ListedProduction) -> tuple[bool, datetime]:
    """Open ones are the greatest, among them the newest; of the others the one that closed last."""
    return line.closed_at is None, line.closed_at or line.created_at


def _query(conditions: list[str], filters: Mapping[str, str]) -> str:
    equal = [f"{name} = '{value}'" for name, value in filters.items()]
    return " AND ".join([f"WorkflowType = '{keys.WORKFLOW_TYPE}'", *conditions, *equal])


def _matches(line: ListedProduction, words: Sequence[str]) -> bool:
    text = f"{line.title} {line.production_id} {line.requester or ''}".casefold()
    return all(word in text for word in words)


async def _line(execution: WorkflowExecution, links: LinksOf) -> ListedProduction:
    attributes = execution.typed_search_attributes
    platform, cost = attributes.get(PLATFORM), attributes.get(COST)
    production_id = keys.production_id_of(execution.id)
    memo, encrypted = await listed_memo(execution)
    # The search attribute has the title of the plan once there is one, the memo that of the start.
    title = attributes.get(TITLE) or encrypted or str(memo.get("title", ""))
    overrun, created_at = str(memo.get(keys.OVERRUN_MEMO, "0")), memo.get("created_at")
    return ListedProduction(
        production_id=production_id,
        status=status_of(execution),
        platform=Platform(platform) if platform else None,
        title=title,
        tenant=attributes.get(TENANT),
        requester=attributes.get(REQUESTER),
        spent_usd=None if cost is None else Decimal(str(cost)).quantize(Decimal("0.0001")),
        overrun_usd=Decimal(overrun).quantize(Decimal("0.0001")),
        created_at=datetime.fromisoformat(created_at) if created_at else execution.start_time,
        closed_at=execution.close_time,
        links=links(production_id),
    )


async def _attention_entries(execution: WorkflowExecution, links: LinksOf) -> list[AttentionEntry]:
    line = await _line(execution, links)
    memo, encrypted = await listed_memo(execution)
    items = _ITEMS.validate_python(memo.get(keys.ATTENTION_MEMO) or [], extra="ignore")
    if encrypted:  # the reasons are readable, the rest is not
        reasons = execution.typed_search_attributes.get(ATTENTION, ())
        items = _ITEMS.validate_python(
            [{"id": 0, "reason": each, "since": execution.start_time, "message": encrypted} for each in reasons]
        )
    about = line.model_dump(include={"production_id", "title", "platform", "tenant", "requester", "links"})
    return [AttentionEntry(waiting=item, **about) for item in items]

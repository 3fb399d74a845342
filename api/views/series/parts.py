"""A series as its caller sends it: items become rows, and what a series cannot have is refused."""

from collections.abc import Iterator

from pydantic import JsonValue, TypeAdapter

from api.problems import FieldError, Problem
from api.views.assets import asset_records
from api.views.batches import BatchAssetResult, BatchBody, BatchRowBody
from workflows.batch.records import MAX_ROWS, BatchRowView
from workflows.brief import Brief
from workflows.events import Snapshot
from workflows.series.items import Item, repeated_key, split_items


def as_rows(body: BatchBody) -> BatchBody:
    """The batch with its items as rows, one for each part.

    Raises:
        Problem: 422; rows and items, neither of them, two items with one key, or a series that approves itself.
    """
    if bool(body.rows) == bool(body.items):
        both = "rows and items are both given" if body.rows else "there are neither rows nor items"
        raise Problem.of_field("rows", both, "send one of them")
    series = body.series or bool(body.items)
    if series and body.approve:
        message = "a series is approved with the digest of its plan, which is not known yet"
        raise Problem.of_field("approve", message, "leave it out, read plan_digest when all is planned, then admit it")
    if not body.items:
        return body
    if key := repeated_key(body.items):
        raise Problem.of_field("items", f"two of them have the key {key!r}", "give each one its own")
    return body.model_copy(update={"rows": tuple(_parts(body)), "items": (), "series": True})


def _parts(body: BatchBody) -> Iterator[BatchRowBody]:
    more = len(str(body.defaults.get("style") or "").encode())
    parts = [*split_items(body.items, body.part_size, more)]
    if len(parts) > MAX_ROWS:
        message = f"they would be {len(parts):,} parts of at most {MAX_ROWS:,}"
        raise Problem.of_field("part_size", message, "choose larger parts, or send several series")
    title = str(body.defaults.get("title") or body.defaults.get("text") or "")[:180]
    digits, last = len(str(len(parts))), 0
    for number, part in enumerate(parts, start=1):
        first, last = last + 1, last + len(part)
        span = f"{first}-{last}" if last > first else f"{first}"
        named: dict[str, JsonValue] = {"title": f"{title} {span}".strip()} if len(parts) > 1 else {}
        items: JsonValue = _ITEMS.dump_python(part, mode="json")
        yield BatchRowBody(key=f"part-{number:0{digits}}", brief={**named, "items": items})


_ITEMS = TypeAdapter(tuple[Item, ...])


def series_errors(brief: Brief) -> Iterator[FieldError]:
    """What the brief of a part cannot have, because one approval releases all parts."""
    if brief.approval.approvers > 1:
        yield FieldError(
            field="approval.approvers",
            message="one person approves a series",
            remedy="leave it out, or send a batch without series, whose rows people approve one by one",
        )


def asset_results(row: BatchRowView, snapshot: Snapshot, url: str) -> Iterator[BatchAssetResult]:
    """One line for each asset of a row. `url` is the address of the API."""
    for asset in asset_records(snapshot):
        yield BatchAssetResult(
            row=row.row,
            row_key=row.key,
            production_id=row.production_id,
            asset_id=asset.asset_id,
            label=asset.label,
            status=asset.status,
            take=asset.take,
            cost_usd=asset.cost_usd,
            media_type=asset.media_type or "",
            file=f"{url}{asset.file_url}" if asset.file_url else "",
            error=asset.error or "",
        )

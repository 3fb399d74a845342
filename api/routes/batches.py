"""Routes of batches: many briefs at once, admitted to one budget all or none."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import JsonValue, ValidationError

from api.auth.caller import Caller
from api.deps import (
    ONE_TRANSFER,
    CurrentCaller,
    IdempotencyKey,
    IdPrefix,
    KnownBatch,
    RequestKey,
    Services,
    ServicesDep,
    keyed,
    production_id_for,
    requested_id,
)
from api.pagination import PageSize, PageToken, decode_token, encode_token
from api.problems import FieldError, Problem, documented, field_errors
from api.routes.streamed_media import ZIP, names_in_archive, zip_response
from api.views.batches import (
    BatchAssetResult,
    BatchBody,
    BatchLinks,
    BatchPage,
    BatchResult,
    BatchRowBody,
    BatchStarted,
)
from api.views.production import PREFIX, View, production_path
from api.views.series.parts import as_rows, asset_results, series_errors
from workflows import keys
from workflows.batch.records import (
    MAX_BATCH_BYTES,
    MAX_ROWS,
    MAX_SERIES_BYTES,
    Admit,
    BatchRow,
    BatchRowView,
    BatchStart,
    BatchView,
)
from workflows.brief import Brief, title_of
from workflows.events import ProductionStatus
from workflows.models import digest_of

router = APIRouter(prefix=f"{PREFIX}/batches", tags=["batches"], responses=documented(422, 503))

_UNKNOWN: Final = documented(404)
_DECIDED: Final = documented(404, 409)
_KINDS: Final = [{"$ref": f"#/components/schemas/{name}"} for name in ("BatchResult", "BatchAssetResult")]
_LINE: Final = {"schema": {"anyOf": _KINDS}}
_LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "One line a row, or an asset", "content": {"text/csv": _LINE, "application/x-ndjson": _LINE}}
}
MAX_TITLE_BYTES: Final = 200
"""Of a row's title: 1,000 of them must fit next to the state of the rows."""
_FOLDER: Final = re.compile(r"[^\w.-]+")
_FORMULA: Final = re.compile(r"\W*?[=+\-@|%＝＋－＠％−﹢﹣﹦﹪﹫]|[\x00-\x1f\x7f]")


@router.post("", status_code=202, responses=documented(409))
async def start(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    body: BatchBody,
    idempotency_key: IdempotencyKey = None,
) -> BatchStarted:
    """Start a production for each row, or none where one row is invalid. A repeated request starts no row twice.

    All rows are planned. With `approve` they are then approved together if they fit `budget_usd`, otherwise none is.
    A `series` is approved with `admit`, by the digest of all plans. `items` are the pictures of a catalogue, which is
    divided into parts.
    The terms of a batch that was sent before stay; `admit` changes them.
    """
    if body.approve:
        caller.check_release("approve")
    if body.allow_unknown_prices:
        caller.check_release("allow_unknown_prices")
    body = as_rows(caller.sign(body))
    briefs = await _briefs(services, caller, body)
    tenant = briefs[0].tenant
    batch_id = requested_id("batch", tenant, body.batch_id, idempotency_key)
    start = BatchStart(
        rows=tuple(_rows(batch_id, body.rows, briefs)),
        created_at=datetime.now(UTC),
        tenant=tenant,
        approver=body.requester,
        **{"batch_id": batch_id, **body.model_dump(exclude={"rows", "items", "part_size", "defaults", "batch_id"})},
    )
    size = len(start.model_dump_json(exclude_defaults=True).encode())
    most = MAX_SERIES_BYTES if body.series else MAX_BATCH_BYTES
    if size > most:
        raise _too_large(f"are {size:,} bytes of at most {most:,}")
    status = await services.batches.start_batch(start)
    links = _links(services, batch_id)
    response.headers["Location"] = links.batch
    return BatchStarted(batch_id=batch_id, status=status, rows=len(start.rows), links=links)


@router.get("")
async def list_batches(
    services: ServicesDep,
    caller: CurrentCaller,
    prefix: IdPrefix = None,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> BatchPage:
    """Batches, a page at a time, open ones first. The list follows a change by a second or two."""
    lines, following = await services.batches.list_batches(
        caller.tenant,
        page_size,
        decode_token(page_token),
        lambda batch_id: _links(services, batch_id),
        caller.qualify(prefix) if prefix else "",
    )
    return BatchPage(batches=tuple(lines), next_page_token=encode_token(following))


@router.get("/{batch_id}", responses=_UNKNOWN)
async def get_batch(services: ServicesDep, batch_id: KnownBatch) -> BatchView:
    """The state of a batch: its status, its rows and their total cost."""
    return await services.batches.batch(batch_id)


@router.get("/{batch_id}/results", response_class=Response, responses={**_LINES, **_UNKNOWN})
async def results(
    services: ServicesDep,
    request: Request,
    batch_id: KnownBatch,
    format: Literal["csv", "jsonl"] = "csv",  # noqa: A002 - the name of the query parameter
    by: Annotated[Literal["row", "asset"], Query(description="What has a line of its own")] = "row",
) -> Response:
    """One line per row, or per asset of all rows, with its status and its cost so far; also while the batch runs."""
    view, url = await services.batches.batch(batch_id), str(request.base_url).rstrip("/")
    if by == "asset":
        snapshots = [(row, await services.reader.snapshot(row.production_id)) for row in view.rows if row.assets]
        lines: Sequence[View] = [line for row, each in snapshots for line in asset_results(row, each, url)]
    else:
        lines = _results(view, url)
    if format == "csv":
        content, media_type = _csv(lines, by), "text/csv; charset=utf-8"
    else:
        content, media_type = "".join(f"{line.model_dump_json()}\n" for line in lines), "application/x-ndjson"
    named = {"Content-Disposition": f'attachment; filename="{batch_id}.{format}"'}
    return Response(content, headers=named, media_type=media_type)


@router.get(
    "/{batch_id}/deliverables.zip",
    response_class=StreamingResponse,
    dependencies=ONE_TRANSFER,
    responses={**ZIP, **documented(404, 409, 429)},
)
async def archive(services: ServicesDep, batch_id: KnownBatch) -> StreamingResponse:
    """One archive with a folder for each delivered row: its deliverable, its manifest, and its takes."""
    view = await services.batches.batch(batch_id)
    rows = [row for row in view.rows if row.status == ProductionStatus.DELIVERED]
    if not rows:
        message = "no row of the batch is delivered yet"
        raise Problem.of_field("batch_id", message, "wait until one is", status=409, kind="wrong-phase")
    await services.vault.check()
    return zip_response(services.vault, batch_id, _names(services, rows))


async def _names(services: Services, rows: Iterable[BatchRowView]) -> AsyncIterator[tuple[str, str]]:
    """Names in the archive and keys in the bucket, of one production after another."""
    for row in rows:
        snapshot = await services.reader.snapshot(row.production_id)
        folder = f"{row.row:04}-{_FOLDER.sub('-', row.key)}"
        for name, key in names_in_archive(snapshot).items():
            yield f"{folder}/{name}", key


@router.post("/{batch_id}/admit", responses=_DECIDED)
async def admit(
    services: ServicesDep, caller: CurrentCaller, batch_id: KnownBatch, body: Admit, key: RequestKey = None
) -> BatchView:
    """Approve all waiting rows together; refused where they do not fit the budget."""
    return await services.batches.admit(batch_id, keyed(caller.sign(body), key))


@router.post("/{batch_id}/stop", responses=_DECIDED)
async def stop(services: ServicesDep, batch_id: KnownBatch) -> BatchView:
    """Start and approve no more rows; running productions continue."""
    return await services.batches.stop(batch_id)


async def _briefs(services: Services, caller: Caller, body: BatchBody) -> list[Brief]:
    """The briefs of all rows.

    Raises:
        Problem: 422, which names every invalid row; 403.
    """
    if len(body.rows) > MAX_ROWS:
        raise _too_large(f"are {len(body.rows):,} of at most {MAX_ROWS:,}")
    defaults: dict[str, JsonValue] = {"requester": body.requester, **body.defaults}
    briefs: list[Brief] = []
    errors: list[FieldError] = []
    for index, row in enumerate(body.rows):
        try:
            brief = caller.admit(Brief.model_validate({**defaults, **row.brief}))
            await services.fleet.check(brief)
        except ValidationError as error:
            errors += (_row_error(index, found) for found in field_errors(error.errors()))
        except Problem as problem:
            if problem.status_code == 403:  # one forbidden row forbids the batch, so the others need no check
                raise
            errors += (_row_error(index, found) for found in problem.problem.errors)
        else:
            briefs.append(brief)
            errors += (_row_error(index, found) for found in series_errors(brief) if body.series)
    if not errors:
        errors = [*_errors_between_rows(body, briefs)]
    if errors:
        bad = len({error.field.partition("]")[0] for error in errors})
        detail = f"{bad} of {len(body.rows)} rows cannot be made, so none is started; {errors[0].message}"
        raise Problem(422, "invalid-request", detail, errors=errors)
    return briefs


def _row_error(index: int, error: FieldError) -> FieldError:
    """The error with its path in the body, and with the row's number for people."""
    field = f"rows[{index}].brief.{error.field}".removesuffix(".body")
    return error.model_copy(update={"field": field, "message": f"row {index + 1}: {error.field} {error.message}"})


def _errors_between_rows(body: BatchBody, briefs: list[Brief]) -> Iterator[FieldError]:
    first: dict[str, int] = {}
    for index, (row, brief) in enumerate(zip(body.rows, briefs, strict=True)):
        number = index + 1
        same = first.setdefault(_key(row, brief), number)
        if same != number:
            message = f"has the key {row.key!r} of row {same}" if row.key else f"is the same as row {same}"
            yield FieldError(
                field=f"rows[{index}].key",
                message=f"row {number}: {message}",
                remedy="give it a key of its own, or drop it",
            )
        if brief.tenant != briefs[0].tenant:
            yield FieldError(
                field=f"rows[{index}].brief.tenant",
                message=f"row {number}: tenant {brief.tenant!r} is not that of row 1, {briefs[0].tenant!r}",
                remedy="send a batch for each tenant",
            )
        if brief.approval.auto_below_usd is not None and (body.approve or body.series or body.budget_usd is not None):
            yield FieldError(
                field=f"rows[{index}].brief.approval.auto_below_usd",
                message=f"row {number}: approval.auto_below_usd would approve it before the others are planned",
                remedy="leave it out, or leave out approve, series and budget_usd",
            )


def _key(row: BatchRowBody, brief: Brief) -> str:
    return row.key or digest_of(brief.model_dump(mode="json", exclude={"requester"}))


def _rows(batch_id: str, rows: Iterable[BatchRowBody], briefs: Iterable[Brief]) -> Iterator[BatchRow]:
    for number, (row, brief) in enumerate(zip(rows, briefs, strict=True), start=1):
        key = _key(row, brief)
        production_id = production_id_for(brief.tenant, f"batch/{batch_id}/{key}")
        title = title_of(brief).encode()[:MAX_TITLE_BYTES].decode(errors="ignore")
        yield BatchRow(row=number, key=key, production_id=production_id, title=title, brief=brief)


def _too_large(message: str) -> Problem:
    return Problem.of_field("rows", message, "split the file into several batches")


def _links(services: Services, batch_id: str) -> BatchLinks:
    path, ui = f"{PREFIX}/batches/{batch_id}", services.settings.temporal_ui_url
    run = f"{ui}/namespaces/{services.temporal.namespace}/workflows/{keys.batch_workflow_id(batch_id)}"
    return BatchLinks(batch=path, results=f"{path}/results", temporal_ui=run if ui else None)


def _results(view: BatchView, url: str) -> list[BatchResult]:
    return [
        BatchResult(
            row=row.row,
            key=row.key,
            production_id=row.production_id,
            status=row.status,
            cost_usd=row.spent_usd,
            error=row.error,
            title=row.title,
            deliverable=f"{url}{production_path(row.production_id)}/deliverable"
            if row.status == ProductionStatus.DELIVERED
            else "",
        )
        for row in view.rows
    ]


def _csv(lines: Iterable[View], by: str) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, (BatchAssetResult if by == "asset" else BatchResult).model_fields)
    writer.writeheader()
    writer.writerows(_safe(line.model_dump(mode="json")) for line in lines)
    return file.getvalue()


def _safe(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells, with a quote before text that a spreadsheet would run as a formula: also after spaces or quotation
    marks, and in the wide forms of East Asian keyboards."""
    return {n: f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell for n, cell in cells.items()}

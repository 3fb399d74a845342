"""Commands about the fields of documents: extract, fields, review."""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from pydantic import JsonValue, ValidationError
from rich.markup import escape

from api.cli.commands.batch import show_batch
from api.cli.commands.watch import OutOption, print_paths
from api.cli.context import (
    DECIDE,
    EXIT_ATTENTION,
    EXIT_REFUSED,
    INSPECT,
    MAKE,
    Cli,
    Context,
    JsonOption,
    ProductionArgument,
    check_out,
    cli_of,
    current_user,
    print_receipt,
)
from api.cli.extracted import show_fields, write_kinds
from api.cli.files import existing_file
from api.client.client import GreenlightError
from api.views.batches import BatchBody, BatchRowBody
from api.views.fields import FieldsView
from api.views.production import ProductionView
from workflows import keys
from workflows.batch.records import MAX_AT_ONCE, MAX_ROWS, BatchStatus, BatchView
from workflows.brief import Brief
from workflows.events import ProductionStatus
from workflows.extraction.fields import Extract
from workflows.references.kinds import Use
from workflows.requests import Approval

app = typer.Typer()

_ENDED: Final = ("plan_ready", "plan_failed", "needs_attention", "cancelled", "done")
Paths = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="Documents, or a folder of them: each file is one production.")
]
SchemaOption = Annotated[
    str | None, typer.Option("--schema", metavar="FILE", help="A JSON schema of the fields, instead of a preset.")
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="RULE", help="A further rule, e.g. 'total == sum(line_items.amount)'; repeat."),
]
PresetOption = Annotated[
    str, typer.Option(metavar="PRESET", help="auto, invoice, receipt, contract, product_sheet or form.")
]


@app.command(rich_help_panel=MAKE)
def extract(
    context: Context,
    files: Paths,
    preset: PresetOption = "auto",
    schema: SchemaOption = None,
    rule: RuleOption = None,
    threshold: Annotated[
        str | None, typer.Option(metavar="SHARE", help="A field with less confidence waits for a review: 0 to 1.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=MAX_AT_ONCE, help="Of several documents: how many at a time.")] = 5,
    tenant: Annotated[str, typer.Option(help="The tenant for whom it is made.")] = "default",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Extract the fields of documents: their values with page and words, as JSON and CSV. Uncertain ones wait."""
    cli = cli_of(context)
    check_out(out)
    wanted = _wanted(preset, schema, rule, threshold)
    found = _files(cli, files)
    if len(found) > 1 or Path(files[0]).is_dir():
        _many(cli, found, wanted, at_once, tenant, out or Path("out") / "extracted")
        return
    _one(cli, found[0], wanted, tenant, out, as_json=as_json)


@app.command(rich_help_panel=INSPECT)
def fields(
    context: Context,
    production_id: ProductionArgument,
    number: Annotated[int | None, typer.Argument(min=1, help="Only of this reference: 2 of reference-2.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the fields that were extracted, with their pages and words, and what waits for a review."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    views = [cli.client.fields(production_id, n) for n in _numbers(cli.client.get(production_id), number)]
    if as_json:
        cli.print_json(views)
        return
    if not views:
        cli.print("No reference of this production has the use extract.")
    for view in views:
        show_fields(cli, view, production_id)


@app.command(rich_help_panel=DECIDE)
def review(
    context: Context,
    production_id: ProductionArgument,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The number of the reference.")] = 1,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What a field is; without VALUE it has none; repeat."),
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="ID", help="A field or rule that is right; repeat.")
    ] = None,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Everything that waits is right as it is.")] = False,
) -> None:
    """Correct extracted fields, or accept them as they are; your name is recorded."""
    cli = cli_of(context)
    parsed: dict[str, str | None] = {}
    for each in changes or ():
        path, equals, value = each.partition("=")
        if not path or not equals:
            raise typer.BadParameter(f"--set: {each!r}: write FIELD=VALUE, e.g. total='119.00 EUR'")
        parsed[path] = value or None
    accepted = [*(accept or ()), *(["*"] if accept_all else [])]
    if not parsed and not accepted:
        raise typer.BadParameter("--set: give a correction, or --accept, or --accept-all")
    full = cli.production_id(production_id)
    receipt = cli.client.review_fields(full, number, parsed, accepted, reviewer=current_user())
    print_receipt(cli, production_id, "Reviewed", receipt)


def _wanted(preset: str, schema: str | None, rules: list[str] | None, threshold: str | None) -> Extract:
    given: dict[str, Any] = {"preset": preset}
    if schema:
        given["json_schema"] = _json(schema)
    if rules:
        given["rules"] = rules
    if threshold is not None:
        try:
            given["threshold"] = Decimal(threshold)
        except InvalidOperation:
            raise typer.BadParameter(f"--threshold: {threshold!r}: write a number from 0 to 1") from None
    try:
        return Extract.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        message = str(first["msg"]).removeprefix("Value error, ")
        raise typer.BadParameter(f"{place}: {message}" if place else message) from None


def _json(name: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(existing_file(name).read_text("utf-8-sig"))
    except ValueError as error:
        raise typer.BadParameter(f"--schema: {name} is no JSON: {error}") from None
    return found


def _files(cli: Cli, given: Sequence[str]) -> list[Path]:
    """The documents, in the order of their names; of a folder all files in it that are not hidden."""
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            found += _in_folder(cli, path)
        else:
            found.append(existing_file(name))
    if not found:
        raise typer.BadParameter(f"{given[0]} contains no files")
    if len(found) > MAX_ROWS:
        raise typer.BadParameter(f"there are {len(found)} documents; give at most {MAX_ROWS} at a time")
    return found


def _in_folder(cli: Cli, folder: Path) -> list[Path]:
    """Its files, without those that a link in it leads to: such a folder could come from another person."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if path.resolve().is_relative_to(folder.resolve()):
            found.append(path)
        else:
            cli.warn(f"[yellow]Skipped[/yellow]: {escape(path.name)} is a link out of the folder; give the file itself")
    return found


def _reference(source: str, name: str, wanted: Extract) -> dict[str, JsonValue]:
    dumped = wanted.model_dump(mode="json", exclude_defaults=True)
    return {"source": source, "name": name[:200], "use": Use.EXTRACT.value, "extract": dumped}


def _brief(reference: dict[str, JsonValue], tenant: str) -> dict[str, JsonValue]:
    name = str(reference["name"])
    return {
        "text": f"The fields of {name}.",
        "title": name,
        "platform": "document",
        "references": [reference],
        "tenant": tenant,
        "requester": current_user(),
    }


def _one(cli: Cli, file: Path, wanted: Extract, tenant: str, out: Path | None, *, as_json: bool) -> None:
    reference = _reference(cli.client.add_reference(file), file.name, wanted)
    brief = Brief.model_validate(_brief(reference, tenant))
    production_id = cli.client.start(brief, idempotency_key=cli.key).production_id
    cli.warn(f"Production {production_id}")
    production = _delivered(cli, production_id)
    if production.plan is None and production.status is not ProductionStatus.NEEDS_ATTENTION:
        raise GreenlightError("No fields were extracted", production.error or production.status.value)
    view = cli.client.fields(production_id, 1)
    if as_json:
        cli.print_json(view)
    else:
        show_fields(cli, view, production_id)
    if production.status is ProductionStatus.NEEDS_ATTENTION:
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)
    if out:
        print_paths(cli, cli.client.download_all(production, out))


def _delivered(cli: Cli, production_id: str) -> ProductionView:
    """The production when it is closed, or waits for a person. A plan that costs nothing is approved."""
    with cli.err.status("Reading the document…"):
        for event in cli.client.events(production_id):
            if event.name not in _ENDED:
                continue
            production = cli.client.get(production_id)
            if production.status is ProductionStatus.AWAITING_APPROVAL and production.plan:
                if production.plan.high_usd or production.plan.unknown_prices:
                    return production
                approval = Approval(plan_digest=production.plan.digest, approver=current_user())
                cli.client.approve(production_id, approval)
            elif event.name != "plan_ready" and _waits(production):
                return production
    return cli.client.get(production_id)


def _waits(production: ProductionView) -> bool:
    return production.status is ProductionStatus.NEEDS_ATTENTION or production.status.closed


def _many(cli: Cli, files: Sequence[Path], wanted: Extract, at_once: int, tenant: str, out: Path) -> None:
    """One production for each document, as a batch; the results are files for each kind."""
    rows, refused = _uploaded(cli, files, wanted, tenant)
    if not rows:
        raise typer.Exit(EXIT_REFUSED)
    batch_id = keys.qualify_id(tenant, f"extract-{uuid4().hex[:16]}")
    body = BatchBody(
        rows=tuple(rows),
        defaults={"tenant": tenant},
        batch_id=batch_id,
        at_once=at_once,
        approve=True,
        requester=current_user(),
        file=files[0].parent.name[:200],
    )
    batch_id = cli.client.start_batch(body).batch_id
    cli.warn(f"Batch {batch_id}: {len(rows)} documents")
    view = _followed(cli, batch_id)
    views = [(row.production_id, found) for row in view.rows if (found := _fields_of(cli, row.production_id))]
    for kind, count in write_kinds(views, out).items():
        waiting = sum(bool(found.waiting) for _, found in views if found.kind == kind)
        cli.print(f"{kind.replace('_', ' ')}: {count}, {waiting} to review  {escape(str(out / kind))}.csv, .json")
    for production_id, found in views:
        if found.waiting:
            cli.print(f"  to review: {escape(found.name)}  greenlight fields {production_id}")
    failed = [row for row in view.rows if row.status == ProductionStatus.FAILED]
    for row in failed:
        cli.warn(f"[red]Not read[/red]: {escape(row.key)}: {escape(row.error)}")
    if any(found.waiting for _, found in views):
        raise typer.Exit(EXIT_ATTENTION)
    if failed or refused:
        raise typer.Exit(EXIT_REFUSED)


def _uploaded(cli: Cli, files: Sequence[Path], wanted: Extract, tenant: str) -> tuple[list[BatchRowBody], int]:
    """A row for each file that the API takes, and the number of the others, whose reasons are printed."""
    rows: list[BatchRowBody] = []
    refused = 0
    for number, file in enumerate(files, start=1):
        try:
            source = cli.client.add_reference(file)
        except GreenlightError as error:
            if error.status not in (400, 413, 415, 422):
                raise
            refused += 1
            reasons = "; ".join(f"{each.message}; {each.remedy}".strip("; ") for each in error.errors)
            cli.warn(f"[red]Refused[/red]: {escape(file.name)}: {escape(reasons or error.detail)}")
            continue
        brief = _brief(_reference(source, file.name, wanted), tenant)
        rows.append(BatchRowBody(key=f"{number} {file.name}"[:100], brief=brief))
    return rows, refused


def _followed(cli: Cli, batch_id: str) -> BatchView:
    """The batch when it is done, or when everything else waits for people."""
    runs = (BatchStatus.PLANNING, BatchStatus.PRODUCING, BatchStatus.PLANNED)
    return show_batch(cli, batch_id, lambda view: view.status not in runs)


def _fields_of(cli: Cli, production_id: str) -> FieldsView | None:
    """The fields; None for a production without any."""
    try:
        return cli.client.fields(production_id, 1)
    except GreenlightError as error:
        if error.status != 404:
            raise
        return None


def _numbers(production: ProductionView, number: int | None) -> list[int]:
    """The references whose fields were extracted."""
    if number is not None:
        return [number]
    given = enumerate(production.brief.references, start=1)
    return [n for n, each in given if each.use is Use.EXTRACT]

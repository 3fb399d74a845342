"""Commands that change a plan, before or after its approval: edit, revise, history."""

import shlex
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from api.cli.context import (
    DECIDE,
    INSPECT,
    Cli,
    Context,
    JsonOption,
    ProductionArgument,
    UnknownOption,
    cli_of,
    current_user,
    plan_of,
    report,
    usd_option,
)
from api.cli.editor import open_editor
from api.cli.files import file_option
from api.cli.options import parse_inline, parse_parameters
from api.cli.plan_file import PlanFileError, cut_of, edits_between, edits_of_assets, to_yaml, translations_of
from api.cli.tables import approve_command, local_time, show_plan, show_stale
from api.client.client import GreenlightError
from api.views.changes import PlanChange
from api.views.production import PlanView, ProductionView
from workflows.events import ProductionStatus
from workflows.requests import EditOp, PlanEdit, Revision

app = typer.Typer()


@dataclass(frozen=True)
class _Editing:
    """An edit of one plan, and the budget for it."""

    cli: Cli
    production: ProductionView
    plan: PlanView
    budget: Decimal | None
    allow_unknown_prices: bool

    def send(self, edits: Sequence[EditOp]) -> None:
        """Send the edits and print the new plan."""
        if not edits:
            self.cli.print("Nothing was changed.")
            return
        edit = PlanEdit(
            plan_digest=self.plan.digest,
            edits=tuple(edits),
            editor=current_user(),
            budget_usd=self.budget,
            allow_unknown_prices=self.allow_unknown_prices,
        )
        production_id = self.production.production_id
        plan = self.cli.client.edit_plan(production_id, edit, idempotency_key=self.cli.key)
        _show_edited(self.cli, production_id, plan)

    def send_file(self, file: Path) -> None:
        """Send the edits that lead from the plan to the content of the file."""
        try:
            edits = edits_between(self.plan, _read_text(file), keep_dropped=self.production.approval is not None)
        except PlanFileError as error:
            raise GreenlightError("The plan was not changed", str(error)) from None
        self.send(edits)


@app.command(rich_help_panel=DECIDE)
def edit(
    context: Context,
    production_id: ProductionArgument,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="ASSET.FIELD=VALUE",
            help="E.g. shot-2.prompt=…, narration-2.delivery='sad, slowly' (how it is said), "
            "shot-2.parameters.seconds=4 (null removes), shot-2.depends_on=still-2, "
            "shot-2.continues=shot-1 (its last frame is the first of shot-2), shot-2.last_frame=still-3; repeat.",
        ),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="ASSET", help="Leave this asset out; repeat.")] = None,
    move: Annotated[
        list[str] | None,
        typer.Option(metavar="ASSET=POSITION", help="Move the asset to this position, counted from 1; repeat."),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="ASSET", help="A new asset as YAML or JSON, or a file with it; repeat."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    cut: Annotated[
        str | None,
        typer.Option(
            metavar="CUT",
            help="The cut of the film as YAML or JSON, or a file with it, e.g. "
            "'{transitions: {shot-2: {kind: dissolve, seconds: 1}}, fade_out_seconds: 1}'.",
        ),
    ] = None,
    languages: Annotated[
        str | None,
        typer.Option(metavar="TAGS", help="All languages of the film, e.g. en,de,ja; what is new is translated."),
    ] = None,
    translations: Annotated[
        str | None,
        typer.Option(metavar="TEXTS", help="Own translations as YAML or JSON, or a file: {de: {The sea.: Das Meer.}}."),
    ] = None,
    file: Annotated[Path | None, file_option("--file", help_text="The whole edited plan, as YAML.")] = None,
    budget: Annotated[Decimal | None, usd_option("After the approval: raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Change the plan, also after its approval. Without options it opens as YAML in $EDITOR."""
    cli = cli_of(context)
    edits = [_parse_set(text) for text in sets or ()]
    edits += [op for text in add or () for op in _parse_add(text)]
    edits += [EditOp(op="drop", asset_id=asset_id) for asset_id in drop or ()]
    edits += [_parse_move(text) for text in move or ()]
    edits += [EditOp(op="title", title=title)] if title is not None else []
    edits += [_parse_cut(cut)] if cut is not None else []
    edits += _parse_languages(languages, translations)
    if file and edits:
        raise typer.BadParameter(
            "--file holds the whole plan: do not use it with --set, --add, --drop, --move, --title, --cut, --languages"
        )
    production = cli.client.get(cli.production_id(production_id))
    editing = _Editing(cli, production, plan_of(production), budget, allow_unknown_prices)
    if edits:
        editing.send(edits)
    elif file:
        editing.send_file(file)
    else:
        _edit_in_editor(editing)


@app.command(rich_help_panel=DECIDE)
def revise(
    context: Context,
    production_id: ProductionArgument,
    feedback: Annotated[str, typer.Argument(metavar="TEXT", help="The change that you want.")],
) -> None:
    """Plan again with your feedback, and show the changes."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    revised = cli.client.revise(
        production_id, Revision(feedback=feedback, reviser=current_user()), idempotency_key=cli.key
    )
    _show_edited(cli, production_id, revised)


@app.command(rich_help_panel=INSPECT)
def history(context: Context, production_id: ProductionArgument, as_json: JsonOption = False) -> None:
    """Show every plan of a production: who made it, when, how, and its changes."""
    cli = cli_of(context)
    found = cli.client.plan_history(cli.production_id(production_id))
    if as_json:
        cli.print_json(found)
        return
    if not found.versions:
        cli.print("There is no plan yet.")
    for version in found.versions:
        origin = " ".join(filter(None, (version.how or "plan", f"by {version.by}" if version.by else "")))
        mark = "  [green](current)[/green]" if version is found.versions[-1] else ""
        cli.print(f"[bold]{local_time(version.at)}[/bold]  {escape(origin)}  {version.plan_digest}{mark}")
        if version.feedback:
            cli.print(f"  “{escape(version.feedback)}”")
        show_changes(cli.out, version.changes)


def show_changes(console: Console, changes: Iterable[PlanChange]) -> None:
    """Print each change with the old and the new value."""
    for change in changes:
        heading, has_values = _heading(change)
        console.print(escape(heading), soft_wrap=True)
        if has_values:
            for mark, style, value in (("-", "red", change.before), ("+", "green", change.after)):
                if value is not None:
                    text = " ".join(str(value).split())
                    console.print(f"  [{style}]{mark} {escape(text)}[/{style}]", soft_wrap=True)


def _heading(change: PlanChange) -> tuple[str, bool]:
    """The line that names a change, and whether the old and the new value follow below."""
    match change.field:
        case "title":
            return f"changed  the title: {change.after}", False
        case "added" | "dropped" | "left out":
            return f"{change.field:<7}  {change.asset_id}", False
        case "cut":
            return "changed  the cut", True
        case "order":
            return f"moved    now {change.after}", False
        case "more":
            return f"…        {change.after}", False
        case _:
            return f"changed  {change.asset_id}: {change.field}", True


def _show_edited(cli: Cli, production_id: str, plan: PlanView) -> None:
    """Print the new plan, its changes, and the next command."""
    show_plan(cli.out, plan)
    newest = cli.client.plan_history(production_id).versions[-1:]
    cli.print("")
    show_changes(cli.out, newest[0].changes if newest and newest[0].plan_digest == plan.digest else ())
    production = cli.client.get(production_id)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        cli.print(f"\nApprove it: [bold]{approve_command(production_id, plan)}[/bold]")
        return
    show_stale(cli.out, production)
    if not production.status.closed:
        cli.print(f"\nFollow it: [bold]greenlight watch {production_id}[/bold]")


def _edit_in_editor(editing: _Editing) -> None:
    """Open the plan in the editor and send the changes; a file that cannot be sent is kept."""
    folder = Path(tempfile.mkdtemp(prefix="greenlight-"))
    file, before = folder / f"plan-{editing.plan.digest[:8]}.yaml", to_yaml(editing.plan)
    file.write_text(before, encoding="utf-8")
    try:
        open_editor(file, "The plan was not changed", "use --set, --add, --drop, --move")
        editing.send_file(file)
    except (GreenlightError, ValidationError) as error:
        exit_ = report(error)
        if file.is_file() and file.read_bytes() != before.encode():
            _print_kept(editing, file, changed=getattr(error, "plan_digest", None) not in (None, editing.plan.digest))
        else:
            shutil.rmtree(folder)
        raise exit_ from None
    shutil.rmtree(folder)


def _print_kept(editing: _Editing, file: Path, *, changed: bool) -> None:
    cli = editing.cli
    command = f"[bold]greenlight edit {editing.production.production_id} --file {escape(shlex.quote(str(file)))}[/bold]"
    cli.warn(f"\nYour edit is kept in {escape(str(file))}")
    if changed:
        # The file holds a whole plan, which is not the current one any more.
        cli.warn(f"The plan has changed meanwhile, and your file would undo that change. To send it anyway: {command}")
    else:
        cli.warn(f"Fix it and send it again: {command}")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        detail = "The file is not text in UTF-8."
    except OSError as error:
        detail = f"The file cannot be read: {error.strerror}."
    raise GreenlightError("The plan was not changed", detail)


def _parse_add(text: str) -> list[EditOp]:
    """The assets that the text or the file of this name describes."""
    return parse_inline("--add", text, edits_of_assets)


def _parse_cut(text: str) -> EditOp:
    """The cut that the text or the file of this name describes."""
    return EditOp(op="cut", cut=parse_inline("--cut", text, cut_of))


def _parse_languages(languages: str | None, translations: str | None) -> list[EditOp]:
    if languages is None:
        if translations is not None:
            raise typer.BadParameter("--translations: name the languages of the film too, e.g. --languages en,de")
        return []
    tags = [tag.strip() for tag in languages.split(",") if tag.strip()]
    given = parse_inline("--translations", translations, translations_of) if translations is not None else {}
    return [EditOp.model_validate({"op": "languages", "languages": tags, "translations": given})]


def _parse_set(text: str) -> EditOp:
    target, separator, value = text.partition("=")
    asset_id, _, name = target.partition(".")
    if not separator or not name:
        raise typer.BadParameter(f"--set {text!r}: write ASSET.FIELD=VALUE, e.g. shot-2.prompt=…")
    if name.startswith("parameters."):
        return EditOp(
            op="change", asset_id=asset_id, parameters=parse_parameters([f"{name.partition('.')[2]}={value}"])
        )
    if name == "depends_on":
        return EditOp(
            op="change", asset_id=asset_id, depends_on=tuple(v.strip() for v in value.split(",") if v.strip())
        )
    if name not in ("prompt", "delivery", "label", "provider", "model", "continues", "last_frame"):
        raise typer.BadParameter(
            f"--set {text!r}: choose prompt, delivery, label, provider, model, depends_on, continues, last_frame or "
            f"parameters.NAME, not {name!r}"
        )
    return EditOp.model_validate({"op": "change", "asset_id": asset_id, name: value})


def _parse_move(text: str) -> EditOp:
    asset_id, _, position = text.partition("=")
    if not position.isdecimal() or int(position) < 1:
        raise typer.BadParameter(f"--move {text!r}: write ASSET=POSITION, counted from 1, e.g. shot-2=1")
    return EditOp(op="move", asset_id=asset_id, position=int(position))

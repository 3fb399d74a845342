"""Commands that change a plan, before its approval or after: edit, revise, history."""

import os
import shlex
import shutil
import subprocess
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
    Context,
    JsonOption,
    ProductionArgument,
    Studio,
    UnknownOption,
    me,
    studio_of,
    told,
    usd_option,
)
from api.cli.options import parameters
from api.cli.plan_file import PlanFileError, added, edits_between, to_yaml
from api.cli.tables import approve_command, show_plan, show_stale
from api.client.client import GreenlightError
from api.views.changes import PlanChange
from api.views.production import PlanView, ProductionView
from workflows.events import ProductionStatus
from workflows.requests import EditOp, PlanEdit, Revision

app = typer.Typer()

PANEL = "Decide"


@dataclass(frozen=True)
class _Editing:
    """One edit on its way: of which plan, and what it may spend."""

    studio: Studio
    production: ProductionView
    plan: PlanView
    budget: Decimal | None
    allow_unknown_prices: bool

    def send(self, edits: Sequence[EditOp]) -> None:
        if not edits:
            self.studio.say("Nothing was changed.")
            return
        edit = PlanEdit(
            plan_digest=self.plan.digest,
            edits=tuple(edits),
            editor=me(),
            budget_usd=self.budget,
            allow_unknown_prices=self.allow_unknown_prices,
        )
        production_id = self.production.production_id
        plan = self.studio.client.edit_plan(production_id, edit, idempotency_key=self.studio.key)
        _show_new(self.studio, production_id, plan)

    def send_file(self, file: Path) -> None:
        try:
            edits = edits_between(self.plan, _text_of(file), dropped_stay=self.production.approval is not None)
        except PlanFileError as error:
            raise GreenlightError("The plan was not changed", str(error)) from None
        self.send(edits)


@app.command(rich_help_panel=PANEL)
def edit(
    context: Context,
    production_id: ProductionArgument,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="ASSET.FIELD=VALUE",
            help="E.g. shot-2.prompt=…, shot-2.parameters.seconds=4 (null removes), shot-2.depends_on=still-2; repeat.",
        ),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="ASSET", help="Leave this asset out; repeat.")] = None,
    move: Annotated[
        list[str] | None, typer.Option(metavar="ASSET=POSITION", help="Move it there, counted from 1; repeat.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="ASSET", help="A new asset as YAML or JSON, or a file that holds it; repeat."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, metavar="PATH", help="The whole plan, edited, as YAML.")
    ] = None,
    budget: Annotated[Decimal | None, usd_option("After the approval: raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Change the plan, also after its approval. Without options it opens in $EDITOR, as YAML."""
    studio = studio_of(context)
    production = studio.client.get(production_id)
    edits = [_set(text) for text in sets or ()]
    edits += [op for text in add or () for op in _added(text)]
    edits += [EditOp(op="drop", asset_id=asset_id) for asset_id in drop or ()]
    edits += [_move(text) for text in move or ()]
    edits += [EditOp(op="title", title=title)] if title is not None else []
    if file and edits:
        raise typer.BadParameter("--file is the whole plan: leave --set, --add, --drop, --move and --title away")
    editing = _Editing(studio, production, plan_of(production), budget, allow_unknown_prices)
    if edits:
        editing.send(edits)
    elif file:
        editing.send_file(file)
    else:
        _edit_by_hand(editing)


@app.command(rich_help_panel=PANEL)
def revise(
    context: Context,
    production_id: ProductionArgument,
    feedback: Annotated[str, typer.Argument(metavar="WORDS", help="What should be different.")],
) -> None:
    """Plan again with your words, and show what changed."""
    studio = studio_of(context)
    revised = studio.client.revise(production_id, Revision(feedback=feedback, reviser=me()), idempotency_key=studio.key)
    _show_new(studio, production_id, revised)


@app.command(rich_help_panel="Look")
def history(context: Context, production_id: ProductionArgument, as_json: JsonOption = False) -> None:
    """Show every plan that a production had: who made it, when, how, and what changed."""
    studio = studio_of(context)
    found = studio.client.plan_history(production_id)
    if as_json:
        studio.json(found)
        return
    if not found.versions:
        studio.say("There is no plan yet.")
    for version in found.versions:
        how = " ".join(filter(None, (version.how or "plan", f"by {version.by}" if version.by else "")))
        now = "  [green](current)[/green]" if version is found.versions[-1] else ""
        studio.say(f"[bold]{version.at.astimezone():%Y-%m-%d %H:%M}[/bold]  {escape(how)}  {version.plan_digest}{now}")
        if version.feedback:
            studio.say(f"  “{escape(version.feedback)}”")
        show_changes(studio.out, version.changes)


def plan_of(production: ProductionView) -> PlanView:
    if production.plan is None:
        raise GreenlightError("There is no plan yet", f"The production is {production.status.value}.")
    return production.plan


def show_changes(console: Console, changes: Iterable[PlanChange]) -> None:
    """What became different, each with what it was and what it is."""
    for change in changes:
        head, differs = _head(change)
        console.print(escape(head), soft_wrap=True)
        if differs:
            for mark, style, value in (("-", "red", change.before), ("+", "green", change.after)):
                if value is not None:
                    words = " ".join(str(value).split())
                    console.print(f"  [{style}]{mark} {escape(words)}[/{style}]", soft_wrap=True)


def _head(change: PlanChange) -> tuple[str, bool]:
    """The line that names a change, and whether what was and what is follow below."""
    match change.field:
        case "title":
            return f"changed  the title: {change.after}", False
        case "added" | "dropped" | "left out":
            return f"{change.field:<7}  {change.asset_id}", False
        case "order":
            return f"moved    now {change.after}", False
        case "more":
            return f"…        {change.after}", False
        case _:
            return f"changed  {change.asset_id}: {change.field}", True


def _show_new(studio: Studio, production_id: str, plan: PlanView) -> None:
    """The new plan, what changed, and what can be done with it now."""
    show_plan(studio.out, plan)
    newest = studio.client.plan_history(production_id).versions[-1:]
    studio.say("")
    show_changes(studio.out, newest[0].changes if newest and newest[0].plan_digest == plan.digest else ())
    production = studio.client.get(production_id)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        studio.say(f"\nApprove it: [bold]{approve_command(production_id, plan)}[/bold]")
        return
    show_stale(studio.out, production)
    if not production.status.closed:
        studio.say(f"\nFollow it: [bold]greenlight watch {production_id}[/bold]")


def _edit_by_hand(editing: _Editing) -> None:
    """Open the plan in the editor and send what was changed; a file that cannot be sent is kept."""
    folder = Path(tempfile.mkdtemp(prefix="greenlight-"))
    file, before = folder / f"plan-{editing.plan.digest[:8]}.yaml", to_yaml(editing.plan)
    file.write_text(before, encoding="utf-8")
    try:
        _open_editor(file)
        editing.send_file(file)
    except (GreenlightError, ValidationError) as error:
        code = told(error)
        if file.is_file() and file.read_bytes() != before.encode():
            _say_kept(editing, file, changed=getattr(error, "plan_digest", None) not in (None, editing.plan.digest))
        else:
            shutil.rmtree(folder)
        raise code from None
    shutil.rmtree(folder)


def _say_kept(editing: _Editing, file: Path, *, changed: bool) -> None:
    studio = editing.studio
    again = f"[bold]greenlight edit {editing.production.production_id} --file {escape(shlex.quote(str(file)))}[/bold]"
    studio.warn(f"\nYour edit is kept in {escape(str(file))}")
    if changed:
        # The file is the whole of a plan that is not the current one any more.
        studio.warn(f"The plan has changed meanwhile, and your file would undo that. To send it nevertheless: {again}")
    else:
        studio.warn(f"Mend it and send it again: {again}")


def _open_editor(file: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode
        problem = f"ended with exit code {code}" if code else ""
    except OSError as error:
        problem = f"cannot be started: {error.strerror}"
    except ValueError:
        problem = "is not a command: a quotation mark is not closed"
    if problem:
        raise GreenlightError(
            "The plan was not changed",
            f"The editor {editor!r} {problem}. Set EDITOR to your editor, or use --set, --add, --drop, --move.",
        )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        detail = "The file is not text in UTF-8."
    except OSError as error:
        detail = f"The file cannot be read: {error.strerror}."
    raise GreenlightError("The plan was not changed", detail)


def _added(text: str) -> list[EditOp]:
    """The assets that a file or the words themselves describe."""
    try:
        inline = any(mark in text for mark in ("{", ": ", "\n"))
        return added(text if inline else _text_of(Path(text)))
    except PlanFileError as error:
        raise typer.BadParameter(f"--add: {error}") from None


def _set(text: str) -> EditOp:
    where, found, value = text.partition("=")
    asset_id, _, name = where.partition(".")
    if not found or not name:
        raise typer.BadParameter(f"--set {text!r}: write ASSET.FIELD=VALUE, e.g. shot-2.prompt=…")
    if name.startswith("parameters."):
        return EditOp(op="change", asset_id=asset_id, parameters=parameters([f"{name.partition('.')[2]}={value}"]))
    if name == "depends_on":
        return EditOp(
            op="change", asset_id=asset_id, depends_on=tuple(v.strip() for v in value.split(",") if v.strip())
        )
    if name not in ("prompt", "label", "provider", "model"):
        raise typer.BadParameter(
            f"--set {text!r}: choose prompt, label, provider, model, depends_on or parameters.NAME, not {name!r}"
        )
    return EditOp.model_validate({"op": "change", "asset_id": asset_id, name: value})


def _move(text: str) -> EditOp:
    asset_id, _, position = text.partition("=")
    if not position.isdecimal() or int(position) < 1:
        raise typer.BadParameter(f"--move {text!r}: write ASSET=POSITION, counted from 1, e.g. shot-2=1")
    return EditOp(op="move", asset_id=asset_id, position=int(position))

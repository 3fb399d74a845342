"""Commands that decide: approve, reject, edit, revise, regenerate, resolve, select, cancel."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import JsonValue, TypeAdapter, ValidationError
from rich.markup import escape

from api.cli_context import (
    AssetArgument,
    Context,
    ProductionArgument,
    Studio,
    UnknownOption,
    me,
    studio_of,
    told,
    usd_option,
)
from api.cli_views import approve_command, show_plan
from api.client import GreenlightError
from api.plan_file import PlanFileError, edits_between, to_yaml
from api.views import PlanView, ProductionView
from workflows.events import Receipt
from workflows.requests import Approval, EditOp, PlanEdit, Regenerate, Rejection, Resolve, Revision, SelectTake

app = typer.Typer()

PANEL = "Decide"
Action = Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]
PromptOption = Annotated[str | None, typer.Option(help="Other words.")]
ProviderOption = Annotated[str | None, typer.Option(help="Another provider.")]
ModelOption = Annotated[str | None, typer.Option(help="Another model.")]
ParamOption = Annotated[list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="A parameter; repeat.")]


@app.command(rich_help_panel=PANEL)
def approve(
    context: Context,
    production_id: ProductionArgument,
    digest: Annotated[str | None, typer.Option(help="The plan that you saw. Default: the current one.")] = None,
    budget: Annotated[Decimal | None, usd_option("Spend at most this. Default: the plan's highest price.")] = None,
    note: Annotated[str, typer.Option(help="Kept in the event log.")] = "",
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Release a plan for spending."""
    studio = studio_of(context)
    named = digest or _plan(studio.client.get(production_id)).digest
    approval = Approval(
        plan_digest=named, approver=me(), budget_usd=budget, note=note, allow_unknown_prices=allow_unknown_prices
    )
    _say_receipt(studio, production_id, "Approved", studio.client.approve(production_id, approval))


@app.command(rich_help_panel=PANEL)
def reject(
    context: Context,
    production_id: ProductionArgument,
    reason: Annotated[str, typer.Option(help="Why; kept in the event log.")] = "",
) -> None:
    """End a production before anything is spent."""
    studio = studio_of(context)
    receipt = studio.client.reject(production_id, Rejection(rejecter=me(), reason=reason))
    _say_receipt(studio, production_id, "Rejected", receipt)


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
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, metavar="PATH", help="The whole plan, edited, as YAML.")
    ] = None,
) -> None:
    """Change the plan that waits for approval. Without options it opens in $EDITOR, as YAML."""
    studio = studio_of(context)
    plan = _plan(studio.client.get(production_id))
    edits = [_set(text) for text in sets or ()]
    edits += [EditOp(op="drop", asset_id=asset_id) for asset_id in drop or ()]
    edits += [_move(text) for text in move or ()]
    edits += [EditOp(op="title", title=title)] if title is not None else []
    if file and edits:
        raise typer.BadParameter("--file is the whole plan: leave --set, --drop, --move and --title away")
    if edits:
        _send(studio, production_id, plan, edits)
    elif file:
        _send(studio, production_id, plan, _edits_in(file, plan))
    else:
        _edit_by_hand(studio, production_id, plan)


@app.command(rich_help_panel=PANEL)
def revise(
    context: Context,
    production_id: ProductionArgument,
    feedback: Annotated[str, typer.Argument(metavar="WORDS", help="What should be different.")],
) -> None:
    """Plan again with your words."""
    studio = studio_of(context)
    revised = studio.client.revise(production_id, Revision(feedback=feedback, reviser=me()))
    _show_new(studio, production_id, revised)


@app.command(rich_help_panel=PANEL)
def regenerate(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    prompt: PromptOption = None,
    provider: ProviderOption = None,
    model: ModelOption = None,
    param: ParamOption = None,
    budget: Annotated[Decimal | None, usd_option("Raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Make a new take of one asset, also after delivery."""
    studio = studio_of(context)
    request = Regenerate(
        asset_id=asset_id,
        prompt=prompt,
        provider=provider,
        model=model,
        parameters=_parameters(param),
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requested_by=me(),
    )
    _say_receipt(studio, production_id, f"Making {asset_id} again", studio.client.regenerate(production_id, request))


@app.command(rich_help_panel=PANEL)
def resolve(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    action: Annotated[
        Action, typer.Argument(metavar="ACTION", help="retry, accept_without, adopt, resubmit or raise_budget.")
    ],
    prompt: PromptOption = None,
    provider: ProviderOption = None,
    model: ModelOption = None,
    param: ParamOption = None,
    job_id: Annotated[str | None, typer.Option(help="The provider's job, for adopt.")] = None,
    budget: Annotated[Decimal | None, usd_option("The new budget, for raise_budget.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Decide where a production waits for a person."""
    studio = studio_of(context)
    resolution = Resolve(
        asset_id=asset_id,
        action=action,
        prompt=prompt,
        provider=provider,
        model=model,
        parameters=_parameters(param),
        job_id=job_id,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        resolver=me(),
    )
    receipt = studio.client.resolve(production_id, resolution)
    _say_receipt(studio, production_id, f"Resolved {asset_id}: {action.replace('_', ' ')}", receipt)


@app.command(rich_help_panel=PANEL)
def select(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    take: Annotated[int, typer.Argument(min=1, metavar="TAKE", help="The number of the take.")],
) -> None:
    """Use another take of an asset; the deliverable is finished again."""
    studio = studio_of(context)
    receipt = studio.client.select_take(production_id, SelectTake(asset_id=asset_id, take=take, requested_by=me()))
    _say_receipt(studio, production_id, f"Using take {take} of {asset_id}", receipt)


@app.command(rich_help_panel=PANEL)
def cancel(context: Context, production_id: ProductionArgument) -> None:
    """Stop a production; what was made and spent stays."""
    studio = studio_of(context)
    _say_receipt(studio, production_id, "Cancelling", studio.client.cancel(production_id))


def _plan(production: ProductionView) -> PlanView:
    if production.plan is None:
        raise GreenlightError("There is no plan yet", f"The production is {production.status.value}.")
    return production.plan


def _say_receipt(studio: Studio, production_id: str, what: str, receipt: Receipt) -> None:
    studio.say(f"{what}. The production is [bold]{receipt.status.value.replace('_', ' ')}[/bold].")
    if not receipt.status.closed:
        studio.say(f"Follow it: [bold]greenlight watch {production_id}[/bold]")


def _show_new(studio: Studio, production_id: str, plan: PlanView, edits: Sequence[EditOp] = ()) -> None:
    show_plan(studio.out, plan)
    if edits:
        studio.say("")
    for edit in edits:
        studio.say(escape(_in_words(edit)))
    studio.say(f"\nApprove it: [bold]{approve_command(production_id, plan)}[/bold]")


def _in_words(edit: EditOp) -> str:
    match edit.op:
        case "title":
            return f"changed  the title: {edit.title}"
        case "add":
            return f"added    {edit.asset.asset_id if edit.asset else ''}"
        case "drop":
            return f"dropped  {edit.asset_id}"
        case "move":
            return f"moved    {edit.asset_id} to position {edit.position}"
        case "change":
            fields = edit.model_dump(exclude={"op", "asset_id"}, exclude_none=True)
            return f"changed  {edit.asset_id}: {', '.join(fields)}"


def _send(studio: Studio, production_id: str, plan: PlanView, edits: Sequence[EditOp]) -> None:
    if not edits:
        studio.say("Nothing was changed.")
        return
    edited = studio.client.edit_plan(production_id, PlanEdit(plan_digest=plan.digest, edits=tuple(edits), editor=me()))
    _show_new(studio, production_id, edited, edits)


def _edit_by_hand(studio: Studio, production_id: str, plan: PlanView) -> None:
    """Open the plan in the editor and send what was changed; a file that cannot be sent is kept."""
    folder = Path(tempfile.mkdtemp(prefix="greenlight-"))
    file, before = folder / f"plan-{plan.digest[:8]}.yaml", to_yaml(plan)
    file.write_text(before, encoding="utf-8")
    try:
        _open_editor(file)
        _send(studio, production_id, plan, _edits_in(file, plan))
    except (GreenlightError, ValidationError) as error:
        code = told(error)
        if file.is_file() and file.read_bytes() != before.encode():
            _say_kept(
                studio, production_id, file, changed=getattr(error, "plan_digest", None) not in (None, plan.digest)
            )
        else:
            shutil.rmtree(folder)
        raise code from None
    shutil.rmtree(folder)


def _say_kept(studio: Studio, production_id: str, file: Path, *, changed: bool) -> None:
    again = f"[bold]greenlight edit {production_id} --file {escape(shlex.quote(str(file)))}[/bold]"
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
            f"The editor {editor!r} {problem}. Set EDITOR to your editor, or use --set, --drop, --move.",
        )


def _edits_in(file: Path, plan: PlanView) -> list[EditOp]:
    try:
        return edits_between(plan, file.read_text(encoding="utf-8"))
    except PlanFileError as error:
        detail = str(error)
    except UnicodeDecodeError:
        detail = "The file is not text in UTF-8."
    except OSError as error:
        detail = f"The file cannot be read: {error.strerror}."
    raise GreenlightError("The plan was not changed", detail)


def _set(text: str) -> EditOp:
    where, found, value = text.partition("=")
    asset_id, _, name = where.partition(".")
    if not found or not name:
        raise typer.BadParameter(f"--set {text!r}: write ASSET.FIELD=VALUE, e.g. shot-2.prompt=…")
    if name.startswith("parameters."):
        return EditOp(op="change", asset_id=asset_id, parameters=_parameters([f"{name.partition('.')[2]}={value}"]))
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


def _parameters(pairs: list[str] | None) -> dict[str, JsonValue] | None:
    """KEY=VALUE pairs; a value that is JSON is taken as such (4, true, null), anything else as words."""
    if not pairs:
        return None
    found: dict[str, JsonValue] = {}
    for pair in pairs:
        name, given, value = pair.partition("=")
        if not name or not given:
            raise typer.BadParameter(f"{pair!r}: write KEY=VALUE, e.g. seconds=4")
        try:
            found[name] = _JSON.validate_json(value)
        except ValidationError:
            found[name] = value
    return found


_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)

"""The commands of Greenlight's own prompts: prompts list, show, add, use, rollback."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from api.cli.context import Cli, Context, JsonOption, cli_of, current_user
from api.cli.files import file_argument
from api.cli.tables import counted, local_time, one_line, print_table, table
from api.views.prompts.versions import PromptView, RollbackBody, UseBody, VersionBody, VersionSummary
from workflows.prompts.records import Gain
from workflows.prompts.uses import NAMES, PromptName, label_of

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="PROMPT", help=f"{', '.join(NAMES)}.")]
TenantOption = Annotated[str, typer.Option(help="The tenant whose productions use it.")]
BUILT_IN: Final = "built-in"


def prompt_name(text: str) -> PromptName:
    """
    Raises:
        BadParameter: there is no such prompt.
    """
    if text not in NAMES:
        raise typer.BadParameter(f"there is no prompt {text!r}; choose from {', '.join(NAMES)}")
    return text


def version_number(text: str) -> int:
    """
    Raises:
        BadParameter: it is no number of a version.
    """
    if text in (BUILT_IN, "builtin"):
        return 0
    if not text.isdecimal():
        raise typer.BadParameter(f"{text!r} is no version; give a number of `greenlight prompts list`, or {BUILT_IN}")
    return int(text)


@app.command("list")
def list_(context: Context, tenant: TenantOption = "default", as_json: JsonOption = False) -> None:
    """List the prompts with their versions; `*` is in use by new productions."""
    cli = cli_of(context)
    found = cli.client.prompts(tenant=tenant)
    if as_json:
        cli.print_json(found)
        return
    rows = table("", "prompt", "version", "by", "created", "gain", "note")
    for prompt in found:
        for version in prompt.versions:
            rows.add_row(
                "*" if version.in_use else "",
                prompt.name,
                label_of(version.version),
                one_line(version.author),
                local_time(version.created_at) if version.created_at else "",
                gain_text(version.gain),
                one_line(version.unreadable or version.note),
            )
    print_table(cli.out, rows)


@app.command()
def show(
    context: Context,
    prompt: NameArgument,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="Its number, or built-in. Default: the one in use.")
    ] = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Print the text of a version."""
    cli, name = cli_of(context), prompt_name(prompt)
    number = version_number(version) if version else cli.client.prompt(name, tenant=tenant).version
    found = cli.client.prompt_version(name, number, tenant=tenant)
    if as_json:
        cli.print_json(found)
        return
    cli.warn(_summary(name, found))
    cli.out.out(found.text, highlight=False)


@app.command()
def add(
    context: Context,
    prompt: NameArgument,
    file: Annotated[Path, file_argument("The text, UTF-8.")],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    tenant: TenantOption = "default",
) -> None:
    """Store a text as a new version. It is not used before `prompts use`."""
    cli, name = cli_of(context), prompt_name(prompt)
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8 text ({error}); save it as such.") from None
    body = VersionBody(text=text, note=note, tenant=tenant, requester=current_user())
    made = cli.client.add_prompt_version(name, body)
    cli.print(f"Stored version {made.version} of {name}. To use it: greenlight prompts use {name} {made.version}")


@app.command()
def use(
    context: Context,
    prompt: NameArgument,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its number, or built-in.")],
    tenant: TenantOption = "default",
) -> None:
    """Use a version in productions that start from now on; those that have begun keep theirs."""
    cli, name = cli_of(context), prompt_name(prompt)
    body = UseBody(version=version_number(version), tenant=tenant, requester=current_user())
    _print_use(cli, cli.client.use_prompt(name, body))


@app.command()
def rollback(context: Context, prompt: NameArgument, tenant: TenantOption = "default") -> None:
    """Use the version that was in use before; again, the one before that."""
    cli, name = cli_of(context), prompt_name(prompt)
    _print_use(cli, cli.client.roll_back_prompt(name, RollbackBody(tenant=tenant, requester=current_user())))


def gain_text(gain: Gain | None) -> str:
    """'+0.12 (0.03 to 0.21) wer', empty without one."""
    if gain is None:
        return ""
    found = gain.gain
    interval = f" ({found.low:+.3g} to {found.high:+.3g})" if found.low is not None and found.high is not None else ""
    return f"{found.mean:+.3g}{interval} {gain.metric}"


def _summary(name: str, version: VersionSummary) -> str:
    parts = [f"{name} {label_of(version.version)}", "in use" if version.in_use else "not in use"]
    parts += [f"by {version.author}"] if version.author else []
    if version.gain:
        parts.append(f"gain {gain_text(version.gain)} on {counted(version.gain.held_out, 'held-out case')}")
    return escape(" · ".join(parts))


def _print_use(cli: Cli, prompt: PromptView) -> None:
    cli.print(f"{prompt.name}: new productions use {label_of(prompt.version)}.")

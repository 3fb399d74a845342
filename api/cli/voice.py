"""A brief from a recording: it is shown and corrected, and nothing is started before the user agrees."""

import re
import tempfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from rich.text import Text

from api.cli.context import EXIT_ATTENTION, EXIT_INTERRUPTED, Cli, Context, cli_of, current_user, usd_option
from api.cli.editor import open_editor
from api.cli.files import file_problem
from api.cli.tables import one_line, print_table, table
from api.client.client import GreenlightError
from api.views.voice import VoiceMemoView
from workflows.brief import Brief
from workflows.references.kinds import LIMITS, ReferenceKind
from workflows.voice.memos import MAX_SECONDS

VoiceOption = Annotated[
    str | None,
    typer.Option(
        "--voice",
        metavar="FILE",
        help=f"A recording that is the brief ({', '.join(LIMITS[ReferenceKind.SOUND].formats)}, at most "
        f"{MAX_SECONDS / 60:g} minutes), or the id of one that was written down before. The brief is shown first; "
        "options and TEXT take precedence over what is said.",
    ),
]
VoiceUsdOption = Annotated[
    Decimal | None, usd_option("With --voice: the transcript may cost this, if it costs more than planning may.")
]
_FIELDS: Final = {
    "platform": "platform",
    "title": "title",
    "language": "languages",
    "aspect": "aspect",
    "duration": "duration_seconds",
    "budget": "budget_usd",
}
"""Options of a brief, and the fields that a memo can fill."""
_MEMO_ID: Final = re.compile(r"([a-z0-9-]+\.)?(\d{8}-[0-9a-f]{8}|k-[0-9a-f]{20})")
_SHOWN: Final = ("text", *_FIELDS.values(), "style")


def spoken(
    context: Context,
    voice: str,
    most_usd: Decimal | None,
    options: Mapping[str, Any],
    brief_from: Callable[..., Brief],
    *,
    yes: bool,
    models: dict[str, str] | None = None,
) -> Brief:
    """The brief of a recording, with the options of the command, after the user has seen it.

    Raises:
        Exit: the user does not start it, or no one can be asked: the memo is kept.
        GreenlightError: the recording is no memo.
    """
    cli = cli_of(context)
    sources = {name: context.get_parameter_source(name) for name in options}
    given = {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
    memo = _memo(cli, voice, most_usd, str(options["tenant"]), models)
    brief = _brief(memo, options, given, brief_from)
    _show(cli, memo, brief)
    if brief is None or not (yes or "text" in given):
        brief = _corrected(cli, memo, brief)
    return brief


def _memo(cli: Cli, voice: str, most_usd: Decimal | None, tenant: str, models: dict[str, str] | None) -> VoiceMemoView:
    if _MEMO_ID.fullmatch(voice) and not Path(voice).exists():
        memo = cli.client.wait_for_memo(voice)
    else:
        if problem := file_problem(voice):
            raise typer.BadParameter(f"--voice: {problem}")
        memo = _write_down(cli, Path(voice), most_usd, tenant, models)
    if memo.error:
        raise GreenlightError("The recording is no brief", memo.error)
    if memo.status == "cancelled":
        raise GreenlightError("The memo was cancelled", "Record it again, or write the brief.")
    return memo


def _write_down(
    cli: Cli, recording: Path, most_usd: Decimal | None, tenant: str, models: dict[str, str] | None
) -> VoiceMemoView:
    source = cli.client.add_reference(recording)
    started = cli.client.start_memo(
        source,
        name=recording.stem[:200],
        max_usd=most_usd,
        tenant=tenant,
        requester=current_user(),
        models=models,
        idempotency_key=cli.key,
    )
    try:
        with cli.err.status("Writing down what is said…"):
            return cli.client.wait_for_memo(started.memo_id)
    except KeyboardInterrupt:
        cli.client.cancel_memo(started.memo_id)
        cli.warn("\nCancelled; what was sent already may be billed.")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _brief(
    memo: VoiceMemoView, options: Mapping[str, Any], given: set[str], brief_from: Callable[..., Brief]
) -> Brief | None:
    """The brief of the memo, under the given options; None where there is no text."""
    draft = memo.brief or {}
    filled = dict(options)
    for option, field in _FIELDS.items():
        if option not in given and field in draft:
            value = draft[field]
            filled[option] = ",".join(map(str, value)) if isinstance(value, list) else value
    typed = "text" in given
    if not typed and not draft.get("text"):
        return None
    if not typed:
        filled["text"] = "spoken"  # the words of a person name no file
    brief = brief_from(**filled)
    more: dict[str, Any] = {"references": draft.get("references", [])}
    more |= {} if typed else {"text": draft["text"]}
    return Brief.model_validate(brief.model_dump(exclude_unset=True) | more)


def _show(cli: Cli, memo: VoiceMemoView, brief: Brief | None) -> None:
    """Print what was heard, not to the output of the command, which may be JSON."""
    said = {each.field: f"{each.at} “{each.said}”".strip() for each in memo.found}
    if brief:
        rows = table("field", "value", "said")
        content = brief.model_dump(mode="json")
        for field in _SHOWN:
            if content[field] not in ("", None):
                value = ", ".join(content[field]) if isinstance(content[field], list) else content[field]
                rows.add_row(field, str(value), one_line(said.get(field, "")))
        print_table(cli.err, rows)
    for note in memo.notes:
        cli.err.print(Text(note, style="yellow"), soft_wrap=True)
    for each in memo.unread:
        cli.err.print(Text(f"not written down: {each.what}; {each.remedy}", style="yellow"), soft_wrap=True)
    if memo.waiting_usd:
        cli.err.print(
            Text(f"To allow the transcript its price: --voice FILE --voice-usd {memo.waiting_usd}"), soft_wrap=True
        )
    cost = f"The transcript cost {memo.billed_usd:f} USD" if memo.billed_usd else "The transcript cost nothing"
    cli.err.print(Text(f"{cost}. The memo is {memo.memo_id}; nothing is started yet.", style="dim"), soft_wrap=True)


def _corrected(cli: Cli, memo: VoiceMemoView, brief: Brief | None) -> Brief:
    """The brief as the user starts it.

    Raises:
        Exit: it is not started.
    """
    while brief and cli.interactive:
        answer = typer.prompt("Start with this brief? yes, edit or no", default="edit").strip().casefold()
        if answer in ("y", "yes"):
            return brief
        if answer in ("n", "no"):
            break
        brief = _edited(brief)
        _show(cli, memo, brief)
    command = f'greenlight produce "TEXT" --voice {memo.memo_id}'
    cli.err.print(Text(f"To start it with a corrected text: {command}", style="bold"), soft_wrap=True)
    raise typer.Exit(EXIT_ATTENTION)


def _edited(brief: Brief) -> Brief:
    """The brief after its fields were changed in the user's editor."""
    fields = {name: brief.model_dump(mode="json")[name] for name in _SHOWN}
    with tempfile.TemporaryDirectory(prefix="greenlight-") as folder:
        file = Path(folder) / "brief.yaml"
        file.write_text(yaml.safe_dump(fields, allow_unicode=True, sort_keys=False), "utf-8")
        open_editor(file, "The brief was not changed", "give TEXT and the options of the command")
        text = file.read_text("utf-8")
    try:
        changed = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"the edited brief is not YAML: {error}") from None
    if not isinstance(changed, dict):
        return brief
    known = {name: value for name, value in changed.items() if name in _SHOWN and value is not None}
    kept = brief.model_dump(mode="json", exclude_unset=True, exclude=set(_SHOWN))
    return Brief.model_validate(kept | known)

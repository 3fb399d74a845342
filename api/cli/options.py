"""Options that several commands share: those that make a brief, and those that change an asset."""

import inspect
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import JsonValue, TypeAdapter, ValidationError

from api.cli.context import me, studio_of, usd_option
from api.client.client import GreenlightClient
from workflows.models import MAX_REFERENCES, Brief, Modality, Platform

POLICY: Final = "Approval"
"""The panel of the help in which the options of the approval are."""
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> float:
    """Seconds, from '45s', '90m', '12h' or '3d'."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not found:
        raise typer.BadParameter(f"{text!r} is not a duration such as 90m, 12h or 3d")
    return timedelta(**{_UNITS[found[2]]: float(found[1])}).total_seconds()


TextArgument = Annotated[
    str, typer.Argument(metavar="TEXT", help="The brief: words, a file that holds them, or - for standard input.")
]
PlatformOption = Annotated[
    Platform, typer.Option(metavar="PLATFORM", help="copy, creative_brief, social_post, video or design.")
]
ModalityOption = Annotated[
    list[Modality] | None,
    typer.Option("--modality", metavar="MODALITY", help="text, image, video, audio; repeat. Default: all."),
]
TitleOption = Annotated[str, typer.Option(help="A working title.")]
StyleOption = Annotated[str, typer.Option(help="The style, in words.")]
LanguageOption = Annotated[str, typer.Option(help="Of text, narration and captions, e.g. en or pt-BR.")]
AspectOption = Annotated[str, typer.Option(help="16:9, 9:16, 1:1, 4:3, 3:4, 4:5 or 21:9.")]
DurationOption = Annotated[float, typer.Option(metavar="SECONDS", help="Length of a video.")]
ReferenceOption = Annotated[
    list[str] | None,
    typer.Option("--reference", metavar="FILE_OR_URL", help="A picture to work from, as a file or at https; repeat."),
]
BudgetOption = Annotated[Decimal | None, usd_option("Never spend more than this.")]
TenantOption = Annotated[str, typer.Option(help="On whose account it is made.")]
WebhookOption = Annotated[
    list[str] | None, typer.Option("--webhook", metavar="URL", help="Post its events there, signed; repeat.")
]
ApproversOption = Annotated[
    int | None, typer.Option(metavar="N", help="So many different people have to approve.", rich_help_panel=POLICY)
]
NotByRequesterOption = Annotated[
    bool, typer.Option("--not-by-requester", help="You may not approve it yourself.", rich_help_panel=POLICY)
]
MaxBudgetOption = Annotated[Decimal | None, usd_option("No approval raises the budget above this.", POLICY)]
AutoBelowOption = Annotated[
    Decimal | None, usd_option("Approve a plan at once that cannot cost more than this.", POLICY)
]
StillsFirstOption = Annotated[
    bool,
    typer.Option("--stills-first", help="Ask again before any video is paid for.", rich_help_panel=POLICY),
]
EscalateOption = Annotated[
    list[str] | None,
    typer.Option("--escalate-to", metavar="NAME", help="Told when time runs out; repeat.", rich_help_panel=POLICY),
]
DeadlineOption = Annotated[
    float | None,
    typer.Option(
        parser=parse_duration,
        metavar="DURATION",
        help="Without an approval by then it expires, e.g. 12h. Default: 7d.",
        rich_help_panel=POLICY,
    ),
]


PromptOption = Annotated[str | None, typer.Option(help="Other words.")]
ProviderOption = Annotated[str | None, typer.Option(help="Another provider.")]
ModelOption = Annotated[str | None, typer.Option(help="Another model.")]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", "--param", metavar="KEY=VALUE", help="A parameter; null removes it; repeat."),
]


def parameters(pairs: list[str] | None) -> dict[str, JsonValue] | None:
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


def brief_from(
    text: TextArgument,
    platform: PlatformOption = Platform.VIDEO,
    modality: ModalityOption = None,
    title: TitleOption = "",
    style: StyleOption = "",
    language: LanguageOption = "en",
    aspect: AspectOption = "16:9",
    duration: DurationOption = 20,
    budget: BudgetOption = None,
    tenant: TenantOption = "default",
    approvers: ApproversOption = None,
    not_by_requester: NotByRequesterOption = False,
    auto_below: AutoBelowOption = None,
    stills_first: StillsFirstOption = False,
    max_budget: MaxBudgetOption = None,
    escalate_to: EscalateOption = None,
    deadline: DeadlineOption = None,
    webhook: WebhookOption = None,
) -> Brief:
    """The brief that the options ask for; only what was given is in it, so that the record's defaults hold."""
    policy = {
        "approvers": approvers,
        "not_by_requester": not_by_requester or None,
        "auto_below_usd": auto_below,
        "stills_first": stills_first or None,
        "max_budget_usd": max_budget,
        "escalate_to": escalate_to or None,
    }
    given = {
        # An empty list would mean text alone; without the field it is all that the platform allows.
        "modalities": modality or None,
        "budget_usd": budget,
        "approval_deadline_seconds": deadline,
        "approval": _given(policy) or None,
        "webhooks": [{"url": url} for url in webhook] if webhook else None,
    }
    fields = {
        "text": _words(text),
        "platform": platform,
        "title": title,
        "style": style,
        "languages": (language,),
        "aspect": aspect,
        "duration_seconds": duration,
        "tenant": tenant,
        "requester": me(),
    }
    return Brief.model_validate(fields | _given(given))


def with_references(brief: Brief, sources: list[str], client: GreenlightClient) -> Brief:
    """The brief with these pictures; a file is sent to the API first, once all of them are known to be there."""
    if len(sources) > MAX_REFERENCES:
        raise typer.BadParameter(f"--reference: {len(sources)} pictures; give at most {MAX_REFERENCES}")
    for source in sources:
        if "://" not in source and not Path(source).is_file():
            raise typer.BadParameter(f"--reference: there is no file {source!r}; name one, or an https address")
    references = [
        {"source": s} if "://" in s else {"source": client.add_reference(Path(s)), "name": Path(s).stem[:200]}
        for s in sources
    ]
    return Brief.model_validate(brief.model_dump(exclude_unset=True) | {"references": references})


def takes_brief(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a brief in place of its parameter `brief`."""
    options = inspect.signature(brief_from).parameters
    context, _, *own = inspect.signature(command).parameters.values()

    @wraps(command)
    def run(**given: Any) -> None:
        brief = brief_from(**{name: given.pop(name) for name in options})
        if sources := given.pop(reference.name):
            brief = with_references(brief, sources, studio_of(given[context.name]).client)
        command(brief=brief, **given)

    reference = inspect.Parameter("reference", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ReferenceOption)
    shown = [context, *options.values(), reference, *own]
    # Typer reads both. Keyword-only, since options with a default stand before some without one.
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in shown]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect's own way to say it
    run.__annotations__ = {p.name: p.annotation for p in shown}
    return run


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _words(text: str) -> str:
    """The brief's words: what is given, or what stands in the file or on standard input."""
    if text == "-":
        return sys.stdin.read()
    try:
        path = Path(text)
        return path.read_text() if path.is_file() else text
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{text!r} is not a text file") from None
    except (OSError, ValueError):
        # Words can be too long, or too odd, for a file's name.
        return text

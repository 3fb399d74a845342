"""Options that several commands share: those of a brief, and those that change an asset."""

import inspect
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import JsonValue, TypeAdapter, ValidationError

from api.cli.context import Context, cli_of, current_user, usd_option
from api.cli.files import existing_file, file_problem, read_brief
from api.cli.plan_file import PlanFileError, translations_of
from api.cli.voice import VoiceOption, VoiceUsdOption, spoken
from api.client.client import GreenlightClient, GreenlightError
from workflows import keys
from workflows.brief import MAX_REFERENCES, Brief, Platform
from workflows.judging.policy import CRITERIA, MAX_REFINEMENTS
from workflows.models import Modality
from workflows.references.kinds import Use, limits_text
from workflows.stages.models import WORDS

T = TypeVar("T")
APPROVAL: Final = "Approval"
"""The panel of a command's help that lists the options of the approval policy."""
QUALITY: Final = "Quality"
"""The panel that lists the options of the review of takes."""
ALL_CRITERIA: Final = tuple(dict.fromkeys(name for names in CRITERIA.values() for name in names))
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> float:
    """Seconds, from '45s', '90m', '12h' or '3d'."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not found:
        raise typer.BadParameter(f"{text!r} is not a duration such as 90m, 12h or 3d")
    return timedelta(**{_UNITS[found[2]]: float(found[1])}).total_seconds()


TextArgument = Annotated[
    str, typer.Argument(metavar="TEXT", help="The text of the brief, a file with the text, or - for standard input.")
]
PlatformOption = Annotated[
    Platform, typer.Option(metavar="PLATFORM", help="copy, creative_brief, social_post, video, design or document.")
]
ModalityOption = Annotated[
    list[Modality] | None,
    typer.Option("--modality", metavar="MODALITY", help="text, image, video, audio; repeat. Default: all."),
]
TitleOption = Annotated[str, typer.Option(help="A working title.")]
StyleOption = Annotated[str, typer.Option(help="The style, as free text.")]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        metavar="TAGS",
        help="Language of text, narration and captions, e.g. pt-BR. Default: the brief's, if certain, or en. For a "
        "film in further languages, all of them: en,de,ja.",
    ),
]
TranslationsOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXTS",
        help="Own translations for further languages as YAML or JSON, or a file: {de: {The sea.: Das Meer.}}.",
    ),
]
AspectOption = Annotated[str, typer.Option(help="16:9, 9:16, 1:1, 4:3, 3:4, 4:5 or 21:9.")]
DurationOption = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Length of a video; otherwise as the brief says, or 20."),
]
ReferenceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reference",
        metavar="FILE[:USE]",
        help="A reference: a file, an https URL, or stored:inbox/… for an object in the bucket; repeat. "
        f"USE is {', '.join(Use)}; without it, material. {limits_text().capitalize()}.",
    ),
]
BudgetOption = Annotated[Decimal | None, usd_option("Never spend more than this.")]
DraftOption = Annotated[
    bool, typer.Option("--draft", help="First on cheaper models or settings; a second approval starts the finals.")
]
QualityOption = Annotated[
    str | None,
    typer.Option(
        help="How a judge model reviews takes: off, advise (scores) or gate (a person decides about low scores).",
        rich_help_panel=QUALITY,
    ),
]
MinScoreOption = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="The score from which a take is good enough.", rich_help_panel=QUALITY),
]
RefineOption = Annotated[
    int | None,
    typer.Option(
        "--refine",
        metavar="N",
        min=0,
        max=MAX_REFINEMENTS,
        help="Make an asset again with the judge's better prompt, at most N times.",
        rich_help_panel=QUALITY,
    ),
]
CriterionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--criterion",
        metavar="NAME",
        help=f"Judge only this; repeat: {', '.join(ALL_CRITERIA)}.",
        rich_help_panel=QUALITY,
    ),
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rule", metavar="TEXT", help="A rule of the brand, which a judge checks; repeat.", rich_help_panel=QUALITY
    ),
]
JudgeOption = Annotated[
    str, typer.Option(metavar="PROVIDER/MODEL", help="The model that judges.", rich_help_panel=QUALITY)
]
ModelForOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model-for",
        metavar="STAGE=MODEL",
        help=f"The language model of a stage, as provider/model; repeat. STAGE is {', '.join(WORDS)}. Default: as the "
        "workers are set.",
    ),
]
ReuseOption = Annotated[
    bool,
    typer.Option("--reuse", help="Reuse takes and answers of the tenant's other productions that were ordered alike."),
]
TenantOption = Annotated[str, typer.Option(help="The tenant for whom it is made.")]
WebhookOption = Annotated[
    list[str] | None, typer.Option("--webhook", metavar="URL", help="Send signed events to this URL; repeat.")
]
ApproversOption = Annotated[
    int | None,
    typer.Option(metavar="N", help="The number of different people who must approve.", rich_help_panel=APPROVAL),
]
NotByRequesterOption = Annotated[
    bool, typer.Option("--not-by-requester", help="The requester must not approve.", rich_help_panel=APPROVAL)
]
MaxBudgetOption = Annotated[Decimal | None, usd_option("No approval may raise the budget above this.", APPROVAL)]
AutoBelowOption = Annotated[
    Decimal | None, usd_option("Approve a plan automatically if it cannot cost more than this.", APPROVAL)
]
StillsFirstOption = Annotated[
    bool,
    typer.Option(
        "--stills-first",
        help="Require a second approval, of the stills, before any video is paid for.",
        rich_help_panel=APPROVAL,
    ),
]
EscalateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--escalate-to",
        metavar="NAME",
        help="Notify this person when a tenth of the time is left; repeat.",
        rich_help_panel=APPROVAL,
    ),
]
DeadlineOption = Annotated[
    float | None,
    typer.Option(
        parser=parse_duration,
        metavar="DURATION",
        help="The plan expires without an approval by then, e.g. 12h. Default: 7d.",
        rich_help_panel=APPROVAL,
    ),
]


PromptOption = Annotated[str | None, typer.Option(help="Another prompt.")]
DeliveryOption = Annotated[
    str | None, typer.Option(help="Of speech: how it is said, e.g. 'sad, slowly'; '' removes it.")
]
ProviderOption = Annotated[str | None, typer.Option(help="Another provider.")]
ModelOption = Annotated[str | None, typer.Option(help="Another model.")]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", "--param", metavar="KEY=VALUE", help="A parameter; null removes it; repeat."),
]


def parse_parameters(pairs: list[str] | None) -> dict[str, JsonValue] | None:
    """The parameters in KEY=VALUE pairs; a value that is JSON is parsed (4, true, null), any other is a string."""
    if not pairs:
        return None
    found: dict[str, JsonValue] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not name or not separator:
            raise typer.BadParameter(f"{pair!r}: write KEY=VALUE, e.g. seconds=4")
        try:
            found[name] = _JSON.validate_json(value)
        except ValidationError:
            found[name] = value
    return found


def parse_stages(pairs: list[str] | None, option: str = "--model-for") -> dict[str, str] | None:
    """The models of stages in STAGE=MODEL pairs, as `models` of a brief; several of one stage are in order."""
    found: dict[str, str] = {}
    for pair in pairs or ():
        stage, separator, model = (part.strip() for part in pair.partition("="))
        if not separator or not model or stage not in WORDS:
            stages = ", ".join(WORDS)
            raise typer.BadParameter(f"{option}: {pair!r}: write STAGE=PROVIDER/MODEL; the stages are {stages}")
        found[stage] = f"{found[stage]},{model}" if stage in found else model
    return found or None


def parse_inline(option: str, text: str, parse: Callable[[str], T]) -> T:
    """The result for a text in YAML or JSON, or for the content of the file of this name."""
    try:
        inline = any(mark in text for mark in ("{", ": ", "\n"))
        return parse(text if inline else existing_file(text).read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{option}: {text!r} is not text in UTF-8; save it as plain text") from None
    except PlanFileError as error:
        raise typer.BadParameter(f"{option}: {error}") from None
    except typer.BadParameter as error:
        raise typer.BadParameter(f"{option}: {error.message}") from None


_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def brief_from(
    text: TextArgument = "",
    platform: PlatformOption = Platform.VIDEO,
    modality: ModalityOption = None,
    title: TitleOption = "",
    style: StyleOption = "",
    language: LanguageOption = None,
    translations: TranslationsOption = None,
    aspect: AspectOption = "16:9",
    duration: DurationOption = None,
    budget: BudgetOption = None,
    draft: DraftOption = False,
    quality: QualityOption = None,
    min_score: MinScoreOption = None,
    refine: RefineOption = None,
    criterion: CriterionOption = None,
    rule: RuleOption = None,
    judge: JudgeOption = "",
    model_for: ModelForOption = None,
    reuse: ReuseOption = False,
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
    """The brief of the options; it contains only the given ones, so that the record's defaults apply."""
    policy = {
        "approvers": approvers,
        "not_by_requester": not_by_requester or None,
        "auto_below_usd": auto_below,
        "stills_first": stills_first or None,
        "max_budget_usd": max_budget,
        "escalate_to": escalate_to or None,
    }
    review = {
        "mode": quality,
        "min_score": min_score,
        "refinements": refine,
        "criteria": criterion or None,
        "rules": rule or None,
        "judge": judge or None,
    }
    optional = {
        # An empty list would mean text alone; without the field the platform's modalities apply.
        "modalities": modality or None,
        "languages": [tag.strip() for tag in language.split(",")] if language else None,
        "translations": parse_inline("--translations", translations, translations_of) if translations else None,
        "duration_seconds": duration,
        "budget_usd": budget,
        "draft": draft or None,
        "approval_deadline_seconds": deadline,
        "approval": _without_none(policy) or None,
        "quality": _without_none(review) or None,
        "models": parse_stages(model_for),
        "reuse": reuse or None,
        "webhooks": [{"url": url} for url in webhook] if webhook else None,
    }
    fields = {
        "text": read_brief(text),
        "platform": platform,
        "title": title,
        "style": style,
        "aspect": aspect,
        "tenant": tenant,
        "requester": current_user(),
    }
    return Brief.model_validate(fields | _without_none(optional))


def add_references(brief: Brief, given: list[str], client: GreenlightClient) -> Brief:
    """The brief with these references. Files are uploaded first, after a check that all of them exist."""
    known = [each.model_dump(exclude_unset=True) for each in brief.references]
    if len(known) + len(given) > MAX_REFERENCES:
        most = MAX_REFERENCES - len(known)
        raise typer.BadParameter(f"--reference: {len(given)} references; give at most {most}")
    sources = [_with_use(each) for each in given]
    for source, _ in sources:
        if not _is_address(source) and (problem := file_problem(source)):
            raise typer.BadParameter(f"--reference: {problem} (or give an https URL)")
    references = [
        ({"source": source} if _is_address(source) else _store_reference(client, source)) | use
        for source, use in sources
    ]
    return Brief.model_validate(brief.model_dump(exclude_unset=True) | {"references": [*known, *references]})


def _with_use(given: str) -> tuple[str, dict[str, str]]:
    """('bottle.png', {'use': 'mask'}) of 'bottle.png:mask'. A file whose name ends so is taken as it is."""
    source, colon, use = given.rpartition(":")
    return (source, {"use": use}) if colon and use in set(Use) and not Path(given).exists() else (given, {})


def _is_address(source: str) -> bool:
    return "://" in source or source.startswith(keys.STORED)


def _store_reference(client: GreenlightClient, source: str) -> dict[str, str]:
    """Upload a file; the result is its entry in the brief.

    Raises:
        GreenlightError: the file was refused; the message names it.
    """
    path = Path(source)
    try:
        return {"source": client.add_reference(path), "name": path.stem[:200]}
    except GreenlightError as error:
        if error.status not in (400, 413, 415, 422):
            raise
        detail = "; ".join(f"{each.message}; {each.remedy}".strip("; ") for each in error.errors) or error.detail
        raise GreenlightError("The reference was refused", f"{source!r}: {detail}", status=error.status) from None


def takes_brief(command: Callable[..., None], *, by_voice: bool = False) -> Callable[..., None]:
    """Replace a command's parameter `brief` by the options of a brief; with `by_voice`, also those of a recording."""
    options = inspect.signature(brief_from).parameters
    context, _, *own = inspect.signature(command).parameters.values()

    @wraps(command)
    def run(**given: Any) -> None:
        made: Context = given[context.name]
        fields = {name: given.pop(name) for name in options}
        recording, most_usd = given.pop("voice", None), given.pop("voice_usd", None)
        sources = given.pop(reference.name)
        if fields["text"] is None and not recording:
            raise typer.BadParameter(
                "give the text of the brief" + (", or --voice FILE" if by_voice else ""), param_hint="TEXT"
            )
        if recording:
            yes, models = bool(given.get("yes")), parse_stages(fields["model_for"])
            brief = spoken(made, recording, most_usd, fields, brief_from, yes=yes, models=models)
        else:
            brief = brief_from(**fields)
        if sources:
            brief = add_references(brief, sources, cli_of(made).client)
        command(brief=brief, **given)

    reference = inspect.Parameter("reference", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ReferenceOption)
    spoken_options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in (("voice", VoiceOption), ("voice_usd", VoiceUsdOption))
    ]
    shown = [context, *options.values(), reference, *(spoken_options if by_voice else ()), *own]
    # Typer reads both. Keyword-only, since options with a default precede some without one.
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in shown]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as `inspect` documents it
    run.__annotations__ = {p.name: p.annotation for p in shown}
    return run


takes_spoken_brief: Final = partial(takes_brief, by_voice=True)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}

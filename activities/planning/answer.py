"""The JSON schema of a language model's plan, and the validator that turns its answer into a plan or refuses it.

No part of an answer is trusted: types of assets, providers, models, parameters, dependencies, lengths and prices are
all checked here against the brief and the enabled models.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator
from temporalio.exceptions import ApplicationError

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.planning.adherence.structure import film_problems
from activities.planning.choices.lengths import divided_shots, within_budget
from activities.planning.choices.ordered_cut import with_ordered_cut
from activities.planning.delivery.rule import split_direction
from activities.planning.material.reading import known_sources
from activities.planning.pricing import price
from activities.planning.questions.inquiry import Refused
from activities.planning.task import PlanningTask
from activities.planning.template import script_head
from activities.text.model_text import inlined, read_as
from workflows.brief import Platform
from workflows.continuity.lengths import video_lengths
from workflows.cut import Cut
from workflows.illustrated.parts import PICTURES
from workflows.models import MAX_DELIVERY_CHARS, UNSPOKEN_ROLES, Asset, Modality, Plan
from workflows.production.state.plans.script import compose
from workflows.production.state.policies import PlanProblem, check_plan
from workflows.spoken.delivery import with_delivery

LENGTH_TOLERANCE: Final = 0.2
"""Relative to the requested length: models make whole seconds, and some of them only certain lengths."""
MAX_WARNINGS: Final = 10


class _Strict(BaseModel):
    """The schema requires every field and forbids all others, as OpenAI's strict mode demands, which refuses limits.

    Fields that an answer may lack without harm are filled in: another paid question would not improve the plan.
    """

    model_config = ConfigDict(extra="forbid")
    _may_lack: ClassVar[Mapping[str, JsonValue]] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return given | {name: empty for name, empty in cls._may_lack.items() if not given.get(name)}


class _Setting(_Strict):
    name: str = Field(description="A parameter that the chosen model lists")
    value: str = Field(description="Its value as text, e.g. 5, true or nova")


class _Piece(_Strict):
    _may_lack = {
        "label": "",
        "original": "",
        "delivery": "",
        "parameters": [],
        "depends_on": [],
        "continues": "",
        "sources": [],
    }

    asset_id: str = Field(description="Lower case letters, digits and hyphens; unique in the plan")
    asset_type: Literal["text", "image", "video", "audio"]
    role: str = Field(description="What it is for, e.g. script, narration, still, shot, headline, visual")
    label: str = Field(description="A short name for people")
    original: str = Field(description="The plain wish in a sentence or two, near the brief's own words")
    prompt: str = Field(description="The same wish, enhanced for the model that makes it")
    delivery: str = Field(description="Of a narration: how it is said, e.g. sad, slowly; empty for all others")
    provider: str
    model: str
    parameters: list[_Setting] = Field(description="Empty where the defaults do")
    depends_on: list[str] = Field(description="Ids of the assets that it is made from; usually few or none")
    continues: str = Field(description="Of a shot that goes on from another one: the asset_id of that; usually empty")
    sources: list[str] = Field(description="Places of references whose content its prompt uses; usually empty")

    @field_validator("parameters", mode="before")
    @classmethod
    def _as_list(cls, given: object) -> object:
        """Accept an object of names and values like a list of both, and a number like its text."""
        if isinstance(given, dict):
            given = [{"name": name, "value": value} for name, value in given.items()]
        if not isinstance(given, list):
            return given
        return [s | {"value": _as_text(s.get("value"))} if isinstance(s, dict) else s for s in given if s]


class _Join(_Strict):
    _may_lack = {"seconds": 0.5}

    into: str = Field(description="The asset_id of the shot that it leads into")
    kind: Literal["cut", "dissolve", "fade", "wipe"]
    seconds: float = Field(description="0.1 to 5, at most half of each of its shots")


class _Third(_Strict):
    shot: str = Field(description="The asset_id of its shot")
    text: str = Field(description="At most 200 characters, such as a name and a function")


class _Focus(_Strict):
    _may_lack = {"y": 0.5}

    shot: str = Field(description="The asset_id of its shot")
    x: float = Field(description="From the left edge, 0 to 1")
    y: float = Field(description="From the upper edge, 0 to 1")


class _Level(_Strict):
    track: Literal["narration", "music", "effects", "ambience", "own_sound"]
    decibels: float = Field(description="-60 to 12, relative to the narration; the defaults are 0, -8, -6, -16, -10")


class _Draft(_Strict):
    _may_lack = {
        "title": "",
        "transitions": [],
        "fade_out_seconds": 0,
        "title_card": "",
        "lower_thirds": [],
        "end_card": "",
        "captions": "sidecar",
        "levels": [],
        "destinations": [],
        "focus": [],
        "warnings": [],
    }

    title: str
    assets: list[_Piece] = Field(description="In the order in which they stand in the deliverable")
    transitions: list[_Join] = Field(description="Of a film, where it is not a plain cut; usually few or none")
    fade_out_seconds: float = Field(description="The fade to black at the end of a film; 0 for none")
    title_card: str = Field(description="Text over the begin of a film; empty unless the brief asks for a title")
    lower_thirds: list[_Third] = Field(description="Text at the lower edge over shots; empty unless asked for")
    end_card: str = Field(description="Text after the last shot; empty unless the brief asks for an end line or card")
    captions: Literal["sidecar", "plain", "boxed", "words"] = Field(
        description="Captions of a film: sidecar, or also in the picture where the brief asks for it"
    )
    levels: list[_Level] = Field(description="Only where the brief asks for louder or quieter sound; usually empty")
    destinations: list[str] = Field(description="Where the brief wants a film published, by the names in the rules")
    focus: list[_Focus] = Field(description="Of shots whose subject is not in the centre; usually empty")
    warnings: list[str] = Field(description="What the requester should know before approving; usually empty")


def _schema(*, sources: bool) -> dict[str, JsonValue]:
    whole: dict[str, Any] = _Draft.model_json_schema()
    piece = whole["$defs"]["_Piece"]
    if not sources:
        del piece["properties"]["sources"]
        piece["required"].remove("sources")
    return cast(dict[str, JsonValue], inlined(whole, whole["$defs"]))


SCHEMA: Final[Mapping[str, JsonValue]] = _schema(sources=False)
"""The schema of an answer. OpenAI's strict json_schema, Anthropic's output_config.format and Gemini's
responseJsonSchema all accept it: objects are closed, every field is required, there are no references and no limits."""
SCHEMA_WITH_SOURCES: Final[Mapping[str, JsonValue]] = _schema(sources=True)
"""The same for a brief in whose references something was read: its assets name what they used."""


@dataclass(frozen=True)
class AnswerValidator:
    """Checks the answers to one planning task.

    Attributes:
        room_usd: What is left of the brief's budget; None where it has none.
    """

    task: PlanningTask
    room_usd: Decimal | None

    def read_plan(self, answer: str, planner: str) -> Plan:
        """The unpriced plan that an answer proposes.

        Raises:
            Refused: the answer is no valid plan; `problems` lists all problems of the first check that fails.
        """
        try:
            draft = read_as(_Draft, answer)
        except ValidationError as error:
            raise Refused([f"{_place(e['loc'])}: {e['msg']}" for e in error.errors()]) from None
        except ValueError as error:
            raise Refused([f"answer: {error}"]) from None
        problems: list[str] = []
        assets = [asset for piece in draft.assets if (asset := self._asset(piece, problems))]
        if not draft.assets:
            problems.append("assets: there are none")
        if problems:
            raise Refused(problems)
        title = self.task.given_title or " ".join(draft.title.split())[:200] or assets[0].label
        warnings = [" ".join(w.split())[:300] for w in draft.warnings if w.strip()][:MAX_WARNINGS]
        try:
            scripted = self._with_script(assets)
            plan = Plan.of(title, scripted, planner=planner, warnings=warnings, cut=self._cut(draft))
            check_plan(self.task.brief, plan)
        except PlanProblem as problem:
            raise Refused([str(problem)]) from None
        except ValidationError as error:
            raise Refused([f"{_of_cut(e['loc'])}: {e['msg']}" for e in error.errors()]) from None
        problems = [*self._model_problems(plan), *self._deliverable_problems(plan), *self._structure_problems(plan)]
        if problems:
            raise Refused(problems)
        plan = with_ordered_cut(plan, self.task)
        plan = within_budget(divided_shots(plan, self.task), self.task, self.room_usd)
        self._check_price(plan)
        return plan

    def _cut(self, draft: _Draft) -> Cut:
        if self.task.brief.platform != Platform.VIDEO:
            return Cut()
        joins = {_slug(j.into): {"kind": j.kind, "seconds": j.seconds} for j in draft.transitions}
        focus = {_slug(f.shot): {"x": min(max(f.x, 0), 1), "y": min(max(f.y, 0), 1)} for f in draft.focus}
        thirds = [{"asset_id": _slug(each.shot), "text": each.text} for each in draft.lower_thirds]
        return Cut.model_validate(
            {
                "transitions": joins,
                "fade_out_seconds": draft.fade_out_seconds,
                "title": {"text": draft.title_card} if draft.title_card.strip() else None,
                "lower_thirds": thirds,
                "end_card": {"text": draft.end_card, "seconds": self.task.card_seconds}
                if draft.end_card.strip()
                else None,
                "captions": draft.captions,
                "levels": {each.track: each.decibels for each in draft.levels},
                "renditions": tuple(dict.fromkeys(_slug(name) for name in draft.destinations)),
                "focus": focus,
            }
        )

    def _with_script(self, assets: list[Asset]) -> list[Asset]:
        """The assets of a film with its script composed from its shots: a model's own copy could say something else."""
        if self.task.brief.platform != Platform.VIDEO:
            return assets
        given = {"prompt": script_head(self.task.brief), "original": "", "composed": True}
        scripts = ("text", "script")
        return compose([a.model_copy(update=given) if (a.asset_type, a.role) == scripts else a for a in assets])

    def _asset(self, piece: _Piece, problems: list[str]) -> Asset | None:
        chosen = self._find_offer(piece.asset_type, piece.provider, piece.model)
        given = {
            "asset_id": _slug(piece.asset_id),
            "asset_type": piece.asset_type,
            "role": _slug(piece.role),
            "label": " ".join(piece.label.split())[:200],
            "original": "" if piece.original.strip() == piece.prompt.strip() else piece.original.strip()[:8_000],
            "prompt": piece.prompt,
            "delivery": " ".join(piece.delivery.split())[:MAX_DELIVERY_CHARS],
            "provider": piece.provider,
            "model": piece.model,
            "parameters": {s.name: _typed(chosen, s) for s in piece.parameters if s.value.strip()},
            "depends_on": tuple(dict.fromkeys(map(_slug, piece.depends_on))),
            "continues": _slug(piece.continues),
            "sources": known_sources(piece.sources, self.task.brief),
        }
        try:
            return _directed(Asset.model_validate(given))
        except ValidationError as error:
            problems += [f"asset {piece.asset_id[:60]!r}: {_place(e['loc'])}: {e['msg']}" for e in error.errors()]
            return None

    def _find_offer(self, asset_type: str, provider: str, model: str) -> Offer | None:
        offers = self.task.menu.get(Modality(asset_type), ())
        return next((o for o in offers if (o.provider, o.model) == (provider, model)), None)

    def _model_problems(self, plan: Plan) -> list[str]:
        """For each asset, why its model cannot make it as planned."""
        problems = []
        for asset in plan.assets:
            here = f"asset {asset.asset_id!r}:"
            if self._find_offer(asset.asset_type, asset.provider, asset.model) is None:
                choice = ", ".join(f"{o.provider} {o.model}" for o in self.task.menu.get(asset.asset_type, ()))
                given = f"{asset.provider[:60]} {asset.model[:60]}"
                problems.append(f"{here} model: {given!r} may not be planned for {asset.asset_type}; choose {choice}")
                continue
            try:
                self.task.price_asset(plan, asset)
            except ApplicationError as error:
                # Problems of an input are reported with the input itself.
                if error.message.startswith(here):
                    problems.append(error.message)
        return problems

    def _deliverable_problems(self, plan: Plan) -> list[str]:
        """Missing modalities, sound that the brief does not ask for, and a film of the wrong length."""
        made = {asset.asset_type for asset in plan.assets}
        made |= {Modality.IMAGE for asset in plan.assets if PICTURES in asset.parameters}
        problems = [
            f"assets: the brief asks for {m.value}, and no asset is {m.value}; add what the deliverable needs of it"
            for m in self.task.brief.modalities
            if m not in made
        ]
        if self.task.brief.platform != Platform.VIDEO:
            return problems
        if not self.task.asks_for_sound:
            problems += [
                f"asset {a.asset_id!r}: role: the brief does not ask for {a.role}; leave it out"
                for a in plan.assets
                if a.role in UNSPOKEN_ROLES
            ]
        shots = video_lengths(plan, self._planned_seconds)
        shared = sum(each.seconds for each in plan.cut.transitions.values() if each.kind in ("dissolve", "wipe"))
        own_card = plan.cut.end_card if not self.task.cards.end else None
        seconds, wanted = sum(shots) - shared + (own_card.seconds if own_card else 0), self.task.shot_seconds
        if shots and abs(seconds - wanted) > LENGTH_TOLERANCE * wanted:
            problems.append(
                f"assets: the shots last {seconds:g} seconds together, {wanted:g} were asked for; "
                "change their number or their seconds"
            )
        return problems

    def _structure_problems(self, plan: Plan) -> list[str]:
        """Where the film departs from the shots and the cards that the brief lists. After feedback, that counts."""
        task = self.task
        if task.request.feedback:
            return []
        lengths = video_lengths(plan, self._planned_seconds)
        return film_problems(task.structure, task.cards, plan, lengths, task.brief.language)

    def _planned_seconds(self, shot: Asset) -> float:
        """The planned length of a shot, by the same parameters as its price."""
        if (seconds := shot.number("seconds", "at_least")) is not None:
            return seconds
        offer = self._find_offer(shot.asset_type, shot.provider, shot.model)
        default = offer.rules["seconds"].default if offer and "seconds" in offer.rules else ""
        return float(default) if re.fullmatch(r"\d+(\.\d+)?", default) else pricing.DEFAULT_SECONDS

    def _check_price(self, plan: Plan) -> None:
        if self.room_usd is None:
            return
        priced = price(plan, self.task.providers, references=self.task.request.references)
        if priced.unknown_prices and self.task.brief.known_prices_only:
            raise Refused([f"asset {i!r}: model: a budget cannot hold an unknown price" for i in priced.unknown_prices])
        most, languages = self.task.with_languages_usd(priced), len(self.task.brief.further_languages)
        if most > self.room_usd:
            spoken = f", with the narrations in {languages} further languages" if languages else ""
            costly = sorted(priced.assets, key=lambda a: a.high_usd, reverse=True)[:3]
            named = ", ".join(f"{a.asset_id} {a.high_usd:f}" for a in costly)
            raise Refused(
                [
                    f"assets: they cost up to {most:f} USD{spoken}, and {self.room_usd:f} USD may be spent "
                    f"(the most expensive: {named}); choose cheaper models or settings, fewer or shorter assets"
                ]
            )


def _directed(asset: Asset) -> Asset:
    """The asset with a direction in brackets in its delivery: nothing but words is spoken, and only speech is said."""
    if not asset.spoken:
        return asset.model_copy(update={"delivery": ""})
    words, direction = split_direction(asset.prompt)
    directed = with_delivery(asset)
    return directed.model_copy(update={"prompt": words, "delivery": directed.delivery or direction})


def _as_text(value: object) -> object:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _slug(text: str) -> str:
    """The text as an id of a plan; an id such as "Shot_1" is corrected here rather than by another paid attempt."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")


def _of_cut(loc: tuple[int | str, ...]) -> str:
    head = "transitions" if loc[0] in ("transitions", "fade_out_seconds") else "cut"
    return f"{head}: {_place(loc)}"


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc)) or "answer"


def _typed(offer: Offer | None, setting: _Setting) -> JsonValue:
    """The value in the type that the model's rule takes; other values stay text, which pricing then refuses."""
    value = setting.value.strip()
    rule = offer.rules.get(setting.name) if offer else None
    if rule and rule.type == "text":
        return setting.value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", value):
        number = float(value)
        return int(number) if number.is_integer() else number
    return setting.value

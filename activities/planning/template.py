"""The template planner: it distributes the brief's own text over assets, without a language model.

`draft` is a pure function of its task: the same brief and the same models give the same plan.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer, Parameter
from activities.planning.checks.narration import cut_lines
from activities.planning.choices.casting import cast
from activities.planning.choices.illustrated import ROLE, asked_pictures, illustrator
from activities.planning.choices.listed_pictures import (
    Listed,
    about_all,
    list_warnings,
    listed_pictures,
    shape_warnings,
)
from activities.planning.choices.own_footage import own_shots, placeholder_of
from activities.planning.choices.roles import ILLUSTRATED, SHOWING, TEXTS, VISUALS
from activities.planning.choices.titles import title_of
from activities.planning.choices.unmade import unmade_illustrations, unmade_sounds
from activities.planning.delivery.rule import Deliveries
from activities.planning.film import SCENE_CHARS, open_feedback_warnings, plan_film
from activities.planning.material.facts import cited, facts_of, listed, looks_of, with_sources
from activities.planning.material.unused import stored, unused_references
from activities.planning.shots import FilmShot
from activities.planning.structure.lettering import Lettering, asked_lettering
from activities.planning.task import PlanningTask, asks_for_upscale, check_plannable
from activities.text.illustrated import without_marks
from activities.text.speech import sentences, shortened
from workflows.brief import Brief, Platform
from workflows.continuity.inputs import UPSCALE, without_versions
from workflows.cut import Cut
from workflows.illustrated.parts import PICTURES
from workflows.models import MASK, MAX_PROMPT_CHARS, UNSPOKEN_ROLES, Asset, Modality, Plan
from workflows.production.state.plans.script import compose

PLANNER: Final = "template"
MAX_LETTERING: Final = 12
"""Texts in one picture."""
SPARE: Final = 1.1
"""Music is this much longer than its shots in the plan: narration may make them longer."""
AMBIENCE_SECONDS: Final = 30
"""The length of an ambience, which a film loops."""
EXCERPT_CHARS: Final = 3_000
"""The part of the brief in a text prompt, so that prompt and direction stay well under 8,000 characters."""


@dataclass(frozen=True)
class _AssetWriter:
    """Writes the assets of one task for its preferred models."""

    task: PlanningTask

    @property
    def brief(self) -> Brief:
        return self.task.brief

    def makes(self, modality: Modality) -> bool:
        return modality in self.task.preferred and not (modality is Modality.VIDEO and self.has_cover)

    @property
    def has_cover(self) -> bool:
        """Whether one picture stands for the whole film."""
        return self.task.only_heard and Modality.IMAGE in self.task.preferred

    def uses(self, source: Asset, offer: Offer) -> bool:
        """Whether a shot depends on its still or narration: its model gets it, or its length follows it."""
        return source.asset_type in offer.accepts or (source.spoken and len(offer.seconds) > 1)

    def references(self, modality: Modality) -> tuple[str, ...]:
        """The references that assets of this modality are made from: pictures use them, otherwise shots, or texts."""
        offer = self.task.preferred[modality]
        ids = [i for i, media in stored(self.task) if media.modality is Modality.IMAGE and media.use != MASK]
        masks = [i for i, media in stored(self.task) if media.use == MASK] if offer.mask and len(ids) == 1 else []
        first = next(filter(self.makes, (Modality.IMAGE, Modality.VIDEO, Modality.TEXT)))
        able = modality == first and Modality.IMAGE in offer.accepts
        return (*ids[: offer.max_pictures or len(ids)], *masks[:1]) if able else ()

    def direction(self) -> str:
        """The style, as the end of a prompt."""
        return f" Style: {self.brief.style}." if self.brief.style else ""

    def look(self) -> str:
        """The style, and the looks of the references that give one, as the end of the prompt of a picture or a shot."""
        looks = "; ".join(dict.fromkeys(each.text for each in looks_of(self.task)))
        return f"{self.direction()} Look: {looks}." if looks else self.direction()

    def writes(self) -> bool:
        """Whether a language model writes the texts, which can follow feedback; a placeholder cannot."""
        return not self.task.preferred[Modality.TEXT].placeholder

    def wishes(self) -> str:
        """The feedback for a writer, the newest kept where there is no room for all."""
        given = " ".join(self.task.feedback.open) if self.writes() else ""
        return f" Direction: {given[-3_000:]}" if given else ""

    def asset(
        self,
        asset_id: str,
        modality: Modality,
        role: str,
        label: str,
        prompt: str,
        *,
        parameters: dict[str, JsonValue] | None = None,
        depends_on: tuple[str, ...] = (),
        offer: Offer | None = None,
    ) -> Asset:
        offer = offer or self.task.preferred[modality]
        if offer.max_prompt:
            prompt = prompt.encode("utf-16-le")[: 2 * offer.max_prompt].decode("utf-16-le", "ignore")
        return Asset(
            asset_id=asset_id,
            asset_type=modality,
            role=role,
            label=label,
            prompt=prompt[:MAX_PROMPT_CHARS],
            provider=offer.provider,
            model=offer.model,
            parameters=parameters or {},
            depends_on=(*depends_on, *self.references(modality)),
        )

    def text(self, role: str, label: str, instruction: str, offer: Offer | None = None, pictures: int = 0) -> Asset:
        prompt = (
            f"{instruction} Language: {self.brief.language}.{self.direction()}{self.wishes()}\n\n"
            f"{(self.brief.text if role in SHOWING else without_marks(self.brief.text))[:EXCERPT_CHARS]}"
            f"{listed(facts_of(self.task))}"
        )
        parameters: dict[str, JsonValue] = {PICTURES: pictures} if pictures else {}
        return self.asset(role, Modality.TEXT, role, label, prompt, parameters=parameters, offer=offer)

    def picture(self, sentence: str, composition: str, lettering: Lettering) -> str:
        words = _lettering(lettering)
        frame = f"{composition}, {self.brief.aspect}.{f' {words[:1].upper()}{words[1:]}.' if words else ''}"
        return f"{shortened(sentence, SCENE_CHARS)} {frame}{self.look()}{self.captions()}"

    def captions(self) -> str:
        """Name and note of each reference, as the requester wrote them, for a model that gets the references."""
        ids = self.references(Modality.IMAGE)
        used = [r for i, r in zip(self.brief.reference_ids, self.brief.references, strict=True) if i in ids]
        captions = ((k, "; ".join(filter(None, (r.name, r.note)))) for k, r in enumerate(used, start=1))
        return "".join(f" Picture {k}: {caption.rstrip(' .')}." for k, caption in captions if caption)


def draft(task: PlanningTask) -> Plan:
    """Turn a brief into unpriced assets, each on the preferred model of its modality.

    Raises:
        ApplicationError: type PLAN_INVALID; no plan can satisfy the brief.
    """
    check_plannable(task)
    plan = with_sources(_film(task) if task.brief.platform == Platform.VIDEO else _texts(task), cited(task))
    return plan.model_copy(update={"warnings": (*plan.warnings, *unused_references(task, plan))})


def _texts(task: PlanningTask) -> Plan:
    writer = _AssetWriter(task)
    open_ = [] if writer.writes() or task.brief.items else open_feedback_warnings(task.feedback)
    pictures = listed_pictures(task)
    warnings = [*open_, *unmade_illustrations(task), *list_warnings(task, pictures), *shape_warnings(task)]
    return Plan.of(title_of(task), _pages(writer, pictures), planner=PLANNER, warnings=warnings)


def _film(task: PlanningTask) -> Plan:
    writer = _AssetWriter(task)
    film = plan_film(task)
    spoken = [shot.narration for shot in film.shots] if writer.makes(Modality.AUDIO) else []
    voice = task.maker_of(Modality.AUDIO, spoken) if spoken else None
    shots, problems = _upscaled(writer, _video(writer, film.shots, voice))
    problems += cut_lines(spoken, voice) if voice else []
    assets = [*shots, *_sounds(writer, film.shots)]
    warnings = [*film.warnings, *problems, *_length_warnings(film.shots, assets), *unmade_sounds(task)]
    shown = [a.asset_id for a in assets if a.role == ("shot" if writer.makes(Modality.VIDEO) else "still")]
    film = film._replace(shots=film.shots[: len(shown)])
    offer = task.preferred.get(Modality.VIDEO, task.preferred.get(Modality.IMAGE))
    cut = film.cut(shown, offer, cropped=bool(task.renditions)) if shown else Cut()
    return Plan.of(title_of(task), assets, planner=PLANNER, warnings=warnings, cut=cut)


def _pages(writer: _AssetWriter, pictures: Sequence[Listed]) -> list[Asset]:
    """The assets of platforms with texts and pictures: no asset depends on another one."""
    brief, task = writer.brief, writer.task
    if brief.items:
        more = writer.direction() + "".join(f" {wish}" for wish in task.feedback.open) + writer.captions()
        numbered = enumerate(brief.items, start=1)
        return [writer.asset(f"item-{k}", Modality.IMAGE, "visual", i.key, i.prompt(more)) for k, i in numbered]
    if offer := illustrator(task.menu[Modality.TEXT], task.preferred[Modality.TEXT]):
        count = asked_pictures(brief, task.feedback.open)
        return [writer.text(ROLE, ILLUSTRATED[0], ILLUSTRATED[1], offer, count)]
    assets = [writer.text(*text) for text in TEXTS[brief.platform]]
    if writer.makes(Modality.IMAGE) and pictures:
        return [*assets, *_listed(writer, pictures)]
    if writer.makes(Modality.IMAGE):
        count = 3 if brief.platform == Platform.DESIGN else 1
        shown = asked_lettering(brief.text, design=brief.platform == Platform.DESIGN)
        for k, (label, composition) in enumerate(VISUALS[:count], start=1):
            name = f"visual-{k}" if count > 1 else "visual"
            picture = writer.picture(" ".join(sentences(without_marks(brief.text))), composition, shown)
            assets.append(writer.asset(name, Modality.IMAGE, "visual", label, picture))
    return assets


def _listed(writer: _AssetWriter, listed: Sequence[Listed]) -> list[Asset]:
    """A picture for each entry of the brief's list, which it shows alone."""
    about = about_all(writer.task)
    for_all = f" For: {shortened(about, SCENE_CHARS)}" if about else ""
    assets = []
    for k, each in enumerate(listed, start=1):
        prompt = writer.picture(f"{each.shows.rstrip(' .')}.{for_all}", "One subject alone", Lettering((), asked=True))
        made = writer.asset(f"visual-{k}", Modality.IMAGE, "visual", each.name, prompt)
        assets.append(made.model_copy(update={"sources": (each.source,) if each.source else ()}))
    return assets


def _video(writer: _AssetWriter, shots: Sequence[FilmShot], voice: Offer | None) -> list[Asset]:
    """The script, then each shot's narration, still and video: the order of the storyboard."""
    script = writer.asset("script", Modality.TEXT, "script", "Script", script_head(writer.brief))
    assets = [script.model_copy(update={"composed": True})]
    deliveries = Deliveries(writer.brief, writer.task.structure)
    stand_in = placeholder_of(writer.task, Modality.VIDEO)
    recorded = own_shots(writer.task) if stand_in and len(shots) == writer.task.listed_shots else []
    for k, shot in enumerate(shots, start=1):
        label = f"Shot {k} · {shot.label}"[:200]
        inputs: list[Asset] = []
        if voice and shot.narration:
            speakers = f" · {', '.join(shot.speakers)}" if shot.speakers else ""
            name = f"Narration {k}{speakers}"[:200]
            inputs.append(_narration(writer, f"narration-{k}", name, shot, deliveries, voice))
        if writer.makes(Modality.IMAGE) and not (k in recorded or (writer.has_cover and k > 1)):
            scene = f"A cover for {title_of(writer.task)}." if writer.has_cover else shot.scene
            prompt = writer.picture(scene, shot.frame.composition, _shown(shot))
            name = "Cover" if writer.has_cover else label
            inputs.append(writer.asset(f"still-{k}", Modality.IMAGE, "still", name, prompt))
        assets += inputs
        if writer.makes(Modality.VIDEO):
            offer = stand_in if stand_in and k in recorded else writer.task.preferred[Modality.VIDEO]
            needed = tuple(i.asset_id for i in inputs if writer.uses(i, offer))
            length = _length(writer, shot, offer)
            made = writer.asset(
                f"shot-{k}",
                Modality.VIDEO,
                "shot",
                label,
                _movement(writer, shot),
                parameters=length,
                depends_on=needed,
                offer=offer,
            )
            assets.append(made)
    return compose(assets)


def _narration(
    writer: _AssetWriter, asset_id: str, name: str, shot: FilmShot, deliveries: Deliveries, voice: Offer
) -> Asset:
    """The narration of a shot: its words, how they are said, and the voice of its speaker in a conversation."""
    words, delivery = deliveries.line(shot.narration, shot.manners)
    speaks_as = cast(writer.task.structure, voice, writer.brief.language).get(next(iter(shot.speakers), ""))
    own: dict[str, JsonValue] = {"voice": speaks_as} if speaks_as else {}
    made = writer.asset(asset_id, Modality.AUDIO, "narration", name, words, parameters=own, offer=voice)
    return made.model_copy(update={"delivery": delivery})


def _upscaled(writer: _AssetWriter, assets: list[Asset]) -> tuple[list[Asset], list[str]]:
    """The assets with a larger copy of each shot, where the brief asks for it; the film shows the copies alone."""
    if not (asks_for_upscale(writer.task.request) and writer.makes(Modality.VIDEO)):
        return assets, []
    offers = writer.task.menu[Modality.VIDEO]
    offer = next((o for o in offers if o.requires == {Modality.VIDEO}), None)
    if offer is None:
        remedy = "enable a provider that does (with a budget, its price has to be known), or upload larger takes"
        return assets, [f"upscale: the brief asks for it, and no model of this plan makes larger copies; {remedy}"]
    found = []
    for asset in assets:
        found.append(asset)
        if asset.role == "shot":
            number = asset.asset_id.removeprefix("shot-")
            copy = writer.asset(
                f"{UPSCALE}-{number}", Modality.VIDEO, UPSCALE, asset.label, "A larger copy of the shot.", offer=offer
            )
            found.append(copy.model_copy(update={"depends_on": (asset.asset_id,)}))
    return found, []


def _sounds(writer: _AssetWriter, shots: Sequence[FilmShot]) -> list[Asset]:
    """The music, effects and ambience that the brief asks for, each with the shots over which it sounds."""
    task, assets, counts = writer.task, list[Asset](), dict.fromkeys(UNSPOKEN_ROLES, 0)
    shown = next((name for m, name in ((Modality.VIDEO, "shot"), (Modality.IMAGE, "still")) if writer.makes(m)), "")
    for cue in task.sounds:
        offer = task.sound_offers.get(cue.role)
        if offer is None or (writer.has_cover and cue.first > 1):
            continue
        counts[cue.role] += 1
        first, last = (cue.first or 1, min(cue.last or len(shots), len(shots))) if not writer.has_cover else (1, 1)
        tied = [f"{shown}-{k}" for k in dict.fromkeys((first, last))] if shown and 0 < cue.first <= last else []
        asset_id = f"{cue.role}-{counts[cue.role]}"
        label = f"{cue.role.capitalize()} · {cue.text}"[:200]
        length = sound_length(offer, cue.role, sum(shot.seconds for shot in shots[first - 1 : last]))
        prompt = f"{cue.text}. Instrumental, no vocals." if cue.role == "music" else f"{cue.text}."
        assets.append(
            writer.asset(
                asset_id,
                Modality.AUDIO,
                cue.role,
                label,
                prompt,
                parameters=length,
                depends_on=tuple(tied),
                offer=offer,
            )
        )
    return assets


def sound_length(offer: Offer, role: str, seconds: float) -> dict[str, JsonValue]:
    """The parameter for the length of music or ambience that sounds for `seconds`; effects have their usual length."""
    if role == "effects":
        return {}
    wanted = math.ceil(seconds * SPARE) if role == "music" else min(math.ceil(seconds), AMBIENCE_SECONDS)
    named = ((name, offer.rules[name]) for name in ("seconds", "duration") if name in offer.rules)
    return next(({name: round(rule.nearest(wanted), 3)} for name, rule in named), {})


def _length(writer: _AssetWriter, shot: FilmShot, offer: Offer) -> dict[str, JsonValue]:
    """The parameter for a shot's length: a narration may make it longer where the model allows that."""
    name = (
        "at_least" if writer.makes(Modality.AUDIO) and shot.narration and "at_least" in offer.parameters else "seconds"
    )
    if name not in offer.parameters:
        return {}
    rule = offer.rules.get(name)
    seconds = _allowed(rule, shot) if rule else shot.seconds
    return {name: round(seconds, 3)}


def _allowed(rule: Parameter, shot: FilmShot) -> float:
    """The nearest length that a model makes; the next longer one where the lines of the brief need it."""
    nearest = rule.nearest(shot.seconds)
    longer = [c for c in map(float, rule.choices) if c >= shot.need]
    return min(longer) if shot.fixed and shot.narration and nearest < shot.need and longer else nearest


def _length_warnings(shots: Sequence[FilmShot], assets: Sequence[Asset]) -> list[str]:
    """A warning where the model of the shots does not make the lengths that the brief gives."""
    made = [a for a in without_versions(assets) if a.asset_type == Modality.VIDEO]
    lengths = [a.parameters.get("seconds", a.parameters.get("at_least")) for a in made]
    total, wanted = sum(x for x in lengths if isinstance(x, int | float)), sum(shot.seconds for shot in shots)
    if not made or None in lengths or abs(total - wanted) <= 0.05 * wanted or not any(shot.fixed for shot in shots):
        return []
    return [
        f"the shots last {total:g} s together instead of {wanted:g} s: {made[0].model} does not make all "
        f"lengths of the "
        "brief; choose another model, or other lengths"
    ]


def _shown(shot: FilmShot) -> Lettering:
    """The text in the picture of a shot: as the structure of the brief gives it, otherwise as its scene asks for it."""
    return Lettering(shot.lettering, asked=True) if shot.lettering else asked_lettering(shot.scene)


def _lettering(shown: Lettering) -> str:
    """What a prompt says of text in the picture; nothing where its description asks for text without the words."""
    if not shown.words:
        return "" if shown.asked else "no lettering"
    quoted = ", ".join(f"“{each[:200]}”" for each in shown.words[:MAX_LETTERING])
    return f"lettering, spelled exactly: {quoted}; no other lettering"


def _movement(writer: _AssetWriter, shot: FilmShot) -> str:
    first, words = shot.frame.composition, _lettering(_shown(shot))
    return (
        f"{shot.scene} First: {first[0].lower()}{first[1:]}. Then the camera: {shot.frame.camera}. "
        f"Last: hold on the subject for a moment. One continuous take, no cuts{f', {words}' if words else ''}."
        f"{writer.look()}"
    )


def script_head(brief: Brief) -> str:
    """The first paragraph of the script's prompt; the shots follow, composed from the plan."""
    return (
        "The script of the film, shot by shot, with exactly these words of its narration and of its on-screen text. "
        f"Language: {brief.language}.{f' Style: {brief.style}.' if brief.style else ''}"
    )

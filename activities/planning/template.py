"""The template planner: it distributes the brief's own text over assets, without a language model.

`draft` is a pure function of its task: the same brief and the same models give the same plan.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import JsonValue

from activities.planning.task import PlanningTask, check_plannable
from activities.text.speech import group_by_time, is_direction, join_sentences, sentences, shorten, subject
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality, Plan

PLANNER: Final = "template"
SECONDS_PER_SHOT: Final = 5.0
MAX_SHOTS: Final = 60
LONGEST_SHOT_SECONDS: Final = 60.0
MAX_PROMPT_CHARS: Final = 8_000
BREATH_SECONDS: Final = 0.4
"""By which a shot is longer than its narration."""
EXCERPT_CHARS: Final = 3_000
"""The part of the brief in a text prompt, so that prompt and direction stay well under 8,000 characters."""

TEXTS: Final[dict[Platform, tuple[tuple[str, str, str], ...]]] = {
    Platform.COPY: (
        ("headline", "Headline", "Write one headline of at most 90 characters."),
        ("body", "Body", "Write the body copy: short paragraphs, concrete words, one idea each."),
        ("call-to-action", "Call to action", "Write one call to action of at most eight words."),
    ),
    Platform.CREATIVE_BRIEF: (
        ("objective", "Objective", "State the one objective in a sentence."),
        ("audience", "Audience", "Describe the audience: who they are, what they want, where they are reached."),
        ("message", "Message", "State the single message that they should remember."),
        ("tone", "Tone", "Describe tone and style, with what to avoid."),
        ("deliverables", "Deliverables", "List the deliverables with formats, lengths and dates."),
    ),
    Platform.SOCIAL_POST: (
        ("post", "Post", "Write the post: a first line that stops the thumb, then at most 60 words."),
    ),
    Platform.DESIGN: (("concept", "Concept", "Describe the design concept: idea, layout, colour, type."),),
}
"""Platform -> (role, label, instruction for the writer)."""


class _Frame(NamedTuple):
    """How a shot is framed and moves, and its English narration where the brief has no text left for it."""

    name: str
    composition: str
    camera: str
    line: str = ""


OPENING: Final = _Frame(
    "Opening", "Wide establishing frame, low horizon, room above", "slow push in from the wide frame"
)
MIDDLE: Final = (
    _Frame(
        "Closer",
        "Medium frame, the subject on the left third, space to the right",
        "drift to the right at walking pace",
        "Come a little closer.",
    ),
    _Frame(
        "Detail",
        "Close detail, shallow focus, one thing in the centre",
        "hold, then a slight push in",
        "Look at the details.",
    ),
    _Frame(
        "Turn",
        "Low angle, strong diagonal, the subject on the right third",
        "rise slowly",
        "Now see it from another side.",
    ),
    _Frame(
        "Wider",
        "High wide view, small subject, clear shapes",
        "pull back slowly",
        "Step back, and take it all in.",
    ),
    _Frame(
        "Build",
        "Layered frame: foreground, subject, background",
        "slide to the left past the foreground",
        "There is always more to see.",
    ),
)
CLOSING: Final = _Frame("Closing", "Calm symmetrical wide frame, room for a title", "slow pull back, come to rest")
VISUALS: Final = (
    ("Key visual", "One strong idea, centred, generous empty space"),
    ("Detail", "Close crop on texture and form, off-centre"),
    ("In context", "The design in use, seen from a natural distance"),
)


@dataclass(frozen=True)
class _AssetWriter:
    """Writes the assets of one task for its preferred models."""

    task: PlanningTask

    @property
    def brief(self) -> Brief:
        return self.task.brief

    def makes(self, modality: Modality) -> bool:
        return modality in self.task.preferred

    def references(self, modality: Modality) -> tuple[str, ...]:
        """The references that assets of this modality are made from: pictures use them, otherwise shots, or texts."""
        ids, offer = self.brief.reference_ids, self.task.preferred[modality]
        first = next(filter(self.makes, (Modality.IMAGE, Modality.VIDEO, Modality.TEXT)))
        able = modality == first and Modality.IMAGE in offer.accepts
        return ids[: offer.max_pictures or len(ids)] if able else ()

    def reference_warnings(self) -> list[str]:
        """A warning where references stay unused."""
        used = {i for m in self.task.preferred for i in self.references(m)}
        unused = [i for i in self.brief.reference_ids if i not in used]
        problem = "is not used: no model of this plan takes it; choose one that does, and name it in depends_on"
        return [f"{', '.join(unused)} {problem}"] if unused else []

    def direction(self) -> str:
        """Style and every revision's direction, as the end of a prompt; where there is no room, the oldest are cut."""
        style = f" Style: {self.brief.style}." if self.brief.style else ""
        directions = " ".join(self.task.feedback.directions)
        return style + (f" Direction: {directions[-3_000:]}" if directions else "")

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
    ) -> Asset:
        offer = self.task.preferred[modality]
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

    def text(self, role: str, label: str, instruction: str) -> Asset:
        prompt = (
            f"{instruction} Language: {self.brief.language}.{self.direction()}\n\n{self.brief.text[:EXCERPT_CHARS]}"
        )
        return self.asset(role, Modality.TEXT, role, label, prompt)

    def picture(self, sentence: str, composition: str) -> str:
        frame = f"{composition}, {self.brief.aspect}. No lettering."
        return f"{sentence[:700]} {frame}{self.direction()}{self.captions()}"

    def captions(self) -> str:
        """Name and note of each reference, as the requester wrote them, for a model that gets the references."""
        used = self.brief.references[: len(self.references(Modality.IMAGE))]
        captions = ((k, "; ".join(filter(None, (r.name, r.note)))) for k, r in enumerate(used, start=1))
        return "".join(f" Picture {k}: {caption.rstrip(' .')}." for k, caption in captions if caption)


def draft(task: PlanningTask) -> Plan:
    """Turn a brief into unpriced assets, each on the preferred model of its modality.

    Raises:
        ApplicationError: type PLAN_INVALID; no plan can satisfy the brief.
    """
    check_plannable(task)
    brief, writer = task.brief, _AssetWriter(task)
    if brief.platform != Platform.VIDEO:
        return Plan.of(_title(brief), _pages(writer), planner=PLANNER, warnings=writer.reference_warnings())
    shots, seconds = _shots(task)
    warnings = [*_unspoken_warnings(writer, shots), *writer.reference_warnings()]
    return Plan.of(_title(brief), _video(writer, shots, seconds), planner=PLANNER, warnings=warnings)


def _title(brief: Brief) -> str:
    if brief.title:
        return brief.title
    first = subject(sentences(brief.text)[0]).rstrip(" .!?。！？।؟…,;:") or brief.platform.value.replace("_", " ")
    return first if len(first) <= 60 else first[:59].rstrip() + "…"


def _pages(writer: _AssetWriter) -> list[Asset]:
    """The assets of platforms with texts and pictures: no asset depends on another one."""
    brief = writer.brief
    assets = [writer.text(*text) for text in TEXTS[brief.platform]]
    if writer.makes(Modality.IMAGE):
        count = 3 if brief.platform == Platform.DESIGN else 1
        for k, (label, composition) in enumerate(VISUALS[:count], start=1):
            name = f"visual-{k}" if count > 1 else "visual"
            picture = writer.picture(" ".join(sentences(brief.text)), composition)
            assets.append(writer.asset(name, Modality.IMAGE, "visual", label, picture))
    return assets


@dataclass(frozen=True)
class _Shot:
    number: int
    label: str
    scene: str
    narration: str
    frame: _Frame
    is_cut: bool
    """Whether the narration leaves out some of the brief's text for this shot, because it does not fit."""


def _shots(task: PlanningTask) -> tuple[list[_Shot], float]:
    """The shots with their scenes and narrations, and the length of each in seconds."""
    brief, feedback, length = task.brief, task.feedback, task.seconds
    count = feedback.shots or round(length / (feedback.seconds_per_shot or SECONDS_PER_SHOT))
    count = min(max(count, math.ceil(length / LONGEST_SHOT_SECONDS), 1), MAX_SHOTS)
    seconds = max(length / count, 0.5)
    groups = group_by_time([subject(s) for s in sentences(brief.text)], count)
    english = brief.language.split("-")[0] == "en" and any(c.isascii() and c.isalpha() for c in groups[0][0])
    shots = []
    for k in range(count):
        frame = OPENING if k == 0 else CLOSING if k == count - 1 else MIDDLE[(k - 1) % len(MIDDLE)]
        group = groups[k % len(groups)]
        lines = [s for s in group if not (english and is_direction(s))]
        has_own = bool(lines) and k < len(groups)
        if english and frame.line and not has_own:
            lines = [frame.line]
        whole = join_sentences(lines or groups[0])
        narration = shorten(whole, max(seconds - BREATH_SECONDS, 0.5))
        is_cut = has_own and narration != whole
        scene = join_sentences(group)[:700]
        shots.append(_Shot(k + 1, f"Shot {k + 1} · {frame.name}", scene, narration, frame, is_cut))
    return shots, seconds


def _unspoken_warnings(writer: _AssetWriter, shots: list[_Shot]) -> list[str]:
    """A warning that names the shots whose narration leaves out some of the brief's text, where there are any."""
    cut = [str(shot.number) for shot in shots if shot.is_cut]
    if not writer.makes(Modality.AUDIO) or not cut:
        return []
    where = f"shot {cut[0]}" if len(cut) == 1 else f"shots {', '.join(cut[:-1])} and {cut[-1]}"
    return [
        f"the brief has more text than fits {where}: the narration leaves some of it out; "
        "edit the narration, ask for a longer film, or shorten the brief"
    ]


def _video(writer: _AssetWriter, shots: list[_Shot], seconds: float) -> list[Asset]:
    """The script, then each shot's narration, still and video: the order of the storyboard."""
    assets = [_script(writer, shots, seconds)]
    for shot in shots:
        k = shot.number
        inputs: list[Asset] = []
        if writer.makes(Modality.AUDIO):
            inputs.append(writer.asset(f"narration-{k}", Modality.AUDIO, "narration", f"Narration {k}", shot.narration))
        if writer.makes(Modality.IMAGE):
            prompt = writer.picture(shot.scene, shot.frame.composition)
            inputs.append(writer.asset(f"still-{k}", Modality.IMAGE, "still", shot.label, prompt))
        assets += inputs
        if writer.makes(Modality.VIDEO):
            assets.append(
                writer.asset(
                    f"shot-{k}",
                    Modality.VIDEO,
                    "shot",
                    shot.label,
                    _movement(writer, shot),
                    parameters=_length(writer, seconds),
                    depends_on=tuple(
                        i.asset_id for i in inputs if i.asset_type in writer.task.preferred[Modality.VIDEO].accepts
                    ),
                )
            )
    return assets


def _length(writer: _AssetWriter, seconds: float) -> dict[str, JsonValue]:
    """The parameter for a shot's length: a narration sets it where the model allows that, otherwise the brief does."""
    offer = writer.task.preferred[Modality.VIDEO]
    name = "at_least" if writer.makes(Modality.AUDIO) and "at_least" in offer.parameters else "seconds"
    if name not in offer.parameters:
        return {}
    rule = offer.rules.get(name)
    return {name: round(rule.nearest(seconds) if rule else seconds, 3)}


def _movement(writer: _AssetWriter, shot: _Shot) -> str:
    first = shot.frame.composition
    return (
        f"{shot.scene} First: {first[0].lower()}{first[1:]}. Then the camera: {shot.frame.camera}. "
        f"Last: hold on the subject for a moment. One continuous take, no cuts, no lettering.{writer.direction()}"
    )


def _script(writer: _AssetWriter, shots: list[_Shot], seconds: float) -> Asset:
    head = (
        f"Script in {len(shots)} shots of {seconds:.3g} seconds. Language: {writer.brief.language}.{writer.direction()}"
    )
    room = (MAX_PROMPT_CHARS - len(head)) // len(shots) - 90
    scenes = [f"{s.label}\nPicture: {s.frame.composition}.\nNarration: {s.narration[:room]}" for s in shots]
    return writer.asset("script", Modality.TEXT, "script", "Script", "\n\n".join([head, *scenes]))

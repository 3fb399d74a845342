"""The template planner, and the pricing of any plan. No model is asked: the brief's own words are routed into assets.

`draft` answers a brief with a plan; `price` checks every asset of a plan, whoever wrote it, against
what the enabled providers offer, and quotes it. Both are pure functions of their arguments.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.planning.pricing import invalid
from activities.providers.previz import narration
from activities.providers.protocol import Provider
from activities.providers.registry import remedy_for
from activities.providers.selection import ranked
from activities.text.speech import Wishes, fit, is_direction, joined, sentences, spread, subject, wishes
from workflows.activity_io import DraftPlan
from workflows.models import MAX_VIDEO_SECONDS, Asset, Brief, Modality, Plan, Platform

PLANNER: Final = "template"
SECONDS_PER_SHOT: Final = 5.0
MAX_SHOTS: Final = 60
LONGEST_SHOT_SECONDS: Final = 60.0
MAX_PROMPT_CHARS: Final = 8_000
BREATH_SECONDS: Final = 0.4
"""What a shot lasts beyond its narration."""
EXCERPT_CHARS: Final = 3_000
"""Of the brief in a text prompt, so that prompt and direction stay well under 8,000 characters."""

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
"""Platform -> (role, label, what to write)."""


class _Frame(NamedTuple):
    """How a shot is framed and moves, and what is said over it where the brief has no words left (English)."""

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
class _Desk:
    """One brief being planned: what may be used for it, and what the revisions wish."""

    brief: Brief
    offers: Mapping[Modality, Offer]
    wishes: Wishes

    def references(self, modality: Modality) -> tuple[str, ...]:
        """The references that assets of this modality are made from: pictures, else shots, else texts."""
        ids, offer = self.brief.reference_ids, self.offers[modality]
        first = next(m for m in (Modality.IMAGE, Modality.VIDEO, Modality.TEXT) if m in self.offers)
        able = modality == first and Modality.IMAGE in offer.accepts
        return ids[: offer.max_pictures or len(ids)] if able else ()

    def unused(self) -> list[str]:
        """A warning where references stay unused."""
        used = {i for m in self.offers for i in self.references(m)}
        left = [i for i in self.brief.reference_ids if i not in used]
        words = "is not used: no model of this plan takes it; choose one that does, and name it in depends_on"
        return [f"{', '.join(left)} {words}"] if left else []

    def direction(self) -> str:
        """Style and every revision's direction, as the end of a prompt; the newest words win the room there is."""
        style = f" Style: {self.brief.style}." if self.brief.style else ""
        said = " ".join(self.wishes.directions)
        return style + (f" Direction: {said[-3_000:]}" if said else "")

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
        offer = self.offers[modality]
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

    def text(self, role: str, label: str, task: str) -> Asset:
        prompt = f"{task} Language: {self.brief.language}.{self.direction()}\n\n{self.brief.text[:EXCERPT_CHARS]}"
        return self.asset(role, Modality.TEXT, role, label, prompt)

    def picture(self, sentence: str, composition: str) -> str:
        frame = f"{composition}, {self.brief.aspect}. No lettering."
        return f"{sentence[:700]} {frame}{self.direction()}{self.seen()}"

    def seen(self) -> str:
        """What the references are for, in the requester's words, for a model that is shown them."""
        shown = self.brief.references[: len(self.references(Modality.IMAGE))]
        told = ((k, "; ".join(filter(None, (r.name, r.note)))) for k, r in enumerate(shown, start=1))
        return "".join(f" Picture {k}: {words.rstrip(' .')}." for k, words in told if words)


def draft(request: DraftPlan, providers: Mapping[str, Provider]) -> Plan:
    """Route a brief into unpriced assets, on the first enabled model of each modality.

    Raises:
        ApplicationError: type PLAN_INVALID; a modality has no provider, or a language no voice.
    """
    brief = request.brief
    offers = {m: _first_offer(m, brief, providers) for m in brief.modalities}
    _check_voice(brief, offers)
    desk = _Desk(brief, offers, wishes(request.feedback, numbers=brief.platform == Platform.VIDEO))
    if brief.platform != Platform.VIDEO:
        return Plan.of(_title(brief), _pages(desk), planner=PLANNER, warnings=desk.unused())
    shots, seconds = _shots(desk)
    warnings = [*_unspoken(desk, shots), *desk.unused()]
    return Plan.of(_title(brief), _video(desk, shots, seconds), planner=PLANNER, warnings=warnings)


def _first_offer(modality: Modality, brief: Brief, providers: Mapping[str, Provider]) -> Offer:
    """The preferred offer that can work from what a plan of this brief gives it."""
    given = {Modality.AUDIO, Modality.IMAGE} & set(brief.modalities) if modality == Modality.VIDEO else set()
    today = datetime.now(UTC).date()
    offers = [o for o in ranked(modality, providers, today, brief.aspect) if o.requires <= given]
    found = next((o for o in offers if not (brief.known_prices_only and o.unknown)), None)
    if found is None and offers:
        names = ", ".join(f"{o.provider} {o.model}" for o in offers[:3])
        raise invalid(
            f"allow_unknown_prices: the price of every enabled model for {modality.value} ({names}) is not published, "
            "so no budget can hold it; send allow_unknown_prices: true, leave the modality out, or leave out the budget"
        )
    if found is None:
        raise invalid(
            f"modalities: no enabled provider makes {modality.value}; {remedy_for(modality)}, or leave it out"
        )
    return found


def _check_voice(brief: Brief, offers: Mapping[Modality, Offer]) -> None:
    audio = offers.get(Modality.AUDIO)
    if audio and audio.provider == "previz" and narration.find_voice(brief.language) is None:
        raise invalid(
            f"languages: previz cannot speak {brief.language!r}; "
            "leave out audio, or give a language it speaks, e.g. en, de, fr, es, zh"
        )


def _title(brief: Brief) -> str:
    if brief.title:
        return brief.title
    first = subject(sentences(brief.text)[0]).rstrip(" .!?。！？।؟…,;:") or brief.platform.value.replace("_", " ")
    return first if len(first) <= 60 else first[:59].rstrip() + "…"


def _pages(desk: _Desk) -> list[Asset]:
    """Platforms of words and pictures: nothing depends on anything."""
    brief = desk.brief
    assets = [desk.text(*text) for text in TEXTS[brief.platform]]
    if Modality.IMAGE in desk.offers:
        count = 3 if brief.platform == Platform.DESIGN else 1
        for k, (label, composition) in enumerate(VISUALS[:count], start=1):
            name = f"visual-{k}" if count > 1 else "visual"
            said = " ".join(sentences(brief.text))
            assets.append(desk.asset(name, Modality.IMAGE, "visual", label, desk.picture(said, composition)))
    return assets


@dataclass(frozen=True)
class _Shot:
    number: int
    label: str
    scene: str
    words: str
    frame: _Frame
    cut: bool
    """Whether some of the brief's words for this shot are not spoken, for want of time."""


def film_seconds(brief: Brief, asked: Wishes) -> float:
    """How long the film should be: what the feedback says in numbers, else the brief."""
    length = asked.seconds or brief.duration_seconds
    if asked.shots and asked.seconds_per_shot and not asked.seconds:
        length = asked.shots * asked.seconds_per_shot
    return min(max(length, 1.0), MAX_VIDEO_SECONDS)


def _shots(desk: _Desk) -> tuple[list[_Shot], float]:
    """The shots, each with what is seen and what is said, and the length of each in seconds."""
    asked, length = desk.wishes, film_seconds(desk.brief, desk.wishes)
    count = asked.shots or round(length / (asked.seconds_per_shot or SECONDS_PER_SHOT))
    count = min(max(count, math.ceil(length / LONGEST_SHOT_SECONDS), 1), MAX_SHOTS)
    seconds = max(length / count, 0.5)
    groups = spread([subject(s) for s in sentences(desk.brief.text)], count)
    english = desk.brief.language.split("-")[0] == "en" and any(c.isascii() and c.isalpha() for c in groups[0][0])
    shots = []
    for k in range(count):
        frame = OPENING if k == 0 else CLOSING if k == count - 1 else MIDDLE[(k - 1) % len(MIDDLE)]
        group = groups[k % len(groups)]
        said = [s for s in group if not (english and is_direction(s))]
        own = bool(said) and k < len(groups)
        if english and frame.line and not own:
            said = [frame.line]
        whole = joined(said or groups[0])
        spoken = fit(whole, max(seconds - BREATH_SECONDS, 0.5))
        cut = own and spoken != whole
        shots.append(_Shot(k + 1, f"Shot {k + 1} · {frame.name}", joined(group)[:700], spoken, frame, cut))
    return shots, seconds


def _unspoken(desk: _Desk, shots: list[_Shot]) -> list[str]:
    """A warning that names the shots whose words do not all fit, where there are any."""
    cut = [str(shot.number) for shot in shots if shot.cut]
    if Modality.AUDIO not in desk.offers or not cut:
        return []
    where = f"shot {cut[0]}" if len(cut) == 1 else f"shots {', '.join(cut[:-1])} and {cut[-1]}"
    return [
        f"the brief says more than fits {where}: some of its words stay unspoken there; "
        "edit the narration, ask for a longer film, or shorten the brief"
    ]


def _video(desk: _Desk, shots: list[_Shot], seconds: float) -> list[Asset]:
    """Script, then for every shot its narration, its still and the shot: the order of the storyboard."""
    assets = [_script(desk, shots, seconds)]
    for shot in shots:
        k = shot.number
        inputs: list[Asset] = []
        if Modality.AUDIO in desk.offers:
            inputs.append(desk.asset(f"narration-{k}", Modality.AUDIO, "narration", f"Narration {k}", shot.words))
        if Modality.IMAGE in desk.offers:
            prompt = desk.picture(shot.scene, shot.frame.composition)
            inputs.append(desk.asset(f"still-{k}", Modality.IMAGE, "still", shot.label, prompt))
        assets += inputs
        if Modality.VIDEO in desk.offers:
            assets.append(
                desk.asset(
                    f"shot-{k}",
                    Modality.VIDEO,
                    "shot",
                    shot.label,
                    _movement(desk, shot),
                    parameters=_length(desk, seconds),
                    depends_on=tuple(i.asset_id for i in inputs if i.asset_type in desk.offers[Modality.VIDEO].accepts),
                )
            )
    return assets


def _length(desk: _Desk, seconds: float) -> dict[str, JsonValue]:
    """A narration sets its shot's length where the model allows it; else the brief's length does."""
    offer = desk.offers[Modality.VIDEO]
    name = "at_least" if Modality.AUDIO in desk.offers and "at_least" in offer.parameters else "seconds"
    if name not in offer.parameters:
        return {}
    rule = offer.rules.get(name)
    return {name: round(rule.nearest(seconds) if rule else seconds, 3)}


def _movement(desk: _Desk, shot: _Shot) -> str:
    first = shot.frame.composition
    return (
        f"{shot.scene} First: {first[0].lower()}{first[1:]}. Then the camera: {shot.frame.camera}. "
        f"Last: hold on the subject for a moment. One continuous take, no cuts, no lettering.{desk.direction()}"
    )


def _script(desk: _Desk, shots: list[_Shot], seconds: float) -> Asset:
    head = f"Script in {len(shots)} shots of {seconds:.3g} seconds. Language: {desk.brief.language}.{desk.direction()}"
    room = (MAX_PROMPT_CHARS - len(head)) // len(shots) - 90
    scenes = [f"{s.label}\nPicture: {s.frame.composition}.\nNarration: {s.words[:room]}" for s in shots]
    return desk.asset("script", Modality.TEXT, "script", "Script", "\n\n".join([head, *scenes]))

"""The shots of a film without a language model: from the structure of the brief, otherwise from its sentences."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from activities.catalogue.offers import Offer
from activities.planning.checks.film_length import length_notes
from activities.planning.revision import FeedbackRequests
from activities.planning.shots import (
    BREATH_SECONDS,
    TRANSITION_SECONDS,
    FilmShot,
    Frame,
    divided,
    edited,
    joined,
    move_overrun,
    share,
    transition_seconds,
    with_lengths,
    with_shared,
)
from activities.planning.structure import model
from activities.planning.structure.cleaning import without_letter
from activities.planning.structure.deliverable.cards import CARD_SECONDS, Cards
from activities.planning.structure.model import Structure
from activities.planning.structure.orders.prose import Prose, read_prose
from activities.planning.structure.orders.shot_lengths import EachShot, each_shot
from activities.planning.structure.orders.tones import tones_in
from activities.planning.task import PlanningTask
from activities.text.patterns import Pattern
from activities.text.speech import (
    closed,
    fit,
    group_by_time,
    join_sentences,
    shortened,
    speech_seconds,
)
from workflows.brief import MAX_SHOTS
from workflows.cut import Cut, Transition
from workflows.models import Modality

SECONDS_PER_SHOT: Final = 5.0
LONGEST_SHOT_SECONDS: Final = 60.0
SCENE_CHARS: Final = 700
SCENES_BYTES: Final = 120_000
"""Of all scenes together: each is in the prompts of its still and its video, and a plan has MAX_PLAN_BYTES."""
LEAST_SECONDS: Final = 1.5
"""The average length below which the shots of a screenplay are joined."""
NAMED_SHOTS: Final = 10
"""Warnings with their text; further ones are counted."""

OPENING: Final = Frame(
    "Opening", "Wide establishing frame, low horizon, room above", "slow push in from the wide frame"
)
MIDDLE: Final = (
    Frame(
        "Closer",
        "Medium frame, the subject on the left third, space to the right",
        "drift to the right at walking pace",
        0.33,
    ),
    Frame(
        "Detail",
        "Close detail, shallow focus, one thing in the centre",
        "hold, then a slight push in",
    ),
    Frame(
        "Turn",
        "Low angle, strong diagonal, the subject on the right third",
        "rise slowly",
        0.67,
    ),
    Frame(
        "Wider",
        "High wide view, small subject, clear shapes",
        "pull back slowly",
    ),
    Frame(
        "Build",
        "Layered frame: foreground, subject, background",
        "slide to the left past the foreground",
    ),
)
CLOSING: Final = Frame("Closing", "Calm symmetrical wide frame, room for a title", "slow pull back, come to rest")

_CLOSE: Final = Frame("Close", "Close frame, shallow focus, one thing in the centre", "hold, then a slight push in")
_MEDIUM: Final = MIDDLE[0]._replace(name="Medium", composition="Medium frame, the subject on the left third")
_WIDE: Final = Frame("Wide", "Wide frame, small subject, clear shapes", "slow push in from the wide frame")
_CARD: Final = Frame("Card", "Calm symmetrical frame, room for the lettering", "hold still")
_FRAMINGS: Final = (
    (_CARD, r"card|packshot|end[ -]?frame"),
    (_MEDIUM, r"medium|mid\b|\bm[lc]?s\b|halb|amerik|medio|moyen|améric|two|中|متوسطة|средн"),
    (_CLOSE, r"close|detail|macro|insert|\b[em]?cu\b|nah|gro(?:ß|ss)|primer|detalle|gros|serré|primo|アップ|"
             r"寄り|特写|特寫|近|클로즈|قريبة|نزدیک|крупн|närbild|zbliż|κοντιν|yakın|תקריב|क्लोज"),
    (_WIDE, r""),
)  # fmt: skip
_MOVES: Final = Pattern(
    r"\b(?:pan|tilt|dolly|track(?:s|ing)?|zooms?|crane|push(?:es)? in|pull(?:s)? (?:back|out)|handheld|"
    r"static|locked[- ]off|orbit|drone)\b",
    re.IGNORECASE,
)


class Film(NamedTuple):
    """The shots of a film, and what its requester should know before the approval."""

    shots: list[FilmShot]
    warnings: list[str]
    fades_out: bool = False
    cards: Cards = Cards()
    card_seconds: float = CARD_SECONDS

    def cut(self, ids: Sequence[str], offer: Offer | None = None, *, cropped: bool = False) -> Cut:
        """The transitions and the cards that the brief names.

        Args:
            ids: The asset of each shot.
            offer: The model of the pictures. A placeholder does not follow the framing of a prompt.
            cropped: Whether the film has further shapes, which are cropped around the subjects.
        """
        joins = {}
        framed = offer and not offer.placeholder and cropped
        placed = [(i, shot.frame.x) for shot, i in zip(self.shots, ids, strict=True) if framed and shot.frame.x != 0.5]
        last = self.card_seconds if self.cards.end else self.shots[-1].seconds
        for number, (shot, asset_id) in enumerate(zip(self.shots, ids, strict=True)):
            seconds = transition_seconds(self.shots[max(0, number - 1) : number + 1])
            if shot.join not in ("", "cut") and seconds >= 0.1 and (number or shot.join == "fade"):
                joins[asset_id] = Transition(kind=shot.join, seconds=seconds)
        return Cut.model_validate(
            {
                "transitions": joins,
                "fade_out_seconds": min(TRANSITION_SECONDS, math.floor(last * 5) / 10) if self.fades_out else 0,
                "title": {"text": self.cards.title} if self.cards.title else None,
                "end_card": {"text": self.cards.end, "seconds": self.card_seconds} if self.cards.end else None,
                "focus": {asset_id: {"x": x} for asset_id, x in placed},
            }
        )


def plan_film(task: PlanningTask) -> Film:
    """The shots with their lengths, after all edits by rule in the feedback."""
    film = _structured(task, task.structure) if task.structure else _of_prose(task)
    return film._replace(warnings=[*film.warnings, *length_notes(task), *_tone_notes(task)])


def _tone_notes(task: PlanningTask) -> list[str]:
    """A warning that names the fragments of the brief that are not said, because they are about the film."""
    found = tones_in(without_letter(task.brief.text)) if Modality.AUDIO in task.preferred else []
    if not found:
        return []
    named = ", ".join(f"“{_excerpt(each)}”" for each in found[:NAMED_SHOTS])
    return [f"narration: not said, as it is about the film: {named}; label what is to be said (Voice: “…”)"]


def _of_prose(task: PlanningTask) -> Film:
    prose = read_prose(task.brief.text, task.brief.language)
    shots = _prose(task, prose)
    last_count = max((k for k, e in enumerate(task.feedback.edits) if e.kind == "count"), default=-1)
    edits = task.feedback.edits
    deliveries = [each for each in edits[: last_count + 1] if each.kind == "delivery" and not each.shots]
    shots, problems = edited(shots, [*deliveries, *edits[last_count + 1 :]])
    shots = _rescaled(shots, task.feedback)
    warnings = [*_unspoken(task, prose, shots), *_left_out(shots), *_feedback_warnings(task, problems)]
    return Film(shots, warnings, cards=task.cards)


def _rescaled(shots: list[FilmShot], feedback: FeedbackRequests) -> list[FilmShot]:
    """The shots in the length that was requested after their edits."""
    total = sum(shot.seconds for shot in shots)
    if not feedback.seconds or not feedback.ends_with_seconds or math.isclose(total, feedback.seconds, abs_tol=0.01):
        return shots
    return [replace(shot, seconds=shot.seconds * feedback.seconds / total) for shot in shots]


def _feedback_warnings(task: PlanningTask, problems: Sequence[str]) -> list[str]:
    return [f"feedback: {problem}" for problem in problems] + open_feedback_warnings(task.feedback)


def open_feedback_warnings(feedback: FeedbackRequests) -> list[str]:
    """A warning for feedback that nothing but a language model can follow."""
    if not feedback.open:
        return []
    named = ", ".join(f"“{each}”" for each in feedback.open[-3:])
    return [
        f"feedback: not done: {named}; it needs a language model: set a vendor's key, or edit the prompts. By rule a "
        "film's shots are counted, dropped, moved, made longer and silenced, and its title and length are changed"
    ]


def _structured(task: PlanningTask, structure: Structure) -> Film:
    """The shots of the brief, each with its own lines, in its order and with its times."""
    listed = [_film_shot(shot, k, structure) for k, shot in enumerate(structure.shots)]
    warnings: list[str] = []
    if structure.fixes_shots:
        if len(listed) > MAX_SHOTS:
            warnings.append(f"the brief lists {len(listed)} shots: neighbours are joined to {MAX_SHOTS}")
        shots = joined(listed, MAX_SHOTS)
    else:
        shots = joined(listed, max(1, min(MAX_SHOTS, int(task.seconds / LEAST_SECONDS))))
        shots = divided(shots, math.ceil(task.seconds / _longest_seconds(task)))
    shots, problems = edited(shots, task.feedback.edits)
    drops = any(edit.kind in ("drop", "length") for edit in task.feedback.edits)
    timed = all(shot.fixed for shot in shots)
    total = sum(s.seconds for s in shots) if timed and not task.feedback.ends_with_seconds else task.shot_seconds
    if drops and not timed and not task.feedback.ends_with_seconds:
        kept = sum(s.need for s in shots) / (sum(s.need for s in listed) or 1)
        total = max(total * min(kept, 1), 1.0)
    shots, shared = with_shared(shots, timed=timed)
    shots = move_overrun(with_lengths(shots, total + shared))
    shots = [_described(shot, structure, len(shots)) for shot in shots]
    said = [*warnings, *_overlong(task, shots), *_feedback_warnings(task, problems)]
    return Film(shots, said, structure.fades_out, structure.cards, structure.card_seconds)


def _film_shot(shot: model.Shot, index: int, structure: Structure) -> FilmShot:
    seen = shot.description or _scene_before(structure, index)
    speakers = tuple(dict.fromkeys(line.speaker for line in shot.lines if line.speaker))
    if not shot.place:
        shown = f"The words {'; '.join(shot.lettering)}" if shot.lettering else ""
        seen = seen or shown or shot.framing or structure.title
    frame = _frame(index, len(structure.shots))
    if shot.framing:
        frame = next(frame for frame, words in _FRAMINGS if re.search(words, shot.framing, re.IGNORECASE))
    return FilmShot(
        label=_label(shot) or frame.name,
        scene=closed(seen) if seen else "" if shot.place else "The scene.",
        place=shot.place,
        frame=frame._replace(camera="as described") if _MOVES.search(shot.description) else frame,
        narration=join_sentences(shot.spoken),
        speakers=speakers,
        lettering=shot.lettering,
        seconds=shot.seconds or 0,
        fixed=bool(shot.seconds),
        join=shot.join,
    )


def _scene(text: str, count: int) -> str:
    """The begin of what is seen, short enough for a plan of `count` shots."""
    room = len(text.encode()[: SCENES_BYTES // count].decode(errors="ignore"))
    return shortened(text, min(SCENE_CHARS, room))


def _label(shot: model.Shot) -> str:
    """The name of a shot: what is seen, otherwise what is said or read; empty where the brief gives nothing."""
    words = next(iter((*shot.lettering, *shot.spoken)), "")
    return _short(shot.description) or (f"“{_short(words)}”" if words else shot.place or shot.framing)


def _described(shot: FilmShot, structure: Structure, count: int) -> FilmShot:
    """The shot with its whole description: its place, what is seen, and who speaks in a screenplay."""
    speaking = shot.speakers and structure.form == "screenplay"
    parts = [shot.place, shot.scene, f"{' and '.join(shot.speakers)} speaking" if speaking else ""]
    seen = join_sentences([closed(part) for part in parts if part])
    return replace(shot, scene=_scene(seen, count))


def _frame(index: int, count: int) -> Frame:
    """The framing of a shot for which the brief gives none, by its place among `count` shots."""
    return OPENING if index == 0 else CLOSING if index == count - 1 else MIDDLE[(index - 1) % len(MIDDLE)]


def _scene_before(structure: Structure, index: int) -> str:
    """What was seen last in the same place, for a shot that only says something."""
    place = structure.shots[index].place
    before = [s for s in structure.shots[:index] if s.place == place and s.description]
    return before[-1].description if before else ""


def _short(text: str) -> str:
    """The first words of a description."""
    if len(text) <= 40:
        return text.rstrip(" .。,،、")
    return f"{text[:40].rsplit(' ', 1)[0].rstrip(' .。,،、')}…"


def _longest_seconds(task: PlanningTask) -> float:
    """The longest shot that the model of the shots makes."""
    offer = task.preferred.get(Modality.VIDEO)
    rule = offer.rules.get("seconds") if offer else None
    choices = [float(c) for c in rule.choices] if rule else []
    longest = max(choices) if choices else (rule.max if rule and rule.max else LONGEST_SHOT_SECONDS)
    return min(longest, LONGEST_SHOT_SECONDS)


def _overlong(task: PlanningTask, shots: Sequence[FilmShot]) -> list[str]:
    """A warning for each shot of the brief whose lines take longer than it lasts: they are said whole."""
    if Modality.AUDIO not in task.preferred:
        return []
    found = [
        f"shot {k} lasts {shot.seconds:.3g} s, and its narration takes about {speech_seconds(shot.narration):.0f} s: "
        f"“{_excerpt(shot.narration)}”; shorten it, or make the shot longer. It is said whole, and the "
        f"film becomes longer"
        for k, shot in enumerate(shots, start=1)
        if shot.narration and speech_seconds(shot.narration) > shot.seconds
    ]
    return _few(found, "shots whose narration is longer than the shot")


def _unspoken(task: PlanningTask, prose: Prose, shots: Sequence[FilmShot]) -> list[str]:
    """A warning where the brief only says what the film is about: nothing is said, and nothing is invented."""
    is_said = any(shot.narration or shot.left_out for shot in shots)
    if is_said or prose.is_silent or Modality.AUDIO not in task.preferred:
        return []
    return [
        "narration: the brief has no words that are to be said, and the film has no voice; write them in the brief "
        "(Voice: “…”), or set a vendor's key, so that a language model writes them"
    ]


def _left_out(shots: Sequence[FilmShot]) -> list[str]:
    """A warning for each shot that leaves out some of the brief's text, with this text."""
    found = [
        f"shot {k} has no room for all of the brief's text: the narration leaves out “{_excerpt(shot.left_out)}”; "
        "edit the narration, ask for a longer film, or shorten the brief"
        for k, shot in enumerate(shots, start=1)
        if shot.left_out
    ]
    return _few(found, "shots whose narration leaves text out")


def _few(found: list[str], what: str) -> list[str]:
    more = len(found) - NAMED_SHOTS
    return [*found[:NAMED_SHOTS], f"there are {more} more {what}"] if more > 0 else found


def _excerpt(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299].rstrip()}…"


def _prose(task: PlanningTask, prose: Prose) -> list[FilmShot]:
    """The shots of free prose: its sentences in groups of about equal time, spoken whole as far as there is time."""
    brief, feedback = task.brief, task.feedback
    length = task.shot_seconds
    each = each_shot(brief.text) or EachShot(SECONDS_PER_SHOT)
    count = feedback.shots or round(length / (feedback.seconds_per_shot or each.seconds))
    count = min(max(count, math.ceil(length / LONGEST_SHOT_SECONDS), 1), MAX_SHOTS)
    groups = group_by_time(prose.content, count)
    shots = [_prose_shot(prose, groups, k, count) for k in range(count)]
    if Modality.AUDIO not in task.preferred:
        return [replace(shot, seconds=max(length / count, 0.5)) for shot in shots]
    return _fitted(shots, length)


def _prose_shot(prose: Prose, groups: Sequence[Sequence[str]], k: int, count: int) -> FilmShot:
    """The shot at place `k`. Where there are more shots than groups, a group has several, and is said in the first."""
    at = k * len(groups) // count
    frame, group = _frame(k, count), groups[at]
    begins = k == 0 or at != (k - 1) * len(groups) // count
    words = [each for each in group if not prose.only_seen(each)] if begins else []
    labelled = [text for each in group if begins for text in prose.texts_after(each)]
    about = [closed(prose.about)] if at == 0 and prose.about not in ("", *group) else []
    return FilmShot(
        label=_short(group[0]) or frame.name,
        scene=_scene(join_sentences([*about, *group]), count),
        frame=frame,
        narration="" if prose.is_silent else join_sentences(words),
        lettering=(*(each.rstrip(" .。।") for each in words if prose.is_read), *labelled),
    )


def _fitted(shots: list[FilmShot], length: float) -> list[FilmShot]:
    """The shots with their lengths: equal where each narration fits, otherwise longer for those that say more.

    Where all together is too long for the film, a shot says the whole sentences that it has time for.
    """
    equal = max(length / len(shots), 0.5)
    fitted = _said(shots, [equal] * len(shots))
    if not any(shot.left_out for shot in fitted):
        return fitted
    least = min(equal, 1.0)
    needs = [min(max(shot.need, least), LONGEST_SHOT_SECONDS) if shot.narration else least for shot in shots]
    longer = _said(shots, share(needs, length))
    return min(fitted, longer, key=lambda made: sum(speech_seconds(shot.left_out) for shot in made))


def _said(shots: Sequence[FilmShot], lengths: Sequence[float]) -> list[FilmShot]:
    """The shots of these lengths, each with the whole sentences that it has time for."""
    made = []
    for shot, seconds in zip(shots, lengths, strict=True):
        said, left = fit(shot.narration, max(seconds - BREATH_SECONDS, 0.0) + 1e-6)
        made.append(replace(shot, narration=said, left_out=left, seconds=seconds))
    return made

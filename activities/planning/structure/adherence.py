"""Checks that a language model's film keeps the shots, lines and on-screen text that the brief lists itself."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from pydantic import JsonValue

from activities.planning.structure.model import Shot, Structure
from activities.text.speech import is_wide
from workflows.continuity.inputs import without_versions
from workflows.models import Asset, Modality, Plan

SPELLED_OUT: Final = 8
"""The most words that stand for one number or unit of the brief, e.g. "seven hundred and fifty thousand"."""
LENGTH_TOLERANCE: Final = 0.05
WHOLE_SECONDS: Final = 0.5
"""Models make whole seconds."""
MAX_PROBLEMS: Final = 12
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|°(?:\s?[CF]\b)?|[%€$£¥&+=]", re.IGNORECASE)
_SYMBOLS: Final = {
    symbol: re.compile(names)
    for symbol, names in {
        "€": r"euros?|cents?|евро|يورو|ユーロ|यूरो|欧|歐|元|유|로",
        "$": r"dollars?|dólares|dollari|cents?|доллар\w*|دولار|ドル|美|元|달|러",
        "£": r"pounds?|pence|pfund|livres?|libras?|sterline?",
        "¥": r"yen|yuan|円|元",
        "%": r"percent|per|cent|prozent|pour|por|ciento|cento|percento|процент\w*|بالمئة|प्रतिशत|百|分|之|퍼|센|트",
        "°": r"degrees?|celsius|fahrenheit|grad|degrés?|grados?|gradi|graus?|градус\w*|درجة|डिग्री|度|도",
        "&": r"and|und|et|y|e|en|och|og",
        "+": r"plus|más|mais|più|und|and",
        "=": r"equals|is|gleich|égale?",
    }.items()
}
"""Symbols, and how they are said."""
_UNIT: Final = re.compile(r"[%€$£¥°&+=/]|^(?:km|kg|cm|mm|mg|ml|mph|kmh|am|pm|usd|eur|no|nr|st|dr)$", re.IGNORECASE)


def structure_data(structure: Structure) -> dict[str, JsonValue]:
    """The structure as data for a prompt."""
    shots: list[JsonValue] = []
    for shot in structure.shots:
        each: dict[str, JsonValue] = {"number": shot.number, "seen": shot.description}
        if shot.place or shot.framing:
            each["framing"] = " ".join(filter(None, (shot.place, shot.framing)))
        if shot.seconds:
            each["seconds"] = shot.seconds
        each["say"] = [
            {k: v for k, v in (("text", x.text), ("speaker", x.speaker), ("direction", x.direction)) if v}
            for x in shot.lines
        ]
        each["show"] = list(shot.lettering)
        if shot.sounds:
            each["hear"] = [{"role": cue.role, "text": cue.text} for cue in shot.sounds]
        shots.append(each)
    return {"form": structure.form, "title": structure.title, "shots": shots}


def structure_problems(structure: Structure, plan: Plan, seconds: Sequence[float]) -> list[str]:
    """How a plan departs from the brief's own shots, each with the remedy.

    Args:
        seconds: The planned length of each video, in plan order.
    """
    spoken = [a for a in plan.assets if a.spoken]
    visuals = _visuals(plan)
    problems: list[str] = []
    if structure.fixes_shots and visuals and len(visuals) != len(structure.shots):
        return [
            f"assets: the brief lists {len(structure.shots)} shots, and {len(visuals)} are planned; plan each shot of "
            "`structure` once, in its order"
        ]
    if any(a.asset_type == Modality.AUDIO for a in plan.assets):
        if structure.fixes_shots and visuals:
            problems += _shot_lines(structure.shots, spoken, visuals)
        else:
            wanted = " ".join(text for shot in structure.shots for text in shot.spoken)
            problems += _departures("the narration", wanted, " ".join(a.prompt for a in spoken))
    if structure.fixes_shots and visuals:
        problems += _lengths(structure.shots, visuals, seconds)
        problems += _missing_lettering(structure.shots, plan, visuals)
    elif visuals:
        problems += _lettering_missing_anywhere(structure.shots, plan)
    return problems[:MAX_PROBLEMS]


def _visuals(plan: Plan) -> list[Asset]:
    """The shots of the film: videos, otherwise pictures."""
    for kind in (Modality.VIDEO, Modality.IMAGE):
        if found := [a for a in without_versions(plan.assets) if a.asset_type == kind]:
            return found
    return []


def _shot_lines(shots: Sequence[Shot], spoken: Sequence[Asset], visuals: Sequence[Asset]) -> list[str]:
    """For each shot, how what is said over it departs from the brief."""
    problems, used = [], set[str]()
    for k, (shot, visual) in enumerate(zip(shots, visuals, strict=True), start=1):
        own = [
            a
            for a in spoken
            if a.asset_id in visual.depends_on or visual.asset_id in a.depends_on or a.asset_id == f"narration-{k}"
        ]
        used |= {a.asset_id for a in own}
        said = " ".join(a.prompt for a in own)
        problems += _departures(f"shot {k}", " ".join(shot.spoken), said)
    problems += [
        f"asset {a.asset_id!r}: it belongs to no shot; let the shot that it is said over depend on it, or drop it"
        for a in spoken
        if a.asset_id not in used
    ]
    return problems


def _departures(where: str, wanted: str, given: str) -> list[str]:
    """How spoken words differ: left out, invented or in another order. Numbers and units may be spelled out."""
    ours, theirs = _without_symbols(_words(wanted), _words(given))
    left_out, invented = [], []
    for tag, i, j, m, n in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        spelled = [w for w in ours[i:j] if _is_spelled_out(w)]
        digits = {w for w in theirs[m:n] if any(c.isdigit() for c in w)}
        if digits <= set(ours[i:j]) and len(spelled) == j - i > 0 and 0 < n - m <= SPELLED_OUT * len(spelled):
            continue
        left_out.append(" ".join(ours[i:j]))
        invented.append(" ".join(theirs[m:n]))
    parts = []
    if lost := "; ".join(filter(None, left_out)):
        parts.append(f"leaves out or moves “{lost[:200]}”")
    if new := "; ".join(filter(None, invented)):
        parts.append(f"adds “{new[:200]}”")
    if not parts:
        return []
    remedy = f"say exactly “{wanted[:600]}”" if wanted else "say nothing there: plan no narration for it"
    return [f"{where}: the narration {' and '.join(parts)}; {remedy}"]


def _without_symbols(ours: list[str], theirs: list[str]) -> tuple[list[str], list[str]]:
    """Both without the brief's symbols of units, and without their names: "4.50 €" may be said as "4 euros 50"."""
    names = [name for symbol, name in _SYMBOLS.items() if any(w.startswith(symbol) for w in ours)]
    kept = [w for w in theirs if w[0] not in _SYMBOLS and not any(name.fullmatch(w) for name in names)]
    return [w for w in ours if w[0] not in _SYMBOLS], kept


def _words(text: str) -> list[str]:
    """The words of a text without case and punctuation; a letter of Han, Kana or Hangul is a word of its own."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")):
        found += list(word) if any(map(is_wide, word)) else [word]
    return found


def _is_spelled_out(word: str) -> bool:
    return any(c.isdigit() for c in word) or bool(_UNIT.search(word))


def _lengths(shots: Sequence[Shot], visuals: Sequence[Asset], seconds: Sequence[float]) -> list[str]:
    if len(seconds) != len(shots):
        return []
    return [
        f"asset {a.asset_id!r}: it lasts {given:g} seconds, and the brief gives shot {shot.number} {shot.seconds:g}"
        for a, shot, given in zip(visuals, shots, seconds, strict=True)
        if shot.seconds and abs(given - shot.seconds) > max(WHOLE_SECONDS, LENGTH_TOLERANCE * shot.seconds)
    ]


def _missing_lettering(shots: Sequence[Shot], plan: Plan, visuals: Sequence[Asset]) -> list[str]:
    """For each shot, the on-screen text that none of its prompts has."""
    problems = []
    for k, (shot, visual) in enumerate(zip(shots, visuals, strict=True), start=1):
        inputs = [a for i in visual.depends_on if (a := plan.find(i)) and a.asset_type == Modality.IMAGE]
        if (still := plan.find(f"still-{k}")) and still not in inputs:
            inputs.append(still)
        words = _words(" ".join(a.prompt for a in (visual, *inputs)))
        problems += [
            f"shot {k}: the prompts of its picture or video do not contain the on-screen text “{text[:200]}”"
            for text in shot.lettering
            if not _contains(words, _words(text))
        ]
    return problems


def _lettering_missing_anywhere(shots: Sequence[Shot], plan: Plan) -> list[str]:
    """The on-screen text of a brief without fixed shots that no picture or video has."""
    pictures = [a for a in plan.assets if a.asset_type in (Modality.IMAGE, Modality.VIDEO)]
    prompts = [_words(a.prompt) for a in pictures]
    return [
        f"no prompt of a picture or video contains the on-screen text “{text[:200]}”; quote it in its shot"
        for text in dict.fromkeys(text for shot in shots for text in shot.lettering)
        if not any(_contains(words, _words(text)) for words in prompts)
    ]


def _contains(words: Sequence[str], part: Sequence[str]) -> bool:
    return any(words[k : k + len(part)] == part for k in range(len(words) - len(part) + 1))

"""Music, effects and ambience that a brief asks for: in labels such as "MUSIC: calm piano", or in its prose."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal

from activities.planning.structure.labels import Segment, is_nothing, segments
from activities.planning.structure.model import SoundCue, Structure
from activities.planning.structure.notations.cue_places import over_shots
from activities.planning.structure.notations.silence import asks_for_no_voice, heard_instead, without_no_voice
from activities.planning.structure.orders.remarks import is_courtesy, is_remark, names_film
from activities.planning.structure.text import QUOTED, plain, quotations
from activities.planning.structure.vocabulary import sounds as names
from activities.text.patterns import Pattern
from activities.text.speech import sentences

Role = Literal["music", "effects", "ambience"]

_MUSIC_LABEL: Final = Pattern(f"{names.MUSIC}|score", re.IGNORECASE)
_MUSIC: Final = Pattern(
    r"\b(?:[\w-]*music|musik|[a-zäöü]+musik|m[uú]sica|musique|musical|soundtrack|score|piano|guitars?|strings|drums?|"
    r"synth\w*|orchestra\w*|melody|tune|jingle|beat|klavier\w*|gitarre\w*)\b|音楽|音乐|음악|موسيقى|музык|संगीत",
    re.IGNORECASE,
)
_AMBIENCE: Final = Pattern(
    r"\b(?:ambien\w*|atmo\w*|room tone|background noise|rain|wind|sea|ocean|waves|surf|birds?|forest|traffic|street|"
    r"city|crowd|caf[eé]|crickets|fire|river|stream|night|regen|meer|wellen|vögel|wald|verkehr|straße|stadt|lluvia|"
    r"viento|mar|olas|pájaros|tráfico|pluie|vent|mer|vagues|oiseaux|forêt)\b|雨|風|波|海|鳥|风|鸟|비|바람|파도",
    re.IGNORECASE,
)
_AMBIENCE_LABEL: Final = Pattern(rf"{names.AMBIENCE}|ambien\w*", re.IGNORECASE)
_EFFECT_LABEL: Final = Pattern(names.EFFECTS, re.IGNORECASE)
_MUSIC_SENTENCE: Final = Pattern(rf"(?:^|(?<=[.!?] )){names.MUSIC_SENTENCE}\s*([^.!?\n]{{3,120}})", re.IGNORECASE)
_SENTENCE: Final = Pattern(r"[.!?…。！？।]\s*$")
_ENDS: Final = Pattern(
    r"\W*(?:music\s+)?(?:out|stops?|ends?|fades?(?: out)?|off|cuts?(?: out)?|aus|ende|endet|stopp?t?|fuera|termina|"
    r"s['’]arrête|fin)\W*",
    re.IGNORECASE,
)

_MOODS: Final = (
    r"background|calm|gentle|soft|quiet|slow|fast|upbeat|happy|sad|dark|bright|warm|cheerful|uplifting|inspiring|"
    r"inspirational|epic|dramatic|tense|suspenseful|mysterious|dreamy|ambient|relaxing|peaceful|energetic|driving|"
    r"playful|romantic|melancholic|nostalgic|cinematic|emotional|minimal|light|subtle|acoustic|electronic|orchestral|"
    r"classical|jazzy?|lo-?fi|pop|rock|folk|funky?|techno|house|synth\w*|piano|guitar|strings|violin|cello|ukulele|"
    r"harp|flute|drums?|percussion|instrumental"
)
_PROSE: Final[Sequence[Pattern]] = (
    Pattern(
        r"(?:,\s*|\s+)?\b(?:with|set to|accompanied by|over|and|plus|to|add|use|under)\s+(?:an?\s+|some\s+)?"
        rf"((?:[\w'-]+[ ,]+){{0,4}}?(?:{_MOODS})[ ,]+(?:[\w'-]+[ ,]+){{0,3}}?(?:music|soundtrack|score|tune|"
        rf"jingle))\b"
        r"(?:\s+(?:in the background|throughout|underneath))?",
        re.IGNORECASE,
    ),
    Pattern(
        r"(?:,\s*|\s+)?\b(?:mit|zu|und|dazu)\s+((?:[\wäöüß-]+[ ,]+){0,4}?"
        r"(?:(?:hintergrund|klavier|gitarren|orchester|jazz|entspannungs|film)-?musik|[\wäöüß]+e[rnms]?\s+musik)"
        r"(?:\s+im hintergrund)?)\b",
        re.IGNORECASE,
    ),
    Pattern(
        r"(?:,\s*|\s+)?\b(?:con|com|avec)\s+(?:una?\s+|une\s+|de la\s+)?"
        r"((?:m[uú]sica|musique)(?:\s+(?:de fondo|de fond|di sottofondo|de piano|[\wéèêáíóúñ]+)){1,3})",
        re.IGNORECASE,
    ),
)
_CLAUSE: Final = Pattern(r"\s*[,;،、，；–—]\s*([^,;،、，；.!?。！？:：\n–—]{3,80})(?=[,;،、，；.!?。！？:：\n–—]|$)")
_REFUSED: Final = Pattern(
    r"\b(?:no|without|live|loud|ohne|keine|sin|sans|senza|sem|(?:en|dal) (?:vivo|directo)|own)\b", re.IGNORECASE
)
_NO_MUSIC: Final = Pattern(
    rf"(?<!\w)(?:no|without|keine?|ohne|sans|pas de|sin|senza|niente|sem|geen|zonder|bez|utan|ingen|uten|uden|без) "
    rf"(?:{names.MUSIC})",
    re.IGNORECASE,
)
_MENTIONED: Final = Pattern(
    rf"{_MUSIC_LABEL.pattern}|\b(?:sounds?|sfx|jingle|bgm|ambien\w*|atmo|geräusche?|klang|sonido|efectos|son|"
    rf"bruitages?|"
    r"suono|effetti)\b|効果音|音效|效果音|효과음|звук|ध्वनि|صوت",
    re.IGNORECASE,
)


def mentions_sound(texts: Iterable[str]) -> bool:
    """Whether a text speaks of music or sound at all: only then may a language model plan any."""
    return any(_MENTIONED.search(text) for text in texts)


def cues_in(segment: Segment) -> list[SoundCue]:
    """The cues of a labelled part of a shot; their shots are set by its reader."""
    value = segment.value.strip()
    texts = quotations(value) if QUOTED.match(value) else [without_no_voice(_without_goodbye(value))]
    return [
        SoundCue(role_of(segment.label, text), plain(text).strip(" .;,|*_"))
        for text in texts
        if not is_nothing(text) and plain(text).strip(" .;,|*_")
    ]


def _without_goodbye(value: str) -> str:
    """The value up to the end of a letter in the same line: "calm piano. Best, Marek"."""
    kept = sentences(value)
    while len(kept) > 1 and is_courtesy(kept[-1]):
        kept.pop()
    return value if len(kept) == len(sentences(value)) else " ".join(kept)


def role_of(label: str, text: str) -> Role:
    """The role of a sound by its label, otherwise by its words: an unknown sound is an effect."""
    label = label.strip()
    if _MUSIC_LABEL.fullmatch(label):
        return "music"
    if _AMBIENCE_LABEL.fullmatch(label):
        return "ambience"
    if not _EFFECT_LABEL.fullmatch(label):
        text = _NO_MUSIC.sub(" ", text)
        if _MUSIC.search(text):
            return "music"
        if _AMBIENCE.search(text):
            return "ambience"
    return "effects"


def asked_sounds(text: str, structure: Structure | None) -> list[SoundCue]:
    """The cues of a brief in its order, each with the shots over which it sounds; without shots, the whole film.

    One piece of music is for the whole film. Of several, each lasts until the next one, or until a cue that ends it.
    """
    shots = structure.shots if structure else ()
    placed = [(shot.number, cue) for shot in shots for cue in shot.sounds]
    known = {(cue.role, cue.text) for _, cue in placed}
    free = [
        cue
        for line in text.splitlines()
        for cue in (_line_cues(line) or _later_music(line, within=not (structure and structure.fixes_shots)))
        if (cue.role, cue.text) not in known
    ]
    if structure and structure.fixes_shots:
        free = [each for cue in free for each in over_shots(cue, len(shots))]
    music = [(number, cue) for number, cue in placed if cue.role == "music"]
    found = [_over(cue, number, number) for number, cue in placed if cue.role != "music"]
    if len(music) == 1:
        found += [cue for _, cue in music if not _ENDS.fullmatch(cue.text)]
    else:
        for (number, cue), (until, _) in pairwise([*music, (len(shots) + 1, None)]):
            if cue and not _ENDS.fullmatch(cue.text):
                found.append(_over(cue, number, max(number, until - 1)))
    found += [cue for cue in free if not _ENDS.fullmatch(cue.text)]
    if not any(cue.role == "music" for cue in found) and (described := _music_in_prose(text)):
        found.append(SoundCue("music", described))
    return list(dict.fromkeys(found))


def without_sounds(text: str) -> str:
    """The text without its cues: they are heard, and neither said nor shown."""
    lines = [line for line in text.splitlines() if not _line_cues(line)]
    kept = "\n".join(lines)
    for pattern in _PROSE:
        kept = pattern.sub(lambda m: m[0] if _REFUSED.search(m[0]) else "", kept)
    kept = "\n".join(_without_music_clauses(line) for line in kept.splitlines())
    return kept if kept.strip() else text


def _without_music_clauses(line: str) -> str:
    for match in reversed(_music_clauses(line)):
        line = f"{line[: match.start()]}{line[match.end() :]}"
    return line


def _over(cue: SoundCue, first: int, last: int) -> SoundCue:
    return SoundCue(cue.role, cue.text, first, last)


def _line_cues(line: str) -> list[SoundCue]:
    """The cues of a line that begins with the label of a sound."""
    parts = segments(line.strip(" \t>#*•+|-"))
    return [cue for part in parts if part.kind == "sound" for cue in cues_in(part)] if _begins_with_sound(parts) else []


def _later_music(line: str, *, within: bool = False) -> list[SoundCue]:
    """The music of a line that has other sentences before it: "The cuts get faster. Music: a low drone.".

    With `within`, also a sentence of it that only names music.
    """
    if described := _MUSIC_SENTENCE.search(line):
        return [SoundCue("music", described[1].strip())]
    is_of_item = line[:1].isspace()
    if named := [] if is_of_item else list(filter(None, map(cue_alone, sentences(line)))):
        about = all(cue_alone(s) or asks_for_no_voice(s) or is_remark(s) for s in sentences(line))
        return named if within or about else []
    parts = segments(line)
    followed = zip(parts[1:], parts, strict=False)
    found = (part for part, before in followed if not before.kind and _SENTENCE.search(before.value))
    return [cue for part in found if _MUSIC_LABEL.fullmatch(part.label) for cue in cues_in(part)]


def is_heard_alone(line: str) -> bool:
    """Whether a line without a label only says that nothing is said, or which music is heard."""
    return not any(part.kind for part in segments(line)) and (asks_for_no_voice(line) or names.is_music(line))


def cue_alone(sentence: str) -> SoundCue | None:
    """The sound of a sentence that names nothing else: "Soft piano music.", "No voice, just the wind."."""
    if any(part.kind for part in segments(sentence)):
        return None
    if names.is_music(sentence):
        return SoundCue("music", sentence.strip(" .。!*_-•"))
    instead = "" if QUOTED.search(sentence) else heard_instead(sentence)
    if not instead:
        return None
    role = "music" if names.names_music(instead) else role_of("", instead)
    return SoundCue("ambience" if role == "effects" else role, instead)


def _begins_with_sound(parts: Sequence[Segment]) -> bool:
    return bool(parts) and parts[0].kind == "sound"


def _music_in_prose(text: str) -> str:
    matches = (match for pattern in _PROSE for match in pattern.finditer(text))
    found = next((" ".join(m[1].split()) for m in matches if not _REFUSED.search(m[0])), "")
    return found or next((match[1] for line in text.splitlines() for match in _music_clauses(line)), "")


def _music_clauses(line: str) -> list[re.Match[str]]:
    """The clauses of a sentence about the film that name only music: "A promo, three shots, upbeat music."."""
    if QUOTED.search(line) or not any(map(names_film, sentences(line))):
        return []
    return [m for m in _CLAUSE.finditer(line) if names.is_music(m[1]) and not _REFUSED.search(m[1])]

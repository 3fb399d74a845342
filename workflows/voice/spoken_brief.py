"""A brief from what a person said, by rules: free of charge, the same for the same words, and nothing is invented.

Only the fields of a brief that a person may say are read: text, title, platform, length, aspect, languages and budget.
No word can approve a plan, raise a limit, or set any other field. What is said twice differently, in another currency
or beyond a limit is not taken, and a note says so: the person who started the memo corrects the draft and starts it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, get_args

from pydantic import Field, JsonValue

from workflows.base import MAX_LANGUAGES, Aspect, Model
from workflows.brief import MAX_BRIEF_CHARS, MAX_VIDEO_SECONDS, MIN_VIDEO_SECONDS
from workflows.references.analysis import Part
from workflows.references.parts import clock
from workflows.voice import spoken_words as words
from workflows.voice.numbers import with_digits

MAX_TITLE: Final = 200
_SAID_CHARS: Final = 160
_NEAR_BEFORE: Final = 28
_NEAR_AFTER: Final = 22
"""Characters around a length in which other words say what it is the length of."""
_NUMBER: Final = r"(\d+(?:[.,]\d+)?)"
_LENGTH: Final = re.compile(
    rf"{_NUMBER}[\s-]*{words.MINUTES}(?:\s*(?:and|und|et|y|e)?\s*{_NUMBER}[\s-]*{words.SECONDS})?"
    rf"|{_NUMBER}[\s-]*{words.SECONDS}|{_NUMBER}[\s-]*{words.HOURS}"
)
_MONEY: Final = r"(\d[\d.,' ]*\d|\d)\s*(thousand|tausend|mille|mila|mil|k\b)?"
_DOLLARS: Final = re.compile(rf"\$\s*{_MONEY}|{_MONEY}\s*(?:{words.DOLLARS}|\$)")
_OTHER_MONEY: Final = re.compile(rf"{words.OTHER_MONEY}\s*{_MONEY}|{_MONEY}\s*{words.OTHER_MONEY}")
_BUDGET_CHARS: Final = 60
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])|\n+")
_ENDED: Final = re.compile(r"[.!?。！？…][\"'”»」』)]*$")
_SPEAKER: Final = re.compile(r"^speaker \d+:\s*", re.IGNORECASE)
_LANGUAGE: Final = "|".join(f"(?:{names})" for names in words.LANGUAGES.values())
_IN_LANGUAGES: Final = re.compile(
    rf"(?:{words.IN})\s+((?:{_LANGUAGE})(?:{words.AND}(?:{_LANGUAGE}))*)\b"
    rf"|((?:{_LANGUAGE})(?:{words.AND}(?:{_LANGUAGE}))*)(?:\s+(?:versions?|narration|voice|captions|subtitles)|で|版)"
)
_ASPECTS: Final = get_args(Aspect)


class Found(Model):
    """A field of the brief, and the words that say it."""

    field: str
    value: JsonValue
    said: str = Field(description="The sentence")
    at: str = Field(default="", description="Its time in the recording, e.g. 0:12")


class SpokenBrief(Model):
    """The draft of a brief: `found` has a value for each field that was said, `text` the rest of the words."""

    text: str = ""
    found: tuple[Found, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="What was heard and not taken, and why")


@dataclass(frozen=True)
class Sentence:
    """One sentence, as it is said and with digits, and its time in the recording."""

    said: str
    digits: str
    at: str


def spoken_brief(parts: Sequence[Part], language: str | None) -> SpokenBrief:
    """The draft of a brief from the speech in a recording.

    Args:
        language: The language that is spoken, where it is certain.
    """
    sentences = list(_sentences(parts))
    notes: list[str] = []
    found = [
        *_title(sentences),
        *_platform(sentences),
        *_seconds(sentences, notes),
        *_aspect(sentences),
        *_languages(sentences, language),
        *_budget(sentences, notes),
    ]
    kept = [each for each in sentences if not _is_setting(each, found)]
    text = " ".join(each.said for each in kept or sentences)
    if len(text) > MAX_BRIEF_CHARS:
        notes.append(f"a brief holds {MAX_BRIEF_CHARS:,} characters; the words after them were left out")
    return SpokenBrief(text=text[:MAX_BRIEF_CHARS], found=tuple(found), notes=tuple(notes))


def sentences_of(text: str) -> list[str]:
    """The sentences of a transcript, without names of speakers."""
    return [each.strip() for each in _SENTENCE.split(_SPEAKER.sub("", text.strip())) if each.strip()]


def _sentences(parts: Sequence[Part]) -> Iterator[Sentence]:
    """The sentences of all parts. One that a transcript divides over several parts has the time of its beginning."""
    begun, since = "", ""
    for part in parts:
        if part.kind != "speech":
            continue
        at = "" if part.start_seconds is None else clock(part.start_seconds)
        said = sentences_of(part.text)
        for number, sentence in enumerate(said, start=1):
            begun, since = f"{begun} {sentence}".strip(), since if begun else at
            if number < len(said) or _ENDED.search(sentence):
                yield Sentence(begun, with_digits(begun), since)
                begun = ""
    if begun:
        yield Sentence(begun, with_digits(begun), since)


def _found(field: str, value: object, sentence: Sentence) -> Found:
    said = {"field": field, "value": value, "said": sentence.said[:_SAID_CHARS], "at": sentence.at}
    return Found.model_validate(said)


def _title(sentences: Sequence[Sentence]) -> Iterator[Found]:
    for sentence in sentences:
        for pattern in words.TITLE:
            if match := re.search(pattern, sentence.said, re.IGNORECASE):
                title = match[1].strip(" .!。\"'“”„«»「」")
                if title:
                    yield _found("title", title[:MAX_TITLE], sentence)
                    return


def _platform(sentences: Sequence[Sentence]) -> Iterator[Found]:
    """The kind of content that is named first."""
    for sentence in sentences:
        places = {
            name: match.start()
            for name, pattern in words.PLATFORMS.items()
            if (match := re.search(rf"(?<![a-zà-ÿ])(?:{pattern})", sentence.digits))
        }
        if places:
            yield _found("platform", min(places, key=places.__getitem__), sentence)
            return


def _seconds(sentences: Sequence[Sentence], notes: list[str]) -> Iterator[Found]:
    """The length of the film: the one that is said of it, or the only one that is said at all."""
    strong, weak = list[tuple[float, Sentence]](), list[tuple[float, Sentence]]()
    for sentence in sentences:
        for match in _LENGTH.finditer(sentence.digits):
            before = sentence.digits[max(match.start() - _NEAR_BEFORE, 0) : match.start()]
            near = before + " " + sentence.digits[match.end() : match.end() + _NEAR_AFTER]
            if re.search(words.OF_A_PART, near):
                continue
            of_film = re.search(rf"{words.LENGTH}|\b(?:{words.PLATFORMS['video']})", near)
            (strong if of_film else weak).append((_length_of(match), sentence))
    said = strong or weak
    if not said:
        return
    seconds, sentence = said[-1]
    if len({each for each, _ in said}) > 1 and not re.search(words.CORRECTION, sentence.digits):
        listed = ", ".join(dict.fromkeys(f"{each:g} s" for each, _ in said))
        notes.append(f"duration_seconds: several lengths are said ({listed}); set the one that counts")
    elif not MIN_VIDEO_SECONDS <= seconds <= MAX_VIDEO_SECONDS:
        limits = f"{MIN_VIDEO_SECONDS:g} to {MAX_VIDEO_SECONDS:,.0f} s"
        notes.append(f"duration_seconds: {seconds:,.0f} s is said, and a film lasts {limits}; set a length")
    else:
        yield _found("duration_seconds", seconds, sentence)


def _length_of(match: re.Match[str]) -> float:
    minutes, rest, seconds, hours = (float(each.replace(",", ".")) if each else 0.0 for each in match.groups())
    return hours * 3_600 + minutes * 60 + rest + seconds


def _aspect(sentences: Sequence[Sentence]) -> Iterator[Found]:
    for sentence in sentences:
        for width, height in re.findall(rf"\b(\d{{1,2}})\s*{words.BY}\s*(\d{{1,2}})\b", sentence.digits):
            if f"{width}:{height}" in _ASPECTS:
                yield _found("aspect", f"{width}:{height}", sentence)
                return
        for aspect, pattern in words.ASPECTS.items():
            if re.search(pattern, sentence.digits):
                yield _found("aspect", aspect, sentence)
                return


def _languages(sentences: Sequence[Sentence], spoken: str | None) -> Iterator[Found]:
    """The languages that are named, or the one that is spoken."""
    for sentence in sentences:
        for match in _IN_LANGUAGES.finditer(sentence.digits):
            named = [
                (place.start(), tag)
                for tag, names in words.LANGUAGES.items()
                if (place := re.search(rf"(?:{names})", match[0]))
            ]
            yield _found("languages", [tag for _, tag in sorted(named)][:MAX_LANGUAGES], sentence)
            return
    if spoken and sentences:
        yield Found(field="languages", value=[spoken], said="the language that is spoken")


def _budget(sentences: Sequence[Sentence], notes: list[str]) -> Iterator[Found]:
    """The amount of US dollars that is said of the budget; the last one counts, as people correct themselves."""
    last: Found | None = None
    for sentence in sentences:
        match = re.search(words.BUDGET, sentence.digits)
        if match is None:
            continue
        near = sentence.digits[max(match.start() - _BUDGET_CHARS, 0) : match.end() + _BUDGET_CHARS]
        amounts = [amount for each in _DOLLARS.finditer(near) if (amount := _amount(each)) is not None]
        if amounts:
            last = _found("budget_usd", f"{amounts[-1]:f}", sentence)
        else:
            other = _OTHER_MONEY.search(near)
            what = f"“{other[0].strip()}” is another currency" if other else "no amount of US dollars is said"
            notes.append(f"budget_usd: {what}, so no budget is set; give it in USD")
    if last:
        yield last


def _amount(match: re.Match[str]) -> Decimal | None:
    digits, thousands = (match[1], match[2]) if match[1] else (match[3], match[4])
    plain = re.sub(r"[ ']", "", digits).rstrip(".,")
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", plain):  # 1,500 and 1.500
        plain = re.sub(r"[.,]", "", plain)
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", plain):
        return None
    return Decimal(plain) * words.THOUSAND.get((thousands or "").strip(), 1)


def _is_setting(sentence: Sentence, found: Sequence[Found]) -> bool:
    """Whether a sentence says nothing but settings that were found in it, so that no planner takes it as content."""
    fields = {each.field for each in found if each.said == sentence.said[:_SAID_CHARS] and each.at == sentence.at}
    rest = sentence.digits
    if "title" in fields and any(re.match(pattern, sentence.said, re.IGNORECASE) for pattern in words.TITLE):
        return True
    if not fields & {"duration_seconds", "aspect", "languages", "budget_usd"}:
        return False
    for pattern in (_LENGTH.pattern, _DOLLARS.pattern, words.BUDGET, _LANGUAGE, *words.ASPECTS.values()):
        rest = re.sub(pattern, " ", rest)
    rest = re.sub(rf"\b\d{{1,2}}\s*{words.BY}\s*\d{{1,2}}\b", " ", rest)
    left = re.findall(r"[^\W\d_]+", rest)
    return all(word in words.FILLERS for word in left)

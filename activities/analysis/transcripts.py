"""The transcript of a recording as parts: by its segments, with the time and the speaker of each word where known."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue

from workflows.references.analysis import Part, Word
from workflows.references.parts import MAX_PART_CHARS

MOST_WORDS: Final = 20_000
"""Of one recording: more than an hour of speech."""
PAUSE_SECONDS: Final = 1.5
"""A longer pause between two words ends a segment."""
SEGMENT_WORDS: Final = 60
_ENDS: Final = re.compile(r"[.!?…。！？؟।]")


def transcript_parts(text: str, data: Mapping[str, Any], seconds: float | None, model: str) -> tuple[Part, ...]:
    """The parts of a transcript.

    Args:
        data: What its take reports: `words` [{word, start, end, speaker}], `segments` [{text, start, end}], `language`.
        seconds: The length of the recording.
    """
    words = timed_words(data.get("words"))
    segments = _segments(data.get("segments")) or _by_words(text, words) or [(text, 0.0, seconds, "")]
    language = data.get("language")
    more: dict[str, JsonValue] = {"language": language[:35]} if isinstance(language, str) else {}
    return tuple(
        Part(
            part_id=f"said-{n}",
            kind="speech",
            text=said[:MAX_PART_CHARS],
            start_seconds=start,
            end_seconds=end,
            speaker=speaker,
            words=tuple(w for w in words if start <= w.start < (1e9 if end is None else end)),
            read_by=model,
            data=more,
        )
        for n, (said, start, end, speaker) in enumerate(segments, start=1)
        if said.strip()
    )


def timed_words(given: object) -> list[Word]:
    """The words of a vendor's report that have a text and a valid time, in the order of their times."""
    found = []
    for each in given[:MOST_WORDS] if isinstance(given, list) else ():
        start, end = (each.get("start"), each.get("end")) if isinstance(each, dict) else (None, None)
        timed = isinstance(start, int | float) and isinstance(end, int | float) and 0 <= start <= end < 1e9
        if timed and isinstance(each.get("word"), str):
            speaker = each.get("speaker")
            named = speaker[:80] if isinstance(speaker, str) else ""
            found.append(Word(word=each["word"].strip()[:200], start=start, end=end, speaker=named))
    return sorted(found, key=lambda word: word.start)


Segment = tuple[str, float, float | None, str]
"""Text, start, end and speaker."""


def _segments(given: object) -> list[Segment]:
    """The vendor's own segments."""
    found: list[Segment] = []
    for each in given if isinstance(given, list) else ():
        start, end = (each.get("start"), each.get("end")) if isinstance(each, dict) else (None, None)
        if isinstance(start, int | float) and isinstance(end, int | float) and 0 <= start <= end < 1e9:
            found.append((str(each.get("text", "")).strip(), float(start), float(end), ""))
    return found


def _by_words(text: str, words: Sequence[Word]) -> list[Segment]:
    """A segment for each sentence of a speaker: its text is that of the transcript, in any script."""
    groups: list[list[tuple[Word, int]]] = []
    end = 0
    for word in words:
        at = text.find(word.word, end)
        if at < 0:
            continue  # not in the text as it is written: its neighbours have its place
        if not groups or _begins(groups[-1], word, text[end:at]):
            groups.append([])
        groups[-1].append((word, at))
        end = at + len(word.word)
    starts = [group[0][1] for group in groups]
    if not starts:
        return []
    places = zip([0, *starts[1:]], [*starts[1:], len(text)], strict=True)
    return [
        (text[at:until].strip(), group[0][0].start, max(word.end for word, _ in group), group[0][0].speaker)
        for group, (at, until) in zip(groups, places, strict=True)
    ]


def _begins(group: Iterable[tuple[Word, int]], word: Word, between: str) -> bool:
    """Whether a word begins a segment: after a sentence, a pause or another speaker."""
    known = [each for each, _ in group]
    last = known[-1]
    ended = bool(_ENDS.search(between)) or bool(_ENDS.search(last.word[-1:]))
    pause = word.start - last.end > PAUSE_SECONDS
    return ended or pause or word.speaker != last.speaker or len(known) >= SEGMENT_WORDS

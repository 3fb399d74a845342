"""Checks of the narrations that have all words of a brief: whole sentences, each by its own speaker, in one voice."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Self

from activities.planning.adherence.spoken import words_of
from activities.planning.structure.model import Line, Shot
from activities.text.speech import clauses
from workflows.models import Asset

VOICES: Final = ("voice", "voice_id", "voice_name", "speaker")
"""The parameters that choose who speaks."""


@dataclass(frozen=True)
class MatchedLines:
    """The narrations of a plan, and the lines of the brief that each of them says.

    Attributes:
        said: Each narration with the lines of which it has words, in order.
        cut: The narrations that end inside a sentence, each with its last words.
        speakers: All speakers of the brief.
    """

    said: tuple[tuple[Asset, tuple[Line, ...]], ...]
    cut: tuple[tuple[Asset, str], ...]
    speakers: frozenset[str]

    @classmethod
    def of(cls, shots: Sequence[Shot], spoken: Sequence[Asset]) -> Self:
        """Match narrations with lines by their words; some words may be spelled out."""
        lines = [line for shot in shots for line in shot.lines]
        ours, owners, ends = list[str](), list[Line](), set[int]()
        for line in lines:
            for part in clauses(line.text):
                words = words_of(part)
                ours += words
                owners += [line] * len(words)
                ends.add(len(ours))
        theirs = [words_of(asset.prompt) for asset in spoken]
        places = _places(ours, [word for words in theirs for word in words])
        said, cut, at = [], [], 0
        for asset, words in zip(spoken, theirs, strict=True):
            first, at = at, at + len(words)
            own = owners[places[first] : places[at]]
            said.append((asset, tuple({id(line): line for line in own}.values())))
            if words and places[at] not in ends:
                cut.append((asset, " ".join(asset.prompt.split()[-4:])))
        return cls(tuple(said), tuple(cut), frozenset(line.speaker for line in lines if line.speaker))


def said_over(visual: Asset, number: int, spoken: Sequence[Asset]) -> list[Asset]:
    """The narrations that are said over a visual, which is the one of this number in the film."""
    return [
        a
        for a in spoken
        if a.asset_id in visual.depends_on or visual.asset_id in a.depends_on or a.asset_id == f"narration-{number}"
    ]


def _places(ours: Sequence[str], theirs: Sequence[str]) -> list[int]:
    """For each place between words of `theirs`, the place in `ours` that it corresponds to."""
    places = [0] * (len(theirs) + 1)
    for _, i, j, m, n in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        for k in range(m, n):
            places[k] = min(i + k - m, j)
        places[n] = j
    return places


def line_problems(matched: MatchedLines) -> list[str]:
    """How narrations divide lines and give them to others than their speakers, each with the remedy."""
    cut = [
        f"asset {asset.asset_id!r}: it ends inside a sentence, with “{words}”; let each narration end where a sentence "
        "ends"
        for asset, words in matched.cut
    ]
    return [*cut, *_other_speakers(matched), *_mixed_voices(matched)]


def _other_speakers(matched: MatchedLines) -> list[str]:
    """The narrations whose label names another speaker of the brief than the one of their lines."""
    problems = []
    for asset, lines in matched.said:
        own = {line.speaker for line in lines if line.speaker}
        label = words_of(asset.label)
        named = {s for s in matched.speakers if _contains(label, words_of(s))}
        if own and named - own and not named & own:
            problems.append(
                f"asset {asset.asset_id!r}: its label names {_names(named)}, and {_names(own)} says its line in the "
                f"brief; name {_names(own)}, and let each speaker say their own lines"
            )
    return problems


def _mixed_voices(matched: MatchedLines) -> list[str]:
    """The narrations in another voice than the one that their speaker has otherwise, where speakers differ in voice."""
    used: dict[str, Counter[str]] = defaultdict(Counter)
    single = []
    for asset, lines in matched.said:
        speakers = {line.speaker for line in lines}
        if len(speakers) == 1 and (speaker := speakers.pop()):
            used[speaker][_voice(asset)] += 1
            single.append((asset, speaker))
    usual = {speaker: voices.most_common(1)[0][0] for speaker, voices in used.items()}
    return [
        f"asset {asset.asset_id!r}: {speaker} says it, and its voice {_voice(asset)!r} is not the voice "
        f"{usual[speaker]!r} of the other lines of {speaker}; each speaker has one voice"
        for asset, speaker in single
        if _voice(asset) != usual[speaker]
    ]


def _voice(asset: Asset) -> str:
    chosen = (asset.parameters[name] for name in VOICES if name in asset.parameters)
    return str(next(chosen, asset.model))


def _names(speakers: set[str]) -> str:
    return " and ".join(sorted(speakers))


def _contains(words: Sequence[str], part: Sequence[str]) -> bool:
    return any(list(words[k : k + len(part)]) == list(part) for k in range(len(words) - len(part) + 1))

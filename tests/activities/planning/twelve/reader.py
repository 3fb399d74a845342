"""A language model that reads a brief as a person does: its plans follow WANTED, and not what our parser found."""

import json
from collections.abc import Sequence
from itertools import accumulate

from tests.activities.planning.translation.translator import asset
from tests.activities.planning.twelve.wanted import WANTED, Wanted, read

MOST_SHOTS = 60
"""As its instructions say."""


def plan_of(name: str) -> str:
    """The answer to the brief of this name: a film of previz, a shot for each line or neighbouring lines."""
    wanted = WANTED[name]
    groups = _groups(wanted)
    shown = [_group_of(place, groups) for place in _places(name, wanted)]
    assets = [asset("script", "text", "script", "previz-text", "script")]
    for k, (lines, seconds) in enumerate(zip(groups, _seconds(wanted, groups), strict=True), start=1):
        spoken = [f"narration-{k}-{n}" for n, line in enumerate(lines, start=1) if line]
        texts = [text for (text, _), at in zip(wanted.shown, shown, strict=True) if at == k - 1]
        picture = f"The scene. {' '.join(f'Lettering: “{text}”.' for text in texts) or 'No lettering.'}"
        assets += [
            asset(name, "audio", "narration", "previz-narration", line)
            for name, line in zip(spoken, filter(None, lines), strict=True)
        ]
        assets.append(asset(f"still-{k}", "image", "still", "previz-storyboard", picture))
        assets.append(
            asset(f"shot-{k}", "video", "shot", "previz-animatic", picture, *spoken, f"still-{k}", seconds=str(seconds))
        )
    return json.dumps({"title": "A film", "assets": assets})


def _groups(wanted: Wanted) -> list[tuple[str, ...]]:
    """The lines of each shot: one, or as many as keep the shots at their most."""
    each = 1 if wanted.shots else -(-len(wanted.said) // MOST_SHOTS)
    return [wanted.said[k : k + each] for k in range(0, len(wanted.said), each)]


def _seconds(wanted: Wanted, groups: Sequence[Sequence[str]]) -> list[float]:
    """The length of each shot: the brief's, otherwise by the letters of its lines."""
    if wanted.seconds:
        return list(wanted.seconds)
    letters = [12 + sum(map(len, group)) for group in groups]
    ends = [round(wanted.length * reached / sum(letters), 1) for reached in accumulate(letters)]
    return [round(end - begin, 1) for begin, end in zip([0.0, *ends], ends, strict=False)]


def _places(name: str, wanted: Wanted) -> list[int]:
    """The index of the line with which each text is shown: by its number, otherwise the next one after it."""
    brief, last = read(name), len(wanted.said) - 1
    found = []
    for text, number in wanted.shown:
        if number:
            found.append(number - 1 if number > 0 else last)
            continue
        at, line = brief.index(f"«{text}»"), 0
        reached = 0
        while line < last and (reached := brief.find(wanted.said[line][:12], reached)) < at:
            reached, line = max(reached, 0), line + 1
        found.append(line)
    return found


def _group_of(line: int, groups: Sequence[Sequence[str]]) -> int:
    ends = accumulate(map(len, groups))
    return next(k for k, end in enumerate(ends) if line < end)

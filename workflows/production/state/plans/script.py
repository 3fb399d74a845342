"""The script of a film, composed from the plan's shots: pure.

The prompts of narrations and pictures are the only source of what is said and shown. A composed asset lists them, and
is composed again whenever the plan changes, so that a take of the script that says something else is stale.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workflows.continuity.inputs import without_versions
from workflows.continuity.lengths import shown_lengths
from workflows.events import AssetState, AssetStatus
from workflows.models import MAX_PROMPT_CHARS, Asset, Modality, Plan
from workflows.production.state import staleness
from workflows.production.state.record import Record

_DETAILS: Final = (2, 1, 0)
"""With pictures; with labels and times; with only the words that are said: the most that the prompt has room for."""
_COUNTED: Final = re.compile(r"^(?:shot|narration)\s*\d+\s*[·:-]?\s*", re.IGNORECASE)
"""The begin of a label that counts: the script counts in the plan's order."""
_NUMBER: Final = re.compile(r"-(\d+)$")
_SHOWN: Final = re.compile(r"spelled exactly: ((?:“[^”]*”(?:, )?)+)")
_QUOTED: Final = re.compile(r"“([^”]*)”")


def compose(assets: Sequence[Asset], words: Mapping[str, str] | None = None, keep: Collection[str] = ()) -> list[Asset]:
    """The assets, with the prompts of the composed ones written from the others; one that changed has no quote.

    Args:
        words: Asset id -> the spoken words of a narration where they differ from its prompt.
        keep: Ids of composed assets that stay as they are.
    """
    if not any(a.composed and a.asset_id not in keep for a in assets):
        return list(assets)
    shots = _shots(assets, words or {})
    return [_composed(a, shots) if a.composed and a.asset_id not in keep else a for a in assets]


def follow(record: Record, plan: Plan) -> Plan:
    """The plan with its script composed from what is said by now.

    A take that a person accepted although the plan changed says its own words. A script that is being made, or that may
    have been billed, keeps its prompt until that is over, because its request has been sent.
    """
    if not plan.composed_ids:
        return plan
    accepted = {
        a.asset_id: state.take.prompt
        for a in plan.assets
        if (state := record.assets.get(a.asset_id)) and state.take and _is_accepted(a, state)
    }
    sent = {
        i
        for i, s in record.assets.items()
        if s.extra or s.order or s.status is AssetStatus.GENERATING or s.attention == "ambiguous_submission"
    }
    assets = compose(plan.assets, accepted, sent)
    return plan if assets == list(plan.assets) else plan.with_assets(assets)


def _is_accepted(asset: Asset, state: AssetState) -> bool:
    """Whether a person accepted the take for the asset as the plan has it."""
    return bool(state.settled) and state.settled["prompt"] == staleness.spec(asset)["prompt"]


@dataclass(frozen=True)
class _Shot:
    label: str
    picture: str
    narrations: tuple[tuple[str, str], ...]
    """Label and words of each."""
    seconds: float | None

    def lines(self, number: int, times: str, detail: int) -> str:
        name = " · ".join(filter(None, (f"Shot {number}", self.label)))
        lines = [f"{name}{times}" if detail else f"Shot {number}"]
        if detail > 1 and self.picture:
            lines.append(f"Picture: {self.picture}")
        for speaker, words in self.narrations:
            lines.append(f"Narration{f' ({speaker})' if speaker and detail else ''}: {words}")
        shown = [text for found in _SHOWN.findall(self.picture) for text in _QUOTED.findall(found)]
        if shown and detail:
            lines.append(f"On screen: {' / '.join(dict.fromkeys(shown))}")
        return "\n".join(lines)


def _shots(assets: Sequence[Asset], words: Mapping[str, str]) -> list[_Shot]:
    """The shots in the plan's order, each with its narrations; narrations of no shot are shots without a picture."""
    placed, lengths = without_versions(assets), shown_lengths(assets)
    videos = [a for a in placed if a.asset_type is Modality.VIDEO]
    stills = [a for a in placed if a.asset_type is Modality.IMAGE]
    voices = [a for a in assets if a.spoken and not a.language]
    shown = {a.asset_id: a for a in videos or stills}
    owner = owners([*voices, *(stills if videos else ())], list(shown.values()))
    pictures = {owner[s.asset_id]: s for s in reversed(stills) if s.asset_id in owner}
    said: dict[str, list[tuple[str, str]]] = {}
    for voice in voices:
        line = (_COUNTED.sub("", voice.label), words.get(voice.asset_id, voice.prompt))
        said.setdefault(owner.get(voice.asset_id, voice.asset_id), []).append(line)
    shots = []
    for asset in assets:
        lines = tuple(said.get(asset.asset_id, ()))
        if asset.asset_id in shown:
            picture = " ".join(pictures.get(asset.asset_id, asset).prompt.split())
            shots.append(_Shot(_COUNTED.sub("", asset.label), picture, lines, lengths[asset.asset_id]))
        elif lines:
            shots.append(_Shot("", "", lines, None))
    return shots


def owners(parts: Sequence[Asset], shown: Sequence[Asset]) -> dict[str, str]:
    """Id of a narration or still -> id of its shot: the first that one of them is made from, or that has its number."""
    users: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for each in shown:
        for need in each.depends_on:
            users.setdefault(need, each.asset_id)
        if number := _NUMBER.search(each.asset_id):
            numbers.setdefault(number[1], each.asset_id)
    ids = {each.asset_id for each in shown}
    found = {}
    for part in parts:
        number = _NUMBER.search(part.asset_id)
        sources = (i for i in part.depends_on if i in ids)
        own = users.get(part.asset_id) or next(sources, None) or (numbers.get(number[1]) if number else None)
        if own:
            found[part.asset_id] = own
    return found


def _composed(asset: Asset, shots: Sequence[_Shot]) -> Asset:
    """The asset with its first paragraph and the shots, as far as there is room."""
    head = asset.prompt.partition("\n\n")[0]
    for detail in _DETAILS:
        prompt = "\n\n".join([head, *_scenes(shots, detail)])
        if len(prompt) <= MAX_PROMPT_CHARS:
            break
    else:
        prompt = prompt[:MAX_PROMPT_CHARS].rpartition("\n\n")[0] or prompt[:MAX_PROMPT_CHARS]
    return asset if prompt == asset.prompt else asset.model_copy(update={"prompt": prompt, "quote": None})


def _scenes(shots: Sequence[_Shot], detail: int) -> list[str]:
    timed = all(shot.seconds for shot in shots)
    scenes, at = [], 0.0
    for number, shot in enumerate(shots, start=1):
        end = at + (shot.seconds or 0)
        scenes.append(shot.lines(number, f" ({_clock(at)}–{_clock(end)})" if timed else "", detail))
        at = end
    return scenes


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}".removesuffix(".0")

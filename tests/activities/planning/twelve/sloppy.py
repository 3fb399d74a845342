"""A language model that plans from the structure in its question: its first answer is careless, the next one exact."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.planning.questions.inquiry import Answer
from tests.activities.planning.scripted import asset

LONGEST, SHORTEST = 10.0, 2.0


@dataclass
class SloppyModel:
    """Has one of the FAULTS in its first answer; then it plans what it is told. `questions` are its prompts."""

    seconds: float
    fault: str
    questions: list[str] = field(default_factory=list)

    async def __call__(
        self, offer: Offer, step: int, instructions: str, prompt: str, schema: Mapping[str, JsonValue]
    ) -> Answer:
        self.questions.append(prompt)
        structure = json.JSONDecoder().raw_decode(prompt[prompt.index("{") :])[0]["structure"]
        shots = _shots(structure, self.seconds)
        if len(self.questions) == 1:
            shots = FAULTS[self.fault](shots)
        return Answer(json.dumps(_plan(structure["title"], shots)), Decimal("0.01"))


def _shots(structure: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    """The shots of the answer: those of the structure; where it gives no lengths, neighbours share one."""
    shots = [dict(shot) for shot in structure["shots"]]
    if all(shot.get("seconds") for shot in shots):
        return shots
    if structure["form"] in ("shot list", "table"):
        return [shot | {"seconds": seconds / len(shots)} for shot in shots]
    most = int(seconds / SHORTEST)
    while len(shots) > most:
        k = min(range(len(shots) - 1), key=lambda i: len(shots[i]["say"]) + len(shots[i + 1]["say"]))
        one, other = shots[k : k + 2]
        shots[k : k + 2] = [one | {name: one[name] + other[name] for name in ("say", "show")}]
    least = -(-seconds // LONGEST)
    shots += [{"seen": "A calm view.", "say": [], "show": []}] * max(0, int(least) - len(shots))
    return [shot | {"seconds": seconds / len(shots)} for shot in shots]


def _paraphrased(shots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = [dict(shot) for shot in shots]
    said = next(shot for shot in made if shot["say"])
    said["say"] = [said["say"][0] | {"text": f"Basically, {said['say'][0]['text'].rstrip('.。')} …"}, *said["say"][1:]]
    return made


def _with_text_elsewhere(shots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = [dict(shot) for shot in shots]
    shown = next(k for k, shot in enumerate(made) if shot["show"])
    made[shown - 1]["show"], made[shown]["show"] = made[shown]["show"], []
    return made


FAULTS: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "paraphrases a line": _paraphrased,
    "drops a shot": lambda shots: shots[1:],
    "moves a text": _with_text_elsewhere,
}


def _plan(title: str, shots: list[dict[str, Any]]) -> dict[str, Any]:
    assets = [asset("script", "text", "script", "wise")]
    for k, shot in enumerate(shots, start=1):
        needs = [f"still-{k}"]
        for n, line in enumerate(shot["say"]):
            name = f"narration-{k}" if not n else f"narration-{k}-{n + 1}"
            made = asset(name, "audio", "narration", "speak")
            assets.append(made | {"prompt": line["text"], "label": line.get("speaker", "") or name})
            needs.append(name)
        texts = ", ".join(f"“{text}”" for text in shot["show"])
        picture = f"{shot['seen']} {f'Lettering, spelled exactly: {texts}.' if texts else 'No lettering.'}"
        assets.append(asset(f"still-{k}", "image", "still", "paint") | {"prompt": picture})
        assets.append(
            asset(f"shot-{k}", "video", "shot", "film", *needs, seconds=f"{shot['seconds']:g}") | {"prompt": picture}
        )
    return {"title": title or "Film", "assets": assets, "warnings": []}

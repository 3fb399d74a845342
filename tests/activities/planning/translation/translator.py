"""A language model that translates by a list, as an emulated vendor answers."""

import json
from collections.abc import Callable
from typing import Any

from tests.activities.planning.money.billed_planner import answer as other_answer

Lines = list[dict[str, str]]

ENGLISH = (
    "At 6 in the morning the boats of Ingrid leave the harbour.",
    "Forty minutes later the nets are in the water.",
    "Read more at www.northsea.example about the GreenLine.",
)
GERMAN = (
    "Um 6 Uhr morgens verlassen die Boote von Ingrid den Hafen.",
    "Vierzig Minuten später sind die Netze im Wasser.",
    "Mehr über die GreenLine steht auf www.northsea.example.",
)
JAPANESE = (
    "朝の6時、イングリッドの船が港を出ます。",
    "四十分後、網は海の中です。",
    "GreenLineについては、www.northsea.exampleをご覧ください。",
)
TITLE = {"en": "The Nets", "de": "Die Netze", "ja": "漁の網"}
WORDS = {
    "de": dict(zip(ENGLISH, GERMAN, strict=True)) | {TITLE["en"]: TITLE["de"]},
    "ja": dict(zip(ENGLISH, JAPANESE, strict=True)) | {TITLE["en"]: TITLE["ja"]},
}


def asked(body: dict[str, Any]) -> dict[str, Any]:
    """The data of the first question in a request."""
    words = str(body["messages"][-1]["content"])
    found, _ = json.JSONDecoder().raw_decode(words[words.index("{") :])
    return dict(found)


def is_translation(body: dict[str, Any]) -> bool:
    required: list[str] = body["response_format"]["json_schema"]["schema"]["required"]
    return required == ["lines"]


def translator(change: Callable[[Lines, int], Lines] | None = None) -> Callable[[dict[str, Any]], str]:
    """The answers of a model that knows `WORDS`; `change` gets the lines of an answer, and its number from 1."""
    count = 0

    def answer(body: dict[str, Any]) -> str:
        nonlocal count
        if not is_translation(body):
            return other_answer(body)
        count += 1
        data = asked(body)
        lines = [{"id": each["id"], "text": WORDS[data["to"]][each["text"]]} for each in data["lines"]]
        return json.dumps({"lines": change(lines, count) if change else lines})

    return answer


def asset(asset_id: str, kind: str, role: str, model: str, prompt: str, *needs: str, **settings: str) -> dict[str, Any]:
    """An asset of previz, as a language model plans it."""
    return {
        "asset_id": asset_id,
        "asset_type": kind,
        "role": role,
        "label": asset_id,
        "original": "",
        "prompt": prompt,
        "provider": "previz",
        "model": model,
        "parameters": [{"name": name, "value": value} for name, value in settings.items()],
        "depends_on": list(needs),
    }


def film_plan(seconds: float = 5) -> str:
    """A plan with a narration and a shot for each line of `ENGLISH`."""
    assets = [asset("script", "text", "script", "previz-text", "script")]
    for k, text in enumerate(ENGLISH, start=1):
        assets += [
            asset(f"narration-{k}", "audio", "narration", "previz-narration", text),
            asset(f"shot-{k}", "video", "shot", "previz-animatic", "Boats at sea.", f"narration-{k}",
                  seconds=str(seconds)),
        ]  # fmt: skip
    cut: dict[str, Any] = {"transitions": [], "fade_out_seconds": 0, "warnings": []}
    return json.dumps({"title": TITLE["en"], "assets": assets, **cut})


def planner_and_translator(change: Callable[[Lines, int], Lines] | None = None) -> Callable[[dict[str, Any]], str]:
    """The answers of a model that plans such a film, and translates it."""
    translate = translator(change)
    return lambda body: translate(body) if is_translation(body) else film_plan()

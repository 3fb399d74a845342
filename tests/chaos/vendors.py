"""The vendors of a trial: emulators that bill, their bad days, and their books asset by asset."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any, Final

from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import FLUX, Prediction, ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from tests.vendors import env_of
from workflows import keys
from workflows.models import Modality

MARK: Final = re.compile(r"#(p\d+)\.([a-z0-9-]+)#")
"""Stands in every prompt and names its production and asset, so that a vendor's book can be held against a ledger."""
BRIEF: Final = "brief"
"""Stands for the asset in the mark of a brief; only questions of the planner have no other."""

FAULTS: Final[Mapping[Kind, Mapping[Fault, int]]] = {
    "submit": {
        "drop_before": 3,
        "drop_after": 4,
        "break_off": 3,
        "hang": 2,
        "throttle": 3,
        "overload": 2,
        "error": 3,
        "gateway": 3,
        "fail_job": 3,
        "refuse": 1,
        "broken": 1,
        "expire": 1,
        "quota": 1,
    },
    "look": {"drop_before": 2, "throttle": 1, "overload": 1, "error": 2, "gateway": 2, "hang": 1},
    "download": {"drop_before": 2, "break_off": 1, "gateway": 1, "expire": 1, "broken": 1},
}
"""What a vendor's bad day is made of, and how often each comes."""

EVENT_SECONDS: Final = 0.02
"""A plan is written in a second or two, so that something may die in the middle of it."""

Maker = tuple[str, str, Mapping[str, Any]]
MAKERS: Final[Mapping[Modality, Sequence[Maker]]] = {
    Modality.TEXT: [("previz", "previz-text", {}), ("openai", "gpt-6-luna", {}), ("openai", "gpt-6-luna", {})],
    Modality.IMAGE: [
        ("previz", "previz-storyboard", {}),
        ("openai", "gpt-image-2.5-flare", {"quality": "low"}),
        ("openai", "gpt-image-2.5-flare", {"quality": "xhigh"}),
        ("openai", "gpt-image-2.5-flare@responses", {}),
        ("replicate", "black-forest-labs/flux-1.1-pro", {}),
        ("replicate", "black-forest-labs/flux-2-pro", {}),
        ("runway", "gen4_image", {}),
    ],
    Modality.AUDIO: [("previz", "previz-narration", {}), ("runway", "eleven_multilingual_v2", {})],
    Modality.VIDEO: [
        ("previz", "previz-animatic", {}),
        ("previz", "previz-animatic-job", {"job_seconds": 3}),
        ("runway", "veo3.1_fast", {"seconds": 4}),
        ("runway", "gen4_turbo", {"seconds": 4}),
    ],
}
"""Cheap and dear, in one call and as jobs, recoverable and not."""


def mark(production: str, asset_id: str) -> str:
    return f"#{production}.{asset_id}#"


@dataclass(frozen=True)
class Billed:
    """Whose a billed submission is. `seed` tells the take, where the vendor is sent one."""

    production: str
    asset_id: str
    seed: int | None = None


class Replicate(ReplicateEmulator):
    """One whose limit is over sooner than the half minute that it was recorded with."""

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        if fault != "throttle":
            return super().fault(fault, call)
        words = "Request was throttled. Your rate limit resets in ~2s."
        return Reply(429, {"title": "Too many requests", "detail": words, "status": 429}, "application/problem+json")


class Vendors:
    """Three vendors with their books."""

    def __init__(self) -> None:
        self.replicate = Replicate()
        self._wordings = count(1)
        self.by_name: dict[str, Emulator] = {
            "openai": OpenAIEmulator(self._words),
            "replicate": self.replicate,
            "runway": RunwayEmulator(),
        }
        self.by_name["openai"].event_seconds = EVENT_SECONDS
        self.met: Counter[str] = Counter()

    @contextmanager
    def open(self) -> Iterator[dict[str, str]]:
        """Serve on loopback; yields what a worker's environment holds to reach them."""
        with ExitStack() as stack:
            env: dict[str, str] = {}
            for name, emulator in self.by_name.items():
                env |= env_of(name, stack.enter_context(emulator))
            yield env

    def meet(self, vendor: str, on: Kind, fault: Fault) -> None:
        self.met[fault] += 1
        self.by_name[vendor].meet(fault, on=on)

    def calm(self) -> None:
        for emulator in self.by_name.values():
            emulator.calm()

    @property
    def billed_usd(self) -> Decimal:
        return sum((e.billed_usd for e in self.by_name.values()), Decimal(0))

    def billed_to(self, production: str) -> Decimal:
        """USD of one production, less what was given back."""
        paid = [
            price
            for emulator in self.by_name.values()
            for call, price in zip(emulator.submissions, emulator.prices, strict=True)
            if _whose(call).production == production and not call.path.endswith("/speech")  # nobody published its price
        ]
        back = [FLUX[p.model] for p in self._given_back() if _of_prediction(p).production == production]
        return sum(paid, Decimal(0)) - sum(back, Decimal(0))

    def problems(self) -> list[str]:
        return [f"{name}: {p}" for name, e in self.by_name.items() for p in e.problems]

    def billed(self) -> Counter[Billed]:
        """How often each take, or asset where no seed is sent, is billed: failures that cost nothing are not."""
        found = Counter(_whose(call) for e in self.by_name.values() for call in list(e.submissions))
        found.subtract(map(_of_prediction, self._given_back()))
        return +found

    def _given_back(self) -> list[Prediction]:
        """What this vendor does not bill although it took it on."""
        failed = ("fail_job", "refuse")
        over = [p for p in self.replicate.predictions if p.cancelled or p.looks >= self.replicate.looks]
        return [p for p in over if p.cancelled or p.fate in failed]

    def _words(self, body: Mapping[str, Any]) -> str:
        """What the language model answers: words, a plan, or another prompt that keeps its mark."""
        asked = json.dumps(body["messages"])
        if "response_format" not in body:
            return "A lighthouse keeps its promise."
        schema = body["response_format"]["json_schema"]["schema"]
        if "assets" in schema["properties"]:
            return json.dumps(_draft(asked))
        marks = [m for m in MARK.finditer(asked) if m[2] != BRIEF]
        return json.dumps({"prompt": f"{marks[-1][0] if marks else ''} Softer light, wording {next(self._wordings)}."})


def _whose(call: Call) -> Billed:
    words = call.body.decode("latin-1")
    if '"json_schema"' in words:  # a question of the planner's, about a brief or a prompt
        found = MARK.search(words)
        return Billed(found[1] if found else "?", keys.PLANNER)
    seed = re.search(r'"seed":\s*(\d+)', words)
    return _named(words, int(seed[1]) if seed else None)


def _of_prediction(made: Prediction) -> Billed:
    return _named(str(made.input["prompt"]), made.input.get("seed"))


def _named(words: str, seed: int | None) -> Billed:
    marks = [m for m in MARK.finditer(words) if m[2] != BRIEF]
    return Billed(marks[-1][1], marks[-1][2], seed) if marks else Billed("?", "?", seed)


def _draft(asked: str) -> dict[str, Any]:
    """A small plan for whatever modalities the instructions list models of."""
    pieces: list[tuple[str, str, str, str, Mapping[str, str]]] = [
        ("post", "text", "post", "previz-text", {}),
        ("visual", "image", "visual", "previz-storyboard", {}),
    ]
    if "### video" in asked:
        pieces = [
            ("script", "text", "script", "previz-text", {}),
            ("narration-1", "audio", "narration", "previz-narration", {}),
            ("still-1", "image", "still", "previz-storyboard", {}),
            ("shot-1", "video", "shot", "previz-animatic", {"seconds": "4"}),
        ]
    elif "### image" not in asked:
        pieces = pieces[:1]
    return {"title": "The light", "warnings": [], "assets": [_piece(*piece) for piece in pieces]}


def _piece(asset_id: str, kind: str, role: str, model: str, settings: Mapping[str, str]) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        "asset_type": kind,
        "role": role,
        "label": role,
        "original": "a boat",
        "prompt": "A boat at dawn.",
        "provider": "previz",
        "model": model,
        "parameters": [{"name": k, "value": v} for k, v in settings.items()],
        "depends_on": [],
    }

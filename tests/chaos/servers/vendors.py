"""The vendors of a trial: emulators that bill, their faults, and their bills by asset."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count
from typing import Any, Final

from tests.chaos.servers.bills import BRIEF, MARK, Bill, Billed, billed_to
from tests.chaos.servers.emulators import OpenAI, Replicate, Runway
from tests.emulators.base import Call, Emulator, Fault, Kind
from tests.support.vendors import env_of
from workflows import keys
from workflows.models import Modality

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
        "error_after": 2,
        "overload_after": 2,
    },
    "poll": {"drop_before": 2, "throttle": 1, "overload": 1, "error": 2, "gateway": 2, "hang": 1},
    "download": {"drop_before": 2, "break_off": 1, "gateway": 1, "expire": 1, "broken": 1},
}
"""The faults of vendors, with weights."""
SAYS_UNBILLED: Final = ("openai", "runway")
"""Vendors that document that an overload response is not billed, so that the request is retried without a decision."""

SENTENCES: Final = {
    "de": "Ein Fischerboot verlässt im Morgengrauen den Hafen, und die Möwen folgen ihm weit hinaus auf das Meer.",
    "fr": "Un bateau de pêche quitte le port à l'aube, et les mouettes le suivent loin sur la mer.",
}
"""What a translation says, by its language: its first words, as many as the line has. A longer one is refused."""
KEPT: Final = re.compile(r"#p\d+\.[a-z0-9-]+#|\b\d+\b")
"""What a translation keeps of a line: marks and numbers."""
DELAY_SECONDS: Final = 0.7
EVENT_SECONDS: Final = 0.02
"""A plan takes a second or two, so that a process may die while it is streamed."""

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
"""Cheap and expensive, synchronous and as jobs, recoverable and not."""
UNPRICED: Final[Mapping[Modality, Maker]] = {
    Modality.IMAGE: ("replicate", "someone/painter", {}),
    Modality.VIDEO: ("runway", "gen4.5", {"seconds": 4}),
}
"""Models without a published price."""
SURCHARGED: Final = ("gpt-image-2.5-flare", "veo3.1_fast", "gen4_image", "eleven_multilingual_v2")
"""Models whose vendor may charge above its price, and reports the amount."""


class Vendors:
    """Three vendors with their bills."""

    def __init__(self, surcharges: Mapping[str, Decimal] | None = None, *, late: bool = False) -> None:
        self._wordings = count(1)
        self.openai = OpenAI(surcharges or {}, answer_text=self._words)
        self.replicate = Replicate(late=late)
        self.runway = Runway(surcharges or {}, late=late)
        self.by_name: dict[str, Emulator] = {
            "openai": self.openai,
            "replicate": self.replicate,
            "runway": self.runway,
        }
        self.openai.event_seconds = EVENT_SECONDS
        self._delayed: set[str] = set()
        for emulator in self.by_name.values():
            emulator.delay = self._delay

    @contextmanager
    def open(self) -> Iterator[dict[str, str]]:
        """Serve on loopback; yields the variables by which a worker reaches them."""
        with ExitStack() as stack:
            env: dict[str, str] = {}
            for name, emulator in self.by_name.items():
                env |= env_of(name, stack.enter_context(emulator))
            yield env

    @property
    def met(self) -> Counter[str]:
        """Faults that requests really met."""
        return sum((Counter[str](e.met) for e in self.by_name.values()), Counter[str]())

    @contextmanager
    def delayed(self, production: str) -> Iterator[None]:
        """Delay each submission for the assets of a production by DELAY_SECONDS, and its response as well."""
        self._delayed.add(production)
        try:
            yield
        finally:
            self._delayed.discard(production)

    def _delay(self, call: Call) -> float:
        if not self._delayed or call.method != "POST":
            return 0.0
        owner = billed_to(call)
        return DELAY_SECONDS if owner.production in self._delayed and owner.asset_id != keys.PLANNER else 0.0

    def meet(self, vendor: str, on: Kind, fault: Fault) -> None:
        self.by_name[vendor].meet(fault, on=on)

    def stop_faults(self) -> None:
        for emulator in self.by_name.values():
            emulator.calm()

    @property
    def billed_usd(self) -> Decimal:
        return sum((bill.usd for bill in self.bills()), Decimal(0))

    def bills(self) -> list[Bill]:
        """Every accepted submission that cost money, without refunded ones."""
        return [bill for emulator in (self.openai, self.replicate, self.runway) for bill in emulator.bills()]

    def problems(self) -> list[str]:
        return [f"{name}: {p}" for name, e in self.by_name.items() for p in e.problems]

    def billed(self) -> Counter[Billed]:
        """How often each take, or asset if no seed is sent, is billed; failures that cost nothing are not."""
        return Counter(bill.owner for bill in self.bills())

    def in_flight(self, production: str) -> bool:
        """Whether a submission for a production is in flight."""
        calls = (c for e in self.by_name.values() for c in list(e.in_flight.values()) if e.kind(c) == "submit")
        return any(b.production == production and b.asset_id != keys.PLANNER for b in map(billed_to, calls))

    def _words(self, body: Mapping[str, Any]) -> str:
        """The response of the language model: a text, a plan, or another prompt that keeps its mark."""
        asked = json.dumps(body["messages"])
        if "response_format" not in body:
            return "A lighthouse keeps its promise."
        schema = body["response_format"]["json_schema"]["schema"]
        if "assets" in schema["properties"]:
            return json.dumps(_draft(asked))
        if "lines" in schema["properties"]:
            return json.dumps({"lines": _translated(body)})
        if "description" in schema["properties"]:
            return json.dumps({"description": "A plain area.", "objects": [], "text": "", "style": "flat"})
        marks = [m for m in MARK.finditer(asked) if m[2] != BRIEF]
        return json.dumps({"prompt": f"{marks[-1][0] if marks else ''} Softer light, wording {next(self._wordings)}."})


def _translated(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """The lines of a question for a translation, with the numbers of the original and a mark of the translation."""
    question = str(body["messages"][-1]["content"])
    data, _ = json.JSONDecoder().raw_decode(question[question.index("{") :])
    words = SENTENCES[data["to"]].split()

    def own_mark(mark: re.Match[str]) -> str:
        return mark[0] if mark[2] == BRIEF else f"#{mark[1]}.{mark[2]}-{data['to']}#"

    return [{"id": line["id"], "text": _like(MARK.sub(own_mark, line["text"]), words)} for line in data["lines"]]


def _like(text: str, words: Sequence[str]) -> str:
    spoken = len(KEPT.sub("", text).split())
    return " ".join((*words[: max(spoken, 1)], *KEPT.findall(text)))


def _draft(asked: str) -> dict[str, Any]:
    """A small plan for the modalities whose models the instructions list."""
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

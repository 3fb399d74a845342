"""The kinds of analyses whose worker is killed: the reference, the vendor and its answer of each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.activities.references import files
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Call, Emulator, Kind
from tests.emulators.google import GoogleEmulator
from workflows.references.kinds import Use

READ: Final = json.dumps({"pages": [{"number": 1, "text": "Total 49", "tables": []}]})
SAID: Final = [("Die Lampe kostet 59 Euro und steht auf dem Schreibtisch.", [("Die", 0.2, 0.5), ("Lampe", 0.5, 0.9)])]
ENGLISH: Final = json.dumps({"lines": [{"id": "1", "text": "The lamp costs 59 euros and stands on the desk."}]})
INVOICE: Final = files.pdf([(72.0, 780.0, "Invoice"), (72.0, 710.0, "Total: 119.00 EUR")])


class Translating(GoogleEmulator):
    """Google, whose transcripts are not held: only the question for a translation is."""

    def kind(self, call: Call) -> Kind:
        return "other" if "/interactions" in call.path else super().kind(call)


@dataclass(frozen=True)
class Read:
    """One kind of analysis: the reference, the vendor with its answer, and the stage of the question that is killed.

    `earlier` questions are answered before it. A lost question is `repeated` if its price is below
    `resubmit_below_usd`.
    """

    vendor: str
    emulator: Callable[[], Emulator]
    data: Callable[[Path], bytes]
    answer: str = ""
    stage: int = 0
    earlier: int = 0
    repeated: bool = False
    use: Use = Use.MATERIAL
    settings: Mapping[str, str] = field(default_factory=dict)


ANALYSES: Final[Mapping[str, Read]] = {
    "picture": Read(
        "anthropic",
        AnthropicEmulator,
        lambda _: files.image("PNG"),
        json.dumps({"description": "Red."}),
        repeated=True,
    ),
    "document": Read("anthropic", AnthropicEmulator, lambda _: files.pdf([]), READ),
    "video": Read("google", GoogleEmulator, lambda folder: files.video(folder / "a.mp4"), json.dumps({"scenes": []})),
    "sound": Read("google", GoogleEmulator, lambda _: files.sound()),
    "classification": Read(
        "anthropic",
        AnthropicEmulator,
        lambda _: INVOICE,
        json.dumps({"kind": "invoice", "confidence": 0.9}),
        stage=1,
        use=Use.EXTRACT,
        settings={"extractor": "local"},
    ),
    "extraction": Read(
        "anthropic",
        AnthropicEmulator,
        lambda _: INVOICE,
        json.dumps({"fields": []}),
        stage=2,
        use=Use.EXTRACT,
        settings={"classifier": "local"},
    ),
    "translation": Read("google", Translating, lambda _: files.sound(), ENGLISH, stage=3, earlier=1),
}

"""An emulated vendor whose pictures show what their prompts request, and whose judge looks at them.

A picture has one stripe for each of THINGS that its prompt names. The judge counts the stripes of the picture that it
gets, and proposes a prompt that also names the first thing that is missing.
"""

import asyncio
import base64
import dataclasses
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from PIL import Image
from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage, sha256_of
from tests.emulators.openai import OpenAIEmulator
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.judging.policy import CRITERIA, Criterion
from workflows.judging.requests import Judged, JudgeTake, kind_of
from workflows.models import Asset, Media, Modality

THINGS: Final[Mapping[str, tuple[int, int, int]]] = {"fox": (230, 40, 40), "snow": (40, 220, 40), "moon": (40, 40, 230)}
PAINTER: Final = "gpt-image-2.5-flare"
JUDGE: Final = "gpt-6-luna"
FAIR: Final = 0.9


def painted(prompt: str) -> bytes:
    """A PNG whose top, middle and bottom show the things that the prompt names."""
    picture = Image.new("RGB", (96, 96), (128, 128, 128))
    for place, (name, colour) in enumerate(THINGS.items()):
        if name in prompt:
            picture.paste(colour, (0, 32 * place, 96, 32 * place + 32))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def shown_in(data: bytes) -> list[str]:
    """The things that a picture shows."""
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((96, 96))
    found = []
    for place, (name, colour) in enumerate(THINGS.items()):
        seen = picture.getpixel((48, 32 * place + 16))
        assert isinstance(seen, tuple)
        if sum(abs(a - b) for a, b in zip(seen, colour, strict=True)) < 120:
            found.append(name)
    return found


def question_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a judge's question."""
    content = body["messages"][-1]["content"]
    text = content if isinstance(content, str) else content[0]["text"]
    found: dict[str, Any] = json.loads(text.partition("\n\n")[2].partition("\n\nYour answer")[0])
    return found


def pictures_of(body: Mapping[str, Any]) -> list[bytes]:
    content = body["messages"][-1]["content"]
    uris = [] if isinstance(content, str) else [c["image_url"]["url"] for c in content if c["type"] == "image_url"]
    return [base64.b64decode(uri.partition(",")[2]) for uri in uris]


def report(body: Mapping[str, Any], score: float = FAIR, prompt: str = "", **more: Any) -> str:
    """An answer that follows the schema of the question, with one score for all criteria."""
    schema = body["response_format"]["json_schema"]["schema"]
    names = schema["properties"]["scores"]["properties"]
    heard = {"heard": ""} if "heard" in schema["properties"] else {}
    scores = {name: {"score": score, "reason": f"{name} is {score:g}"} for name in names}
    found = {"text_in_take": "", "addresses_judge": False, **heard, "scores": scores, "matches": score >= 0.8}
    return json.dumps(found | {"better_prompt": prompt} | more)


def is_verdict(body: Mapping[str, Any]) -> bool:
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema", {})
    return "addresses_judge" in schema.get("properties", {})


def look(body: Mapping[str, Any]) -> str:
    """The judge's honest answer: each thing that a picture lacks costs three tenths. A text is fine."""
    if not (pictures := pictures_of(body)):
        return report(body)
    seen, asked = shown_in(pictures[0]), question_of(body)["prompt"]
    missing = [name for name in THINGS if name not in seen]
    better = f"{asked} Also a {missing[0]}." if missing else ""
    return report(body, round(1 - 0.3 * len(missing), 1), better)


class Studio(OpenAIEmulator):
    """Paints by the prompt, and judges what it sees."""

    def __init__(self) -> None:
        super().__init__(lambda body: look(body) if is_verdict(body) else "Words about a fox.")
        self.paint = painted

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        chats = [call.json for call in self.submissions if call.path.endswith("/chat/completions")]
        return [body for body in chats if is_verdict(body)]

    @property
    def pictures(self) -> int:
        return sum("/images/" in call.path for call in self.submissions)


@dataclasses.dataclass
class Jury:
    """Runs `judge_take` on stored takes."""

    storage: Storage
    environ: Mapping[str, str]
    settings: ActivitySettings = dataclasses.field(default_factory=lambda: ActivitySettings(claim_settles_seconds=0.2))
    production_id: str = dataclasses.field(default_factory=lambda: uuid4().hex)

    async def request(
        self,
        data: bytes,
        media_type: str,
        prompt: str,
        modality: str = "image",
        judge: str = f"openai/{JUDGE}",
        **more: Any,
    ) -> JudgeTake:
        """The request about a take of these bytes."""
        asset = Asset(
            asset_id="a",
            asset_type=Modality(modality),
            role=more.pop("role", "narration" if modality == "audio" else "still"),
            prompt=prompt,
            provider="openai",
            model=PAINTER,
        )
        key = f"{keys.take_prefix(self.production_id, 'a', 1)}/media.bin"
        await self.storage.put_bytes(key, data, media_type)
        known = {name: more.pop(name) for name in ("duration_seconds", "width", "height") if name in more}
        media = Media(key=key, bytes=len(data), sha256=sha256_of(data), media_type=media_type, **known)
        criteria: tuple[Criterion, ...] = tuple(c for c in CRITERIA[kind_of(asset)] if c != "brand")
        given = {"criteria": criteria, "min_score": 0.8, "max_usd": Decimal("0.05"), "max_prompt": 900, **more}
        return JudgeTake(
            production_id=self.production_id,
            brief=Brief(text="A fox in the snow.", platform=Platform.VIDEO),
            asset=asset,
            take=1,
            media=media,
            judge=judge,
            **given,
        )

    async def judge(self, request: JudgeTake, attempt: int = 1) -> Judged:
        providers = build_providers(self.settings, self.environ)
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        try:
            return await environment.run(Activities(self.storage, providers, self.settings).judge_take, request)
        finally:
            await asyncio.gather(*(p.close() for p in providers.values()))

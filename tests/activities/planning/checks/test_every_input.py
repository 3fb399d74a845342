"""Every kind of input with every offer of the catalogue: the vendor gets it, or the plan is refused before it is paid.

Requests go through each vendor's own SDK to its emulator, which records them.
"""

import asyncio
import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from temporalio.exceptions import ApplicationError

from activities.catalogue.loader import problem_with
from activities.catalogue.offers import Offer
from activities.planning.pricing import price
from activities.providers.protocol import Input, Job, Provider, Request
from activities.providers.registry import PROVIDERS
from activities.providers.selection import find_offer
from tests.emulators import samples
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Emulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from tests.support.vendors import env_of
from workflows.brief import REFERENCE, Brief, Platform
from workflows.continuity.inputs import EDIT, EXTEND, FIRST_FRAME, LAST_FRAME, UPSCALE
from workflows.illustrated.parts import PICTURES
from workflows.models import MASK, Asset, Media, Modality, Plan

pytestmark = [
    pytest.mark.filterwarnings("ignore:The generate_images method is deprecated"),
    pytest.mark.filterwarnings("ignore:The model '.*' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),
]
TYPES: Final = {
    Modality.TEXT: "text/markdown",
    Modality.IMAGE: "image/png",
    Modality.VIDEO: "video/mp4",
    Modality.AUDIO: "audio/wav",
}
SHORT: Final[Mapping[str, float]] = {"seconds": 1, "job_seconds": 0}
"""Parameters of previz, which makes what it is asked for."""
FIELDS: Final = ("depends_on", "continues", "last_frame", "role", "parameters.mode")


@cache
def content(modality: Modality, number: int, role: str = "") -> bytes:
    """Media that no other input has; a mask has the size of the first picture, as it is sent."""
    match modality:
        case Modality.IMAGE if role == MASK:
            return mask()
        case Modality.IMAGE:
            return samples.picture(64 + 2 * number, 64)
        case Modality.VIDEO:
            return samples.video(1 + number / 4)
        case Modality.AUDIO:
            return samples.wav(1 + number / 4)
    return f"words {number}".encode()


def mask() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (66, 64), (0, 0, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def given(*kinds: Modality | str) -> list[Asset]:
    """Assets as inputs; a role stands for a picture of that role, and first-frame for a shot that is continued."""
    found = []
    for number, kind in enumerate(kinds, start=1):
        modality = kind if isinstance(kind, Modality) else Modality.VIDEO if kind == FIRST_FRAME else Modality.IMAGE
        role = kind if isinstance(kind, str) and not isinstance(kind, Modality) else "given"
        named = f"in-{number}"
        asset = Asset(asset_id=named, asset_type=modality, role=role, prompt="A lighthouse.", provider="x", model="x")
        found.append(asset)
    return found


CASES: Final[Mapping[str, Sequence[Modality | str]]] = {
    "text": [Modality.TEXT],
    "picture": [Modality.IMAGE],
    "video": [Modality.VIDEO],
    "sound": [Modality.AUDIO],
    "mask alone": [MASK],
    "picture and mask": [Modality.IMAGE, MASK],
    "first frame": [FIRST_FRAME],
    "last frame alone": [LAST_FRAME],
    "both frames": [Modality.IMAGE, LAST_FRAME],
    "continued shot and last frame": [FIRST_FRAME, LAST_FRAME],
    "first frame and picture": [FIRST_FRAME, Modality.IMAGE],
    "two pictures": [Modality.IMAGE] * 2,
    "seventeen pictures": [Modality.IMAGE] * 17,
    "two videos": [Modality.VIDEO] * 2,
    "two recordings": [Modality.AUDIO] * 2,
    "picture and video": [Modality.IMAGE, Modality.VIDEO],
    "picture and text": [Modality.IMAGE, Modality.TEXT],
}


@dataclass(frozen=True)
class Ordered:
    """What a plan asks a video model to make of its inputs: by the role of the asset, or by the parameter `mode`."""

    kinds: Sequence[Modality | str]
    role: str = "shot"
    mode: str = ""

    @property
    def stated(self) -> str:
        """What the request has to say; an edit is what a model makes that has no mode."""
        made = self.role if self.role in (EXTEND, UPSCALE) else self.mode
        return made if made != EDIT else ""


VIDEO, PICTURE = Modality.VIDEO, Modality.IMAGE
ORDERS: Final[Mapping[str, Ordered]] = {
    "video to extend": Ordered([VIDEO], EXTEND),
    "video and picture to extend": Ordered([VIDEO, PICTURE], EXTEND),
    "video and last frame to extend": Ordered([VIDEO, LAST_FRAME], EXTEND),
    "video and both frames": Ordered([VIDEO, PICTURE, LAST_FRAME]),
    "video to upscale": Ordered([VIDEO], UPSCALE),
    "video to extend by its mode": Ordered([VIDEO], mode=EXTEND),
    "video to edit by its mode": Ordered([VIDEO], mode=EDIT),
    "video to edit with a picture": Ordered([VIDEO, PICTURE], mode=EDIT),
    "video as a reference": Ordered([VIDEO], mode=REFERENCE),
    "an edit that is called an extension": Ordered([VIDEO], EXTEND, EDIT),
    "a shot to continue and to extend": Ordered([FIRST_FRAME], EXTEND),
    "picture to extend": Ordered([PICTURE], EXTEND),
    "nothing to extend": Ordered([], EXTEND),
    "nothing to edit": Ordered([], mode=EDIT),
}


def asset_of(offer: Offer, inputs: Sequence[Asset], ordered: Ordered | None = None) -> Asset:
    """The asset that the offer makes from these inputs."""
    kind = next(iter(sorted(offer.sounds & {"music", "effects"})), "narration")
    moving = offer.modality is Modality.VIDEO
    first = next((i.asset_id for i in inputs if i.role == FIRST_FRAME), "") if moving else ""
    last = next((i.asset_id for i in inputs if i.role == LAST_FRAME), "") if moving else ""
    given: dict[str, float] = {**(SHORT if offer.provider == "previz" else {}), PICTURES: 1}
    short = {name: value for name, value in given.items() if name in offer.rules}
    role = kind if offer.modality is Modality.AUDIO else ordered.role if ordered else "shot"
    return Asset(
        asset_id="made",
        asset_type=offer.modality,
        role=role,
        prompt="A lighthouse at dusk.",
        provider=offer.provider,
        model=offer.model,
        parameters={**short, **({"mode": ordered.mode} if ordered and ordered.mode else {})},
        depends_on=tuple(i.asset_id for i in inputs),
        continues=first,
        last_frame=last,
    )


def sent_inputs(asset: Asset, inputs: Sequence[Asset], tmp_path: Path, fetched: set[str]) -> list[Input]:
    """The inputs as an attempt gives them to the provider, with a record of those that it reads."""
    found = []
    for number, source in enumerate(inputs, start=1):
        continued = source.asset_id == asset.continues
        modality = Modality.IMAGE if continued else source.asset_type
        role = LAST_FRAME if source.asset_id == asset.last_frame else source.role
        found.append(_input(source.asset_id, role, modality, number, tmp_path, fetched))
    return found


def _input(name: str, role: str, modality: Modality, number: int, folder: Path, fetched: set[str]) -> Input:
    data, media_type = content(modality, number, role), TYPES[modality]

    async def fetch() -> Path:
        fetched.add(name)
        path = folder / f"{name}.{media_type.partition('/')[2]}"
        await asyncio.to_thread(path.write_bytes, data)
        return path

    size = (64 + 2 * number, 64) if modality is Modality.IMAGE else (None, None)
    seconds = 1 + number / 4 if modality in (Modality.AUDIO, Modality.VIDEO) else None
    media = Media(
        key="k",
        bytes=len(data),
        sha256="0",
        media_type=media_type,
        width=size[0],
        height=size[1],
        duration_seconds=seconds,
    )
    return Input(name, modality, role, media, fetch)


def contains(emulator: Emulator, data: bytes) -> bool:
    """Whether a request contains a file, as it is or in base64."""
    encoded = base64.b64encode(data)
    urlsafe = base64.urlsafe_b64encode(data)
    return any(form in call.body for call in emulator.calls for form in (data, encoded, urlsafe))


async def problems_of(
    offer: Offer, provider: Provider, case: str, tmp_path: Path, emulator: Emulator | None
) -> Iterator[str]:
    """What is wrong with one kind of input and one offer; nothing where it is sent or refused."""
    ordered = ORDERS.get(case)
    inputs = given(*(ordered.kinds if ordered else CASES[case]))
    asset, here = asset_of(offer, inputs, ordered), f"{offer.provider} {offer.model} with {case}"
    try:
        plan = Plan.of("A lighthouse", [asset, *inputs])
        (priced, *_) = price(plan, {offer.provider: provider}, only=("made",)).assets
    except ApplicationError as refused:
        named = refused.message.startswith("asset 'made': ") and any(f"{f}: " in refused.message for f in FIELDS)
        remedy = any(mark in refused.message for mark in ("; ", ": drop"))
        return iter([] if named and remedy else [f"{here}: refused without field or remedy: {refused.message}"])
    fetched: set[str] = set()
    sent = sent_inputs(priced, inputs, tmp_path, fetched)
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    request = Request(f"p/made/{case}", 7, brief, priced, 1, sent, tmp_path)
    if emulator:
        emulator.calls.clear()
    made = await provider.submit(request)
    if isinstance(made, Job) and emulator is None:
        await provider.poll(request, made)
    if emulator:
        assert emulator.count("submit") == 1, here
    found = []
    for number, each in enumerate(sent, start=1):
        # A sound and the picture or shot that the film shows with it: the film uses it, no model has to.
        tied = {each.asset_type, offer.modality} in ({Modality.AUDIO, m} for m in (Modality.IMAGE, Modality.VIDEO))
        arrived = (
            contains(emulator, content(each.asset_type, number, each.role)) if emulator else each.asset_id in fetched
        )
        if not arrived and not tied:
            found.append(f"{here}: {each.asset_id} is neither sent nor refused")
    if ordered and not (emulator and says(emulator, ordered.stated)):
        found.append(f"{here}: {ordered.stated} is neither requested nor refused")
    return iter(found)


def says(emulator: Emulator, made: str) -> bool:
    """Whether the request says what to make of the video: by its mode or task, or by its endpoint."""
    submitted = next(call for call in emulator.calls if emulator.kind(call) == "submit")
    return made in submitted.path or f'"{made}"'.encode() in submitted.body or not made


@contextmanager
def reached(name: str) -> Iterator[tuple[Emulator | None, dict[str, str]]]:
    """The emulator of a vendor and the environment of a worker that uses it."""
    emulators = {
        "openai": OpenAIEmulator,
        "anthropic": AnthropicEmulator,
        "google": GoogleEmulator,
        "google on the Enterprise platform": GoogleEmulator,
        "replicate": ReplicateEmulator,
        "runway": RunwayEmulator,
    }
    if name not in emulators:
        yield None, {}
        return
    with emulators[name]() as emulator:
        if isinstance(emulator, GoogleEmulator):
            yield emulator, emulator.env if name == "google" else emulator.enterprise_env
        else:
            yield emulator, env_of(name, emulator)


@pytest.mark.parametrize("name", [*PROVIDERS, "google on the Enterprise platform"])
async def test_every_offer_gets_its_inputs_or_the_plan_is_refused(name: str, tmp_path: Path) -> None:
    """Each input of each kind is in the request that the vendor gets, or the plan is refused with the field and the
    remedy when it is priced; no input is ignored silently."""
    today = datetime.now(UTC).date()
    with reached(name) as (emulator, env):
        provider = PROVIDERS[name.partition(" ")[0]].build(env)
        try:
            offers = [find_offer(provider, o.model, o.modality) for o in provider.offers()]
            unlisted = [provider.unlisted_offer("owner/model", m) for m in Modality]
            able = [o for o in (*offers, *unlisted) if o and problem_with(o, today) is None]
            assert able
            found = [
                problem
                for offer in able
                for case in (*CASES, *(ORDERS if offer.modality is Modality.VIDEO else ()))
                for problem in await problems_of(offer, provider, case, tmp_path, emulator)
            ]
        finally:
            await provider.close()
        assert found == []
        assert emulator is None or emulator.problems == [], "requests are not as the vendor specifies them"


def test_an_own_catalogue_cannot_promise_inputs_that_are_not_sent(tmp_path: Path) -> None:
    """A model of an own catalogue that accepts video is refused where Greenlight does not send it to that vendor."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nprovider = "replicate"\nmodel = "acme/upscaler"\nmodality = "video"\nmedia_type = "video/mp4"\n'
        'expected_seconds = 9.0\nrequires = ["video"]\nmask = true\nprice = { source = "ours", date = "2026-11-20" }\n'
    )
    provider = PROVIDERS["replicate"].build({"REPLICATE_API_TOKEN": "k", "GREENLIGHT_CATALOGUE": str(own)})
    offer = find_offer(provider, "acme/upscaler", Modality.VIDEO)
    assert offer is not None
    assert not offer.mask
    shot, asset = given(Modality.VIDEO)[0], asset_of(replace(offer, unavailable=""), given(Modality.VIDEO))
    with pytest.raises(ApplicationError, match="requires video, which Greenlight does not send"):
        price(Plan.of("x", [asset, shot]), {"replicate": provider}, only=("made",))

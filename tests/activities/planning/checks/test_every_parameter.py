"""Every parameter of a vendor's video model, with each thing that it makes of its inputs: none is ignored silently."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer, Parameter
from activities.planning.pricing import price
from activities.providers.protocol import Provider, Request
from activities.providers.registry import PROVIDERS
from activities.providers.selection import find_offer
from tests.activities.planning.checks.test_every_input import Ordered, asset_of, given, reached, sent_inputs
from tests.emulators.base import Emulator
from workflows.brief import REFERENCE, Brief, Platform
from workflows.continuity.inputs import EDIT, EXTEND, MODE, UPSCALE
from workflows.models import Modality, Plan

INPUTS: Final = {
    "words": Ordered([]),
    "a picture": Ordered([Modality.IMAGE]),
    "a video": Ordered([Modality.VIDEO]),
    "a video to edit": Ordered([Modality.VIDEO], mode=EDIT),
    "a video to extend": Ordered([Modality.VIDEO], EXTEND),
    "a video to upscale": Ordered([Modality.VIDEO], UPSCALE),
    "a reference": Ordered([Modality.VIDEO], mode=REFERENCE),
}


def values_of(rule: Parameter) -> tuple[JsonValue, JsonValue]:
    """Two valid values that mean different things."""
    match rule.type:
        case "flag":
            return True, False
        case "number":
            low, high = (rule.choices[0], rule.choices[-1]) if rule.choices else (rule.min or 0, rule.max or 0)
            return float(low), float(high)
    return (rule.choices[0], rule.choices[-1]) if rule.choices else ("one", "other")


async def body_of(
    offer: Offer, provider: Provider, ordered: Ordered, name: str, value: JsonValue, tmp_path: Path, emulator: Emulator
) -> bytes | None:
    """The request with this value; None if the plan is refused, with the parameter's name or for another reason."""
    inputs = given(*ordered.kinds)
    asset = asset_of(offer, inputs, ordered)
    asset = asset.model_copy(update={"parameters": {**asset.parameters, name: value}})
    try:
        (priced, *_) = price(Plan.of("x", [asset, *inputs]), {offer.provider: provider}, only=("made",)).assets
    except ApplicationError:
        return None
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    sent = sent_inputs(priced, inputs, tmp_path, set())
    emulator.calls.clear()
    await provider.submit(Request("p/made/1", 7, brief, priced, 1, sent, tmp_path))
    return next(call.body for call in emulator.calls if emulator.kind(call) == "submit")


async def ignored(offer: Offer, provider: Provider, tmp_path: Path, emulator: Emulator) -> Iterator[str]:
    """The parameters that neither change the request nor are refused."""
    found = []
    for made, ordered in INPUTS.items():
        for name, rule in offer.rules.items():
            if name == MODE:
                continue
            one, other = values_of(rule)
            first = await body_of(offer, provider, ordered, name, one, tmp_path, emulator)
            second = await body_of(offer, provider, ordered, name, other, tmp_path, emulator)
            if first is not None and first == second:
                found.append(f"{offer.model}: {name} has no effect on what is made from {made}")
    return iter(found)


@pytest.mark.parametrize("name", ["runway", "google", "google on the Enterprise platform"])
@pytest.mark.filterwarnings("ignore:The generate_images method is deprecated")
async def test_every_parameter_of_a_video_is_sent_or_refused(name: str, tmp_path: Path) -> None:
    """Two values of a parameter give two requests, or the plan is refused when it is priced: a length that a person
    gives to an edit, or the size of an extension, is never left out."""
    with reached(name) as (emulator, env):
        assert emulator is not None
        provider = PROVIDERS[name.partition(" ")[0]].build(env)
        try:
            listed = [find_offer(provider, o.model, o.modality) for o in provider.offers() if not o.retires]
            videos = [o for o in listed if o and o.modality is Modality.VIDEO and not o.unavailable]
            assert videos
            found = [each for offer in videos for each in await ignored(offer, provider, tmp_path, emulator)]
        finally:
            await provider.close()
    assert found == []

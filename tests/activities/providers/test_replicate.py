"""Replicate over real HTTP: the requests, the cost of each response, and the search for a lost prediction."""

import asyncio
import base64
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import (
    AuthenticationFailed,
    InvalidRequest,
    JobCancelled,
    OutputUnusable,
    ProviderUnavailable,
    SubmissionUnknown,
)
from activities.providers.protocol import Claim, Finished, Input, Job, Request, Running
from activities.providers.replicate.provider import Replicate
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.producer import Producer
from tests.emulators.base import Fault
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.samples import picture, video, wav
from tests.support.jobs import finish, read
from workflows.activity_io import ProduceAsset
from workflows.brief import Aspect, Brief, Platform
from workflows.models import Asset, Media, Modality, Quote, Take

FLUX = "black-forest-labs/flux-1.1-pro"
FLUX_2 = "black-forest-labs/flux-2-pro"
PRICE = Quote(low_usd=Decimal("0.04"), high_usd=Decimal("0.04"), expected_seconds=8, job=True)
UNKNOWN = Quote(low_usd=Decimal(0), high_usd=Decimal(0), expected_seconds=8, job=True, unknown=True)


@pytest.fixture
def emulator() -> Iterator[ReplicateEmulator]:
    with ReplicateEmulator() as running:
        yield running
    assert running.problems == []


def provider(emulator: ReplicateEmulator, key: str = "test-key") -> Replicate:
    return Replicate({"REPLICATE_API_TOKEN": key, "REPLICATE_BASE_URL": emulator.url})


def request(
    tmp_path: Path,
    model: str = FLUX,
    *,
    modality: Modality = Modality.IMAGE,
    aspect: Aspect = "16:9",
    shown: tuple[bytes, ...] = (),
    seed: int = 77,
    prompt: str = "a lighthouse",
    **parameters: Any,
) -> Request:
    def given(number: int, data: bytes) -> Input:
        async def fetch() -> Path:
            path = tmp_path / f"input-{number}.png"
            await asyncio.to_thread(path.write_bytes, data)
            return path

        media = Media(key="k", bytes=len(data), sha256="0", media_type="image/png")
        return Input(f"still-{number}", Modality.IMAGE, "still", media, fetch)

    asset = Asset.model_validate(
        {
            "asset_id": "still-1",
            "asset_type": modality,
            "role": "still",
            "prompt": prompt,
            "provider": "replicate",
            "model": model,
            "parameters": parameters,
            "quote": PRICE if model in (FLUX, FLUX_2) else UNKNOWN,
        }
    )
    brief = Brief(text="x", platform=Platform.VIDEO, aspect=aspect)
    inputs = [given(n, data) for n, data in enumerate(shown)]
    return Request("production/still-1/1", seed, brief, asset, 1, inputs, tmp_path)


def sent(emulator: ReplicateEmulator) -> dict[str, object]:
    given: dict[str, object] = emulator.submissions[-1].json["input"]
    return given


async def test_flux_is_queued_runs_and_is_downloaded(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """A take is sent to the model's own endpoint with our seed and the brief's aspect, is queued, runs and is
    downloaded."""
    emulator.polls = 3
    replicate, asked = provider(emulator), request(tmp_path)
    job = await replicate.submit(asked)
    assert emulator.calls[0].path == f"/v1/models/{FLUX}/predictions"
    assert emulator.calls[0].headers["cancel-after"] == "60m"
    assert sent(emulator) == {
        "prompt": "a lighthouse",
        "seed": 77,
        "aspect_ratio": "16:9",
        "output_format": "png",
    }
    assert await replicate.poll(asked, job) == Running(queued=True)
    assert await replicate.poll(asked, job) == Running(progress=0.5)
    done = await replicate.poll(asked, job)
    assert isinstance(done, Finished)
    assert (done.media_type, done.cost_usd) == ("image/png", None)
    assert await read(done) == picture()
    assert emulator.count("submit") == 1


async def test_flux_2_receives_small_references(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """At most two references are sent, each scaled down to the size that the catalogue prices."""
    from PIL import Image

    large = picture(2400, 1600)
    asked = request(tmp_path, FLUX_2, aspect="21:9", shown=(large, picture(), picture()), output_format="webp")
    _, done = await finish(provider(emulator), asked)
    uris = sent(emulator)["input_images"]
    assert isinstance(uris, list)
    assert [u.partition(",")[0] for u in uris] == ["data:image/jpeg;base64", "data:image/png;base64"]
    with Image.open(await asyncio.to_thread(_decoded, tmp_path, uris[0])) as seen:
        assert 900_000 < seen.width * seen.height <= 1_000_000
    assert sent(emulator)["aspect_ratio"] == "16:9"
    assert sent(emulator)["resolution"] == "1 MP", "the size that is priced when the plan names none"
    assert done.media_type == "image/webp"


def _decoded(tmp_path: Path, uri: str) -> Path:
    import base64

    path = tmp_path / "seen.jpg"
    path.write_bytes(base64.b64decode(uri.partition(",")[2]))
    return path


async def test_flux_1_accepts_one_picture(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """flux-1.1-pro has its own parameter for the one picture that guides it."""
    await finish(provider(emulator), request(tmp_path, FLUX, shown=(picture(), picture())))
    assert str(sent(emulator)["image_prompt"]).startswith("data:image/png;base64,")


async def test_any_model_by_name(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """A model in no catalogue receives its prompt, its parameters and the picture; of a list the first output
    counts."""
    replicate = provider(emulator)
    offer = replicate.unlisted_offer("some/mover", Modality.VIDEO)
    assert offer is not None
    assert (offer.unknown, offer.any_parameter, offer.job) == (True, True, True)
    assert replicate.unlisted_offer("no-owner", Modality.VIDEO) is None
    assert replicate.unlisted_offer("../account", Modality.VIDEO) is None
    emulator.makes["some/mover"] = ("clip.mp4", video())
    asked = request(tmp_path, "some/mover", modality=Modality.VIDEO, shown=(picture(),), motion=3)
    _, done = await finish(replicate, asked)
    assert emulator.submissions[0].path == "/v1/predictions"
    assert emulator.submissions[0].json["version"] == "some/mover"
    assert sent(emulator).keys() == {"prompt", "motion", "image"}
    assert (done.media_type, await read(done)) == ("video/mp4", video())


async def test_music_is_sent_with_our_seed_and_without_pictures(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """A model of music receives its prompt, its parameters and our seed, by which a lost prediction is found; the
    picture over which the music sounds is not sent."""
    asked = request(tmp_path, "stability-ai/stable-audio-2.5", modality=Modality.AUDIO, shown=(picture(),), duration=20)
    await provider(emulator).submit(asked)
    assert sent(emulator) == {"prompt": "a lighthouse", "duration": 20, "seed": 77}


async def test_a_version_is_requested_by_its_id(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """ "owner/name:version" is requested by the version only."""
    await provider(emulator).submit(request(tmp_path, "some/mover:5c7d5dc6"))
    assert emulator.submissions[0].json["version"] == "5c7d5dc6"


async def test_a_text_model(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """The text is joined from the pieces that the model wrote."""
    emulator.texts["some/writer"] = ["a ", "light", "house"]
    _, done = await finish(provider(emulator), request(tmp_path, "some/writer", modality=Modality.TEXT))
    assert (done.source, done.media_type) == (b"a lighthouse", "text/markdown")


@pytest.mark.parametrize("call", ["poll", "cancel", "recover"])
async def test_a_wrong_key_names_its_variable(emulator: ReplicateEmulator, tmp_path: Path, call: str) -> None:
    """Any request with a wrong key fails at once, and the message names the variable to set."""
    replicate, asked = provider(emulator, key="wrong"), request(tmp_path)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "poll": lambda: replicate.poll(asked, Job("pred0")),
        "cancel": lambda: replicate.cancel(Job("pred0")),
        "recover": lambda: replicate.recover(Claim(asked, datetime.now(UTC))),
    }
    with pytest.raises(AuthenticationFailed, match="set REPLICATE_API_TOKEN"):
        await calls[call]()
    assert len(emulator.calls) == 1


async def test_a_parameter_that_the_model_lacks_is_final(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """A 422 is final and keeps the vendor's name of the field."""
    with pytest.raises(InvalidRequest, match="steps is not allowed"):
        await provider(emulator).submit(request(tmp_path, steps=50))


async def test_a_cancelled_prediction_is_not_repeated(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """A prediction that a person stopped is not made again; cancelling an ended or unknown one is no error."""
    replicate, asked = provider(emulator), request(tmp_path)
    job = await replicate.submit(asked)
    await replicate.cancel(job)
    assert emulator.predictions[0].cancelled
    with pytest.raises(JobCancelled, match="was canceled") as failure:
        await replicate.poll(asked, job)
    assert (failure.value.retryable, failure.value.ends_job, failure.value.billed_usd) == (False, True, Decimal(0))
    await replicate.cancel(job)
    await replicate.cancel(Job("pred99"))


async def test_an_unknown_job_waits_for_a_person(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """A prediction that the account does not have needs a person's decision, and causes no submission."""
    with pytest.raises(InvalidRequest) as failure:
        await provider(emulator).poll(request(tmp_path), Job("../../account"))
    assert not failure.value.ends_job
    assert emulator.calls[0].path == "/v1/predictions/..%2F..%2Faccount"


async def test_a_deleted_output_was_paid_for(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """An hour after its end a prediction has no output: the take's price is billed, so it is not paid again without an
    order."""
    emulator.meet("expire")
    with pytest.raises(OutputUnusable, match="its output is gone") as failure:
        await finish(provider(emulator), request(tmp_path))
    assert failure.value.billed_usd == emulator.billed_usd == Decimal("0.04")


async def test_the_lost_prediction_is_found_among_others(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """Model, seed and prompt together identify exactly the prediction whose response was lost, on a later page of the
    list."""
    replicate, asked = provider(emulator), request(tmp_path)
    claimed = datetime.now(UTC)
    emulator.meet("drop_after")
    with pytest.raises(SubmissionUnknown):
        await replicate.submit(asked)
    lost = emulator.predictions[0]
    emulator.add(FLUX, {"prompt": "a lighthouse", "seed": 78})
    emulator.add(FLUX_2, {"prompt": "a lighthouse", "seed": 77})
    emulator.add(FLUX, {"prompt": "a harbour", "seed": 77})
    emulator.add(FLUX, {"prompt": "a lighthouse"})
    emulator.add(FLUX, {})
    assert await replicate.recover(Claim(asked, claimed)) == Job(lost.id)
    assert [c.path for c in emulator.calls[1:]] == ["/v1/predictions"] * 2
    assert isinstance(await replicate.poll(asked, Job(lost.id)), Running)


@pytest.mark.parametrize("filters", [True, False])
async def test_no_other_prediction_is_recovered(emulator: ReplicateEmulator, tmp_path: Path, filters: bool) -> None:
    """When the request never arrived, or only an older identical prediction exists, nothing is found, and no older page
    is read."""
    emulator.filters = filters
    replicate, asked = provider(emulator), request(tmp_path)
    for seed in range(7):
        emulator.add(FLUX, {"prompt": "a lighthouse", "seed": seed})
    emulator.add(FLUX, {"prompt": "a lighthouse", "seed": 77}, age=timedelta(minutes=5))
    for seed in range(9):
        emulator.add(FLUX, {"prompt": "a lighthouse", "seed": seed}, age=timedelta(minutes=6))
    assert await replicate.recover(Claim(asked, datetime.now(UTC))) is None
    assert len(emulator.calls) == 3


async def test_a_prediction_without_our_seed_is_not_recovered(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """Two takes of one prompt cannot be distinguished when no seed was sent, or when a person gave both the same
    one."""
    replicate = provider(emulator)
    emulator.add("some/mover", {"prompt": "a lighthouse", "seed": 5}, version="abc")
    claimed = datetime.now(UTC)
    for model in ("some/mover", "some/mover:abc"):
        assert await replicate.recover(Claim(request(tmp_path, model), claimed)) is None
        seeded = request(tmp_path, model, seed=5)
        seeded.asset.parameters["seed"] = 5
        assert await replicate.recover(Claim(seeded, claimed)) is None
    assert emulator.calls == []


async def test_a_failed_list_is_a_failed_poll(emulator: ReplicateEmulator, tmp_path: Path) -> None:
    """When the list cannot be read, the poll failed; it does not mean that the prediction is missing."""
    emulator.meet("gateway", on="other")
    with pytest.raises(ProviderUnavailable) as failure:
        await provider(emulator).recover(Claim(request(tmp_path), datetime.now(UTC)))
    assert type(failure.value) is ProviderUnavailable


def attempts(
    emulator: ReplicateEmulator, storage: Storage, model: str = FLUX, quote: Quote = PRICE
) -> Callable[[], Awaitable[Take]]:
    """Each call is the next attempt at one take, as the server would start it."""
    asset = Asset(
        asset_id="still-1",
        asset_type=Modality.IMAGE,
        role="still",
        prompt="a lighthouse",
        provider="replicate",
        model=model,
        quote=quote,
    )
    brief = Brief(text="x", platform=Platform.VIDEO)
    asked = ProduceAsset(production_id=uuid4().hex, brief=brief, asset=asset, take=1)
    producer = Producer(storage, {"replicate": provider(emulator)}, ActivitySettings(claim_settles_seconds=0.2))
    numbers = itertools.count(1)

    async def attempt() -> Take:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=next(numbers), workflow_run_id="run-1")
        return await environment.run(producer.produce, asked)

    return attempt


async def test_a_missing_output_waits_for_a_person(emulator: ReplicateEmulator, storage: Storage) -> None:
    """A paid prediction that is found too late ends the take with its bill; nothing is submitted instead."""
    attempt = attempts(emulator, storage)
    emulator.meet("expire")
    for final in (False, False, True):
        with pytest.raises(ApplicationError) as failure:
            await attempt()
        assert failure.value.non_retryable is final
    assert failure.value.details[0].billed_usd == emulator.billed_usd == Decimal("0.04")


@pytest.mark.parametrize("fault", ["expire", "fail_job"])
async def test_a_run_at_an_unknown_price_is_not_paid_again_without_an_order(
    emulator: ReplicateEmulator, storage: Storage, fault: Fault
) -> None:
    """A model that is billed by its run time may have been paid for without a result: a person decides."""
    attempt = attempts(emulator, storage, "some/painter", UNKNOWN)
    emulator.meet(fault)
    for final in (False, False, True):
        with pytest.raises(ApplicationError) as failure:
            await attempt()
        assert failure.value.non_retryable is final
    assert len(emulator.submissions) == 1


def test_the_catalogue() -> None:
    """Both Flux models are jobs with a price; the larger the picture, the more expensive. All others make sound."""
    offers = {o.model: o for o in Replicate({}).offers() if o.modality == Modality.IMAGE}
    assert offers.keys() == {FLUX, FLUX_2}
    assert all(o.job and not o.unknown and o.sounds for o in Replicate({}).offers() if o.model not in offers)
    assert all(o.job and not o.unknown and o.accepts == {Modality.IMAGE} for o in offers.values())
    highs = [r.usd_high for r in offers[FLUX_2].rates]
    assert highs == sorted(highs)


def _uri(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("modality", "output", "made"),
    [
        (Modality.IMAGE, [_uri(picture(), "image/png")], picture()),
        (Modality.IMAGE, {"image": _uri(picture(), "image/png"), "seed": 1}, picture()),
        (Modality.AUDIO, {"audio_out": _uri(wav(), "audio/wav"), "prompt_npz": None}, wav()),
        (Modality.TEXT, {"text": "a \ud83d lighthouse"}, "a \ufffd lighthouse".encode()),
        (Modality.TEXT, [["a "], ["lighthouse"]], b"a lighthouse"),
        (Modality.TEXT, _uri(b"a lighthouse", "text/plain"), b"a lighthouse"),
    ],
)
async def test_an_output_of_any_form(
    emulator: ReplicateEmulator, tmp_path: Path, modality: Modality, output: Any, made: bytes
) -> None:
    """An object, nested lists and data URIs are accepted as the output of one paid prediction."""
    emulator.texts["some/model"] = output
    _, done = await finish(provider(emulator), request(tmp_path, "some/model", modality=modality))
    assert done.source == made
    assert emulator.count("submit") == 1

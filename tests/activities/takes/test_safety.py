"""`produce_asset` and moderation: a flagged take waits for a person, is paid once, and is never used unseen."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from activities.errors import ProviderUnavailable
from activities.providers.openai.provider import OpenAI
from activities.quality.nudity import NudityClassifier, model_file, reason_of
from activities.quality.safety import PLACES, frames_of
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.producer import Producer
from tests.activities.quality.labelled.pictures import as_file, photograph
from tests.activities.takes.attempts import Attempts, finished_take, take_request
from tests.emulators import samples
from tests.emulators.openai import OpenAIEmulator
from tests.support.vendor import Vendor
from workflows.models import Take

MODERATES = ActivitySettings(claim_settles_seconds=0.3, moderation=True)


class Moderated(Vendor):
    """A vendor that moderates what it sold: `flags` holds the results of the next requests, or errors."""

    def __init__(self, *flags: str | Exception) -> None:
        super().__init__(polls=0)
        self.media = as_file(photograph(1))
        self.flags = list(flags)
        self.seen: list[bytes] = []

    async def moderate(self, texts: list[str]) -> list[str]:
        return [""] * len(texts)

    async def moderate_picture(self, jpeg: bytes) -> str:
        self.seen.append(jpeg)
        flag = self.flags.pop(0) if self.flags else ""
        if isinstance(flag, Exception):
            raise flag
        return flag


@pytest.mark.parametrize("model", ["now", "later", "gift"])
async def test_a_flagged_take_waits_and_is_paid_once(storage: Storage, model: str) -> None:
    """It fails with its category, is kept, and the repeated attempt moderates it again without another submission."""
    vendor = Moderated(*["violence"] * 5)
    run = Attempts(storage, vendor, take_request(model), MODERATES)
    for _ in range(4):
        final = await run.fails()
        if final.non_retryable:
            break
    failure = final.details[0]
    assert (failure.reason, failure.flagged) == ("output_unusable", True)
    assert "flagged as violence" in failure.message
    assert failure.rejected.checks.measured["safety"] == 1
    assert failure.billed_usd == failure.rejected.billed_usd
    assert (await run.fails()).details[0].billed_usd == failure.billed_usd
    assert len(vendor.billed) == (1 if model != "gift" else len(vendor.billed))
    assert vendor.seen[0].startswith(b"\xff\xd8")


async def test_a_take_that_is_not_flagged_is_measured(storage: Storage) -> None:
    """A take that the moderation does not flag has the value 0 and no finding."""
    take = await finished_take(Attempts(storage, Moderated(), take_request("now"), MODERATES))
    assert take.checks.measured["safety"] == 0
    assert take.checks.findings == ()


@pytest.mark.parametrize("error", [ProviderUnavailable("down"), ValueError("nonsense"), RuntimeError("?")])
async def test_a_take_states_that_it_is_not_checked(storage: Storage, error: Exception) -> None:
    """Where the moderation is down or answers nonsense, the take is kept with a note."""
    take = await finished_take(Attempts(storage, Moderated(error), take_request("now"), MODERATES))
    (finding,) = take.checks.findings
    assert (finding.check, finding.hard) == ("safety", False)
    assert finding.message.startswith("safety: not checked")


async def test_without_a_moderator_the_take_says_so(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the setting and no moderator, a vendor's take has a note; without the setting nothing is moderated."""
    monkeypatch.setattr("activities.quality.safety.model_file", lambda: None)
    vendor = Vendor(polls=0)
    vendor.media = as_file(photograph(1))
    take = await finished_take(Attempts(storage, vendor, take_request("now"), MODERATES))
    assert "no enabled provider moderates" in take.checks.notes[0]
    silent = Moderated("violence")
    assert not (await finished_take(Attempts(storage, silent, take_request("now")))).checks.findings
    assert silent.seen == []


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator() as emulator:
        yield emulator
    assert emulator.problems == []


async def _by_openai(storage: Storage, emulator: OpenAIEmulator) -> Take:
    judge = OpenAI({"OPENAI_API_KEY": emulator.key, "OPENAI_BASE_URL": f"{emulator.url}/v1"})
    shop = Vendor(polls=0)
    shop.media = as_file(photograph(1))
    run = Attempts(storage, shop, take_request("now"), MODERATES)
    run.producer = Producer(storage, {"vendor": shop, "openai": judge}, MODERATES)
    try:
        return await run.attempt()
    finally:
        await judge.close()


async def test_openai_moderates_pictures(storage: Storage, vendor: OpenAIEmulator) -> None:
    """The picture goes to omni-moderation as the SDK's types demand; a failed request leaves a note."""
    take = await _by_openai(storage, vendor)
    assert take.checks.measured["safety"] == 0
    (part,) = vendor.calls[0].json["input"]
    assert part["image_url"]["url"].startswith("data:image/jpeg;base64,")
    vendor.meet("error", on="other")
    assert "not checked" in (await _by_openai(storage, vendor)).checks.notes[0]
    assert vendor.submissions == []


def test_frames_of_a_video_are_checked(tmp_path: Path) -> None:
    """Frames from the begin to the end of a video are sent, with their seconds."""
    film = tmp_path / "film.mp4"
    film.write_bytes(samples.video())
    with film.open("rb") as file:
        found = list(frames_of(file, 1.0))
    assert [at for _, at in found] == list(PLACES)
    assert all(data.startswith(b"\xff\xd8") for data, _ in found)


class Exposed:
    """A model that sees breasts in a picture."""

    def __init__(self, path: Path) -> None:
        assert path.name == "320n.onnx"

    async def moderate_picture(self, jpeg: bytes) -> str:
        scores = np.zeros(18, np.float32)
        scores[[1, 3]] = 0.9, 0.26
        return reason_of(scores)


async def test_the_local_classifier_replaces_an_absent_moderator(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a vendor that moderates, a picture with exposed parts waits; a vendor's moderation comes first."""
    monkeypatch.setattr("activities.quality.safety.model_file", lambda: Path("320n.onnx"))
    monkeypatch.setattr("activities.quality.safety.NudityClassifier", Exposed)
    vendor = Vendor(polls=0)
    vendor.media = as_file(photograph(2))
    failure = (await Attempts(storage, vendor, take_request("now"), MODERATES).fails()).details[0]
    assert (failure.flagged, "flagged as nudity (breasts)" in failure.message) == (True, True)
    take = await finished_take(Attempts(storage, Moderated(), take_request("now"), MODERATES))
    assert take.checks.findings == ()


def test_only_exposed_parts_are_flagged() -> None:
    """Faces, feet and covered parts are no reason, and neither is a weak detection."""
    scores = np.full(18, 0.9, np.float32)
    scores[[2, 3, 4, 6, 14]] = 0.2
    assert reason_of(scores) == ""
    scores[[2, 4, 14]] = 0.5
    assert reason_of(scores) == "nudity (buttocks, genitalia)"


@pytest.mark.skipif(model_file() is None, reason="the extra `safety` is not installed")
async def test_the_model_of_the_wheel_flags_no_landscape() -> None:
    """The model runs here, answers for its 18 labels, and flags no harmless picture of any size."""
    path = model_file()
    assert path is not None
    classifier = NudityClassifier(path)
    pictures = [as_file(photograph(seed, size), "JPEG") for seed, size in ((1, (640, 360)), (2, (200, 500)))]
    assert [classifier.scores(data).shape for data in pictures] == [(18,), (18,)]
    assert [await classifier.moderate_picture(data) for data in pictures] == ["", ""]

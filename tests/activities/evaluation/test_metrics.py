"""Metrics have known values for signals that are made here."""

import math
import wave
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from activities.evaluation.metrics.dnsmos import SEGMENT, Dnsmos, overall
from activities.evaluation.metrics.known import Seconds, Sharpness
from activities.evaluation.metrics.motion import Consistency, MotionAmount, ssim
from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from activities.evaluation.metrics.registry import describe_metrics, registered
from activities.evaluation.metrics.signals import sounding_span
from activities.evaluation.metrics.words import CaptionTiming, Pace, WordErrors
from tests.activities.quality.labelled import videos
from tests.workflows.evaluation.samples import AT, media
from workflows.evaluation.cases import Case, Expected
from workflows.models import Modality, Take
from workflows.quality import Checks

RATE = 16_000


def take(**given: Any) -> Take:
    known = {"number": 1, "prompt": "x", "provider": "p", "model": "m", "media": media(), "started_at": AT}
    return Take.model_validate({**known, "finished_at": AT + timedelta(seconds=2.5), **given})


def sample(path: Path, modality: Modality, prompt: str = "one two three four", **given: Any) -> Sample:
    case = Case(case_id="c", line=1, prompt=prompt, expected=given.pop("expected", Expected()))
    return Sample(case=case, modality=modality, take=given.pop("take", take()), path=path, **given)


def tone(path: Path, *parts: tuple[float, float]) -> Path:
    """A WAV of parts, each with its seconds and its amplitude."""
    pieces = [amplitude * np.sin(np.arange(round(s * RATE)) * 2 * np.pi * 220 / RATE) for s, amplitude in parts]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.concatenate(pieces) * 32_000).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(
    ("expected", "said", "errors"),
    [
        ("The cat sat on the mat", "the cat sat on the mat.", 0),
        ("The cat sat on the mat", "the cat sat on mat", 1 / 6),
        ("The cat sat on the mat", "a cat sat on the big mat", 2 / 6),
        ("The cat sat", "", 1),
        ("夜行列车", "夜行火车", 1 / 4),
        ("It's late", "its late", 1 / 2),
    ],
)
def test_the_word_error_rate_counts_changes(tmp_path: Path, expected: str, said: str, errors: float) -> None:
    """Changed, missing and added words count by the expected ones; of Chinese, the characters."""
    given = sample(tmp_path, Modality.TEXT, expected=Expected(text=expected), text=said)
    assert WordErrors().measure(given) == pytest.approx(errors)


def test_a_voice_needs_a_transcript(tmp_path: Path) -> None:
    """Without a transcriber the metric fits no voice, and without a transcript a take has no value."""
    case = Case(case_id="c", line=1, prompt="x")
    assert "name one, e.g. openai" in WordErrors().problem(case, Modality.AUDIO, transcribed=False)
    assert not WordErrors().problem(case, Modality.AUDIO, transcribed=True)
    assert "expected" in WordErrors().problem(case, Modality.TEXT, transcribed=False)
    with pytest.raises(NoValueError, match="no transcript"):
        WordErrors().measure(sample(tmp_path, Modality.AUDIO))


def test_the_pace_is_that_of_the_sounding_part(tmp_path: Path) -> None:
    """Four words in two seconds are 120 a minute, whatever the silence around them."""
    path = tone(tmp_path / "a.wav", (1.0, 0), (2.0, 0.5), (3.0, 0))
    assert sounding_span(path) == pytest.approx((1.0, 3.0), abs=0.02)
    assert Pace().measure(sample(path, Modality.AUDIO, spoken=True)) == pytest.approx(120, rel=0.02)


def test_silence_has_no_pace(tmp_path: Path) -> None:
    """A silent recording and music have no value, with the reason."""
    path = tone(tmp_path / "a.wav", (1.0, 0))
    with pytest.raises(NoValueError, match="silent"):
        Pace().measure(sample(path, Modality.AUDIO, spoken=True))
    with pytest.raises(NoValueError, match="nothing is spoken"):
        Pace().measure(sample(path, Modality.AUDIO))


def test_captions_are_compared_with_the_sound(tmp_path: Path) -> None:
    """Captions that begin 0.5 s late and end 0.1 s early are 0.3 s apart on average."""
    path = tone(tmp_path / "a.wav", (1.0, 0), (2.0, 0.5), (1.0, 0))
    words = [{"start": 1.5, "end": 2.0}, {"start": 2.0, "end": 2.9}]
    assert CaptionTiming().measure(sample(path, Modality.AUDIO, words=words)) == pytest.approx(0.3, abs=0.02)
    with pytest.raises(NoValueError, match="no times"):
        CaptionTiming().measure(sample(path, Modality.AUDIO))


def test_the_similarity_of_equal_pictures_is_one() -> None:
    """Equal pictures have 1, and two of one grey each have the value of the formula."""
    noise = np.random.default_rng(1).uniform(0, 255, (40, 60))
    assert ssim(noise, noise) == pytest.approx(1)
    dark, light = np.full((20, 20), 100.0), np.full((20, 20), 150.0)
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))
    assert ssim(noise, np.random.default_rng(2).uniform(0, 255, (40, 60))) < 0.1


def test_a_video_that_moves_more_is_less_alike(tmp_path: Path) -> None:
    """A still video has a similarity near 1 and no motion; a noisy one has less and more."""
    size = (128, 96)
    still, moving = tmp_path / "still.mp4", tmp_path / "moving.mp4"
    grey = np.full((size[1], size[0], 3), 120, np.uint8)
    grey[20:60, 20:60] = 220
    rng = np.random.default_rng(3)
    noisy = [rng.integers(0, 255, grey.shape, dtype=np.uint8) for _ in range(12)]
    still.write_bytes(videos.encode(iter([grey] * 12), size=size))
    moving.write_bytes(videos.encode(iter(noisy), size=size))
    of_length = take(media=media().model_copy(update={"duration_seconds": 0.5}))
    calm, wild = (sample(path, Modality.VIDEO, take=of_length) for path in (still, moving))
    assert Consistency().measure(calm) > 0.98
    assert Consistency().measure(wild) < 0.5
    assert MotionAmount().measure(calm) < 5
    assert MotionAmount().measure(wild) > 300


def test_known_values_come_from_the_take(tmp_path: Path) -> None:
    """Seconds are those of the take, and the sharpness is what its checks measured."""
    checked = take(checks=Checks(measured={"blurred": 0.3}))
    assert Seconds().measure(sample(tmp_path, Modality.IMAGE)) == 2.5
    assert Sharpness().measure(sample(tmp_path, Modality.IMAGE, take=checked)) == pytest.approx(0.7)
    with pytest.raises(NoValueError):
        Sharpness().measure(sample(tmp_path, Modality.IMAGE))


@pytest.mark.skipif(bool(Dnsmos().missing()), reason="the extra dnsmos is not installed")
def test_noise_lowers_the_quality_of_speech() -> None:
    """DNSMOS rates a synthetic voice above the same voice in noise, on the scale of 1 to 5."""
    seconds = np.arange(SEGMENT) / RATE
    pitch = np.sin(2 * np.pi * 140 * seconds + 3 * np.sin(2 * np.pi * 3 * seconds))
    voice = (0.3 * pitch * (np.sin(2 * np.pi * 2.5 * seconds) > -0.3)).astype(np.float32)
    noisy = np.clip(voice + np.random.default_rng(1).normal(0, 0.2, len(voice)), -1, 1).astype(np.float32)
    assert 1 <= overall(noisy) < overall(voice) <= 5


def test_every_metric_describes_itself() -> None:
    """Names are unique, and each metric says what is better and what it measures."""
    infos = describe_metrics()
    assert len({info.name for info in infos}) == len(infos) == len(registered())
    assert all(info.title and info.modalities for info in infos)
    assert {"wer", "dnsmos", "loudness", "pace", "sharpness", "consistency", "motion", "caption_timing"} <= {
        info.name for info in infos
    }


def test_a_plug_in_is_a_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package adds a metric by an entry point, and cannot replace one of ours."""

    class Length(Metric):
        name, title, unit = "length", "Length", "bytes"

        def measure(self, sample: Sample) -> float:
            return sample.take.media.bytes

    class Other(Metric):
        name, title = "cost", "Another cost"

    class Entry:
        def __init__(self, loaded: type[Metric]) -> None:
            self.name, self._loaded = loaded.name, loaded

        def load(self) -> type[Metric]:
            return self._loaded

    monkeypatch.setattr(
        "activities.evaluation.metrics.registry.entry_points", lambda group: [Entry(Length), Entry(Other)]
    )
    registered.cache_clear()
    try:
        found = registered()
        assert found["length"].info().unit == "bytes"
        assert found["cost"].title == "Cost"
    finally:
        registered.cache_clear()
    assert not math.isnan(len(registered()))

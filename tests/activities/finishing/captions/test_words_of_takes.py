"""Words of real takes in a real bucket, and the captions of the film that is made from them."""

import json
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import av
import pytest
from temporalio.testing import ActivityEnvironment

from activities.finishing.captions.words_of_takes import read_words
from activities.production import Activities
from activities.providers.previz.provider import Previz
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.activities.finishing.media import Film, Takes, cue_times, finished, shot_file, voice_file
from workflows import keys
from workflows.activity_io import FinishedAsset, ProduceAsset
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality

TEXT = (
    "Every night for ninety years, the lamp has turned. In 1954, it went out, and 24 boats were lost. "
    "Nobody ever knew why it was dark. Tonight it burns again."
)


async def narrated(storage: Storage, production_id: str) -> FinishedAsset:
    """A narration by previz, made by two attempts that both act as the first one."""
    activities = Activities(storage, {"previz": Previz({})}, ActivitySettings())
    asset = Asset(
        asset_id="narration-1", asset_type=Modality.AUDIO, role="narration", prompt=TEXT, provider="previz",
        model="previz-narration", position=1,
    )  # fmt: skip
    brief = Brief(text="x", platform=Platform.VIDEO)
    request = ProduceAsset(production_id=production_id, brief=brief, asset=asset, take=1)
    first, second = [await ActivityEnvironment().run(activities.produce_asset, request) for _ in range(2)]
    assert first == second
    return FinishedAsset(asset=asset, take=first)


async def test_captions_start_with_their_words(storage: Storage, tmp_path: Path) -> None:
    """In a film, each caption starts within 0.2 s of its first word, and no caption is shown in a pause that is longer
    than reading takes."""
    takes = Takes(storage, uuid4().hex)
    takes.assets.append(await narrated(storage, takes.production_id))
    source = shot_file(tmp_path / "s.mp4", seconds=2)
    await takes.add("shot-1", Modality.VIDEO, "shot", source, "video/mp4", depends_on=("narration-1",))
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    found = await storage.get_bytes(keys.data_key(takes.assets[0].take.media.key))
    assert found is not None
    data = json.loads(found[0])
    assert (data["kind"], data["text"]) == ("speech", TEXT)
    spoken = {word["at"]: word for word in data["words"]}
    assert all(TEXT[at : at + len(word["word"])] == word["word"] for at, word in spoken.items())

    onsets = onsets_of(files["deliverable.mp4"])
    assert len(onsets) >= 4
    at = 0
    for start, _, text in Film(files["deliverable.mp4"]).subtitles():
        at = TEXT.index(text.split()[0], at)
        assert start == pytest.approx(spoken[at]["start"], abs=1 / 24), text
        if TEXT[at - 2 : at] in ("", ". "):
            assert min(abs(start - onset) for onset in onsets) < 0.2, text
        at += len(text) - 1
    times = cue_times(files["captions.vtt"].decode())
    assert times == sorted(times)


def onsets_of(data: bytes) -> list[float]:
    """Where the sound of a film starts after a silence of 0.15 s, in seconds."""
    with av.open(BytesIO(data), "r") as container:
        resampler = av.AudioResampler("s16", "mono", 48_000, 480)
        pieces = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    loud = [int(abs(piece.to_ndarray().astype(int)).max()) > 300 for piece in pieces]
    return [k / 100 for k in range(len(loud)) if loud[k] and not any(loud[max(0, k - 15) : k])]


async def test_a_transcript_of_a_narration_times_it(storage: Storage, tmp_path: Path) -> None:
    """Where the voice gave no times, those of a transcript in the plan are used; text that is no transcript is not."""
    takes = Takes(storage, uuid4().hex)
    source = voice_file(tmp_path / "v.wav", 3.0)
    await takes.add("narration-1", Modality.AUDIO, "narration", source, "audio/wav", prompt="The lamp turns.")
    await takes.add("note-1", Modality.TEXT, "body", b"A note.", "text/plain", depends_on=("narration-1",))
    assert await read_words(storage, takes.assets) == {}
    await takes.add("transcript-1", Modality.TEXT, "body", b"the lamp turns", "text/plain", depends_on=("narration-1",))
    said = [{"word": w, "start": k, "end": k + 0.5} for k, w in enumerate(("the", "lamp", "turns"))]
    data = json.dumps({"kind": "transcript", "text": "the lamp turns", "words": said}).encode()
    await storage.put_bytes(keys.data_key(takes.assets[-1].take.media.key), data, "application/json")
    words = await read_words(storage, takes.assets)
    assert [(w.at, w.start) for w in words["narration-1"]] == [(0, 0), (4, 1), (9, 2)]

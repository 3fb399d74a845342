"""A shot that continues another: its request has the last frame, which is cut out once and stored by its content."""

from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from activities.errors import InvalidRequest
from activities.finishing.picture.frames import load_last_frame
from activities.storage.bucket import Storage
from activities.takes.inputs import inputs_for
from tests.emulators.samples import video
from workflows import keys
from workflows.activity_io import InputTake, ProduceAsset
from workflows.brief import Brief, Platform
from workflows.continuity.inputs import FIRST_FRAME, LAST_FRAME
from workflows.models import Asset, Media, Modality


def request(production_id: str, media: Media) -> ProduceAsset:
    made = {"asset_type": "video", "role": "shot", "prompt": "The sea.", "provider": "x", "model": "x"}
    asset = Asset.model_validate({"asset_id": "shot-2", "continues": "shot-1", "last_frame": "still-3", **made})
    still = Media(key="none", bytes=1, sha256="0", media_type="image/png")
    inputs = (
        InputTake(asset_id="shot-1", asset_type=Modality.VIDEO, role="shot", take=1, media=media),
        InputTake(asset_id="still-3", asset_type=Modality.IMAGE, role="still", take=1, media=still),
    )
    brief = Brief(text="x", platform=Platform.VIDEO)
    return ProduceAsset(production_id=production_id, brief=brief, asset=asset, take=1, inputs=inputs)


async def test_the_last_frame_is_cut_out_once(storage: Storage, tmp_path: Path) -> None:
    """The input is a picture with the role of a first frame; a second attempt reads the stored frame, even if the shot
    has been deleted. The picture with which the shot ends has its own role."""
    production_id = uuid4().hex
    data = video(2)
    (tmp_path / "shot.mp4").write_bytes(data)
    stored = await storage.put_file(f"{production_id}/shot.mp4", tmp_path / "shot.mp4", "video/mp4")
    media = Media(key=f"{production_id}/shot.mp4", bytes=len(data), sha256=stored.sha256, media_type="video/mp4")
    task = request(production_id, media)
    frame, last = inputs_for(storage, task, tmp_path / "one")
    assert (frame.asset_type, frame.role, frame.media.media_type) == (Modality.IMAGE, FIRST_FRAME, "image/png")
    assert last.role == LAST_FRAME
    with Image.open(await frame.fetch()) as found:
        assert found.tobytes() == load_last_frame(tmp_path / "shot.mp4", (4096, 4096)).tobytes()
    assert await storage.head(keys.frame_key(production_id, stored.sha256))
    await storage.delete(media.key)
    again, _ = inputs_for(storage, task, tmp_path / "two")
    assert (await again.fetch()).read_bytes() == (tmp_path / "one" / "input-0.png").read_bytes()


async def test_a_shot_without_a_picture_is_named(storage: Storage, tmp_path: Path) -> None:
    """A shot that does not decode ends the take with its name, before anything is paid."""
    production_id = uuid4().hex
    await storage.put_bytes(f"{production_id}/shot.mp4", b"no video", "video/mp4")
    media = Media(key=f"{production_id}/shot.mp4", bytes=8, sha256="1" * 64, media_type="video/mp4")
    frame, _ = inputs_for(storage, request(production_id, media), tmp_path / "one")
    with pytest.raises(InvalidRequest, match="continues: shot-1 has no last frame"):
        await frame.fetch()

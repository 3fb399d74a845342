"""A video that is checked while it arrives: as the whole file is checked, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from activities.media.arriving import ArrivingFile
from activities.media.facts import probe
from activities.media.recordings import open_recording, video_frames
from activities.quality.checks import check_take
from activities.quality.outputs import check_arriving
from tests.activities.quality.labelled.cases import order
from tests.activities.quality.labelled.videos import encode, index_first, moving
from workflows.models import Modality

ORDER = order(Modality.VIDEO, "A pan over a market", {"seconds": 2})


def video(*, black: bool = False) -> bytes:
    """An MP4 of two seconds with sound, whose index is at its end."""
    tone = (np.sin(np.arange(96_000) / 20) * 0.3).astype(np.float32)
    return encode((frame * (not black) for frame in moving(3, 48)), sound=tone)


def test_a_video_is_read_before_it_is_whole_and_checked_as_a_whole_one(tmp_path: Path) -> None:
    """Its first frame decodes from the first half; its measured values are those of the whole file."""
    data = index_first(video())
    file = ArrivingFile(tmp_path / "arriving.mp4")
    with ThreadPoolExecutor(1) as beside:
        checking = beside.submit(check_arriving, file, ORDER)
        file.append(data[: len(data) // 2])
        with open_recording(file.reader()) as container:
            assert next(video_frames(container)).width == 320
        assert not checking.done()
        file.append(data[len(data) // 2 :])
        file.end(whole=True)
        found = checking.result()
    path = tmp_path / "arriving.mp4"
    assert path.read_bytes() == data
    assert found == check_take(path, "video/mp4", probe(path, "video/mp4"), ORDER)
    assert {"tracks", "blurred", "frozen"} <= set(found.measured)


@pytest.mark.parametrize("case", ["index last", "black", "cut short", "abandoned"])
def test_what_cannot_be_read_on_the_way_is_checked_as_a_whole_file(tmp_path: Path, case: str) -> None:
    """A stream gives no findings: an index at the end, a fault, and a file that does not arrive give no result."""
    data = video(black=case == "black")
    data = data if case == "index last" else index_first(data)
    file = ArrivingFile(tmp_path / "arriving.mp4")
    file.append(data[: len(data) // 3] if case in ("cut short", "abandoned") else data)
    file.end(whole=case != "abandoned")
    assert check_arriving(file, ORDER) is None

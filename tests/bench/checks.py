"""The CPU time of the checks of a clip of 5 seconds at 720p, compared with decoding it once."""

import io
import statistics
from time import process_time

from activities.media.facts import Facts
from activities.media.recordings import open_recording, video_frames
from activities.quality.checks import check_take
from tests.activities.quality.labelled import videos
from tests.activities.quality.labelled.cases import order
from workflows.models import Modality

ROUNDS = 5
SIZE = (1280, 720)


def measure() -> dict[str, float]:
    """Seconds of one check, and their ratio to one pass of the decoder."""
    data = videos.encode(videos.grain(1, 120, SIZE), size=SIZE, options={"preset": "veryfast", "crf": "23"})
    asked = order(Modality.VIDEO, "Grainy footage of a street", {"seconds": 5})
    checks, decoding = [], []
    for _ in range(ROUNDS):
        began = process_time()
        check_take(data, "video/mp4", Facts(*SIZE, 5.0), asked)
        checks.append(process_time() - began)
        began = process_time()
        with open_recording(io.BytesIO(data)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _frame in video_frames(container):
                pass
        decoding.append(process_time() - began)
    seconds = statistics.median(checks)
    return {"seconds": seconds, "ratio": seconds / statistics.median(decoding)}

"""The overview of a film: its tracks with their clips, and the waveform of its sound, as a small file for the page.

    {"seconds": 20.0, "picture": [{"asset_id", "start", "seconds"}], "sounds": [{"asset_id", "role", "start",
    "seconds"}], "peaks": [0..100]}

Times are seconds. Peaks are the highest samples of equal parts of the film, in percent of full scale.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from activities.finishing.editorial import PlacedSound
from activities.finishing.files import File, write
from activities.finishing.renditions.checks import Heard
from activities.finishing.sound.mastering import read_tag
from activities.finishing.timeline import Timeline

FILE: Final = "overview.json"
ROLE: Final = "overview"


def file_of(timeline: Timeline, sounds: Iterable[PlacedSound], mixed: Path | None, workdir: Path) -> File:
    """
    Args:
        mixed: The encoded sound of the film, if it has any.
    """
    picture = [
        {"asset_id": p.shot.asset_id, "start": round(p.start, 3), "seconds": round(p.frames / timeline.rate, 3)}
        for p in timeline.shots
    ]
    heard = [
        {"asset_id": s.asset_id, "role": s.role, "start": round(s.start, 3), "seconds": round(s.seconds, 3)}
        for s in sounds
    ]
    peaks = read_tag(mixed)["peaks"] if mixed else []
    content = {"seconds": round(timeline.seconds, 3), "picture": picture, "sounds": heard, "peaks": peaks}
    return write(workdir, FILE, ROLE, "application/json", json.dumps(content, separators=(",", ":")))


def heard_in(mixed: Path) -> Heard:
    """The loudness that was measured in an encoded sound."""
    tag = read_tag(mixed)
    lufs, peak = tag["lufs"], tag["peak_dbtp"]
    return Heard(float(str(lufs)), None if peak is None else float(str(peak)))

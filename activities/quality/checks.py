"""Checks a take against its order, free of charge, before it counts as completed.

Synchronous: call it from a thread. It never fails a take because of an error of its own: what cannot be checked becomes
a note. `make bench` measures how long it takes, and tests/activities/quality how often it is right.
"""

import logging
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from activities.media.facts import Facts
from activities.providers.protocol import Picture
from activities.quality.illustrated import check_pictures
from activities.quality.lengths import check_length
from activities.quality.order import Order
from activities.quality.pictures import check_picture, check_size
from activities.quality.report import Report
from activities.quality.sounds import check_sound, check_track
from activities.quality.texts import check_text
from activities.quality.videos import check_tracks, check_video
from activities.storage.errors import StorageFailed
from activities.text.illustrated import without_pictures
from workflows.quality import Checks

USUAL_RATE: Final = 24
"""Frames a second, to choose the frames whose sharpness is measured where the file does not count them."""

_log = logging.getLogger(__name__)


def check_take(
    source: bytes | Path | BinaryIO,
    media_type: str,
    facts: Facts,
    order: Order,
    pictures: Sequence[Picture] | None = None,
) -> Checks:
    """The checks of a take that opens as its media type.

    Args:
        pictures: Of an illustrated text; None if they are not checked.

    Raises:
        StorageFailed: the file could not be read.
    """
    report = Report()
    file = BytesIO(source) if isinstance(source, bytes) else source
    try:
        _check(file, media_type.partition("/")[0], facts, order, report)
        if order.pictures and pictures is not None:
            check_pictures(pictures, order, report)
    except StorageFailed:
        raise
    except Exception as error:
        _log.warning("A take could not be checked: %s: %s", type(error).__name__, error, exc_info=True)
        report.find("opens", f"not all checks could run ({type(error).__name__}); look at the take")
    return report.result()


def _check(file: Path | BinaryIO, kind: str, facts: Facts, order: Order, report: Report) -> None:
    if kind == "image":
        check_size(facts.width, facts.height, order, report)
        check_picture(file, order, report)
    elif kind == "video":
        _check_video(file, facts, order, report)
    elif kind == "audio":
        check_length(check_sound(file, order, report), order, report)
    elif kind == "text":
        check_text(without_pictures(_text_of(file)), order, report)


def _check_video(file: Path | BinaryIO, facts: Facts, order: Order, report: Report) -> None:
    track = check_video(file, order, report, round((facts.duration_seconds or 5) * USUAL_RATE))
    if track is not None:
        check_track(track, order, report)
        check_tracks(report.measured.get("length", 0.0), track.seconds, report)
    elif order.sounding:
        report.find("silent", "silent: the video has no sound, which was ordered", at=0, value=0, limit=1)


def _text_of(file: Path | BinaryIO) -> str:
    data = file.read_bytes() if isinstance(file, Path) else file.read()
    return data.decode("utf-8-sig", "replace")

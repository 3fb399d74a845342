"""Measures one take of an evaluation: its file is fetched once, and every metric gets the same sample."""

import base64
import io
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample, SetMetric
from activities.evaluation.metrics.registry import registered
from activities.finishing.picture.frames import picture_of_frame
from activities.media.recordings import open_recording, video_frames
from activities.media.stills import decode_picture
from workflows.evaluation.records import Cell, CellResult, MeasureTake
from workflows.models import Modality

if TYPE_CHECKING:
    from activities.evaluation.metrics.protocol import Vectors

EXCERPT_CHARS: Final = 600
THUMBNAIL: Final = (200, 200)
MAX_TEXT_BYTES: Final = 1_000_000

REFERENCE: Final = ".reference"
"""Follows the name of a metric in the name of the array with the vectors of its reference."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """What the metrics found of one take.

    Attributes:
        vectors: Of metrics of sets: the name of the metric, with REFERENCE for those of its reference -> a row each.
    """

    values: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    vectors: "dict[str, Vectors]" = field(default_factory=dict)


def base_result(request: MeasureTake) -> CellResult:
    """The result of a cell before its take is measured."""
    cell, take, failure = request.cell, request.take, request.failure
    assert cell.case.modality is not None
    return CellResult(
        number=cell.number,
        case_id=cell.case.case_id,
        line=cell.case.line,
        prompt=cell.case.prompt[:EXCERPT_CHARS],
        column=cell.column,
        modality=cell.case.modality,
        asset_id=cell.asset.asset_id,
        media=take.media if take else None,
        billed_usd=request.billed_usd,
        failure=failure.message[:EXCERPT_CHARS] if failure and take is None else "",
    )


def measured(
    request: MeasureTake, path: Path, data: bytes | None, transcript: str | None, reference: Path | None = None
) -> "tuple[CellResult, Mapping[str, Vectors]]":
    """The result of a take whose file is at `path`, and its vectors; synchronous.

    Args:
        data: The JSON next to the media, which may hold the times of spoken words.
        reference: The file with which metrics compare the take.
    """
    result, take = base_result(request), request.take
    assert take is not None
    text = path.read_bytes()[:MAX_TEXT_BYTES].decode("utf-8", "replace") if result.modality is Modality.TEXT else None
    sample = Sample(
        case=request.cell.case,
        modality=result.modality,
        take=take,
        path=path,
        text=text if text is not None else transcript,
        words=_words(data),
        given=request.given,
        spoken=request.cell.asset.spoken,
        reference=reference,
    )
    found = _measured(sample, request.metrics, request.cell, transcribed=request.cell.transcript is not None)
    shown = text or transcript or ""
    notes = found.notes | {name: note for name, note in request.notes.items() if name in request.metrics}
    update = {"values": found.values, "notes": notes, "excerpt": shown[:EXCERPT_CHARS], "thumbnail": _thumbnail(sample)}
    return result.model_copy(update=update), found.vectors


def _measured(sample: Sample, metrics: Sequence[str], cell: Cell, *, transcribed: bool) -> Measured:
    """The values of the metrics that fit, and why others of them have none. No metric stops another one."""
    found = Measured()
    for name in metrics:
        metric = registered().get(name)
        if metric is None or metric.missing():
            found.notes[name] = "this worker does not have the metric"
            continue
        if metric.problem(cell.case, sample.modality, transcribed=transcribed):
            continue
        try:
            _add(found, metric, sample)
        except NoValueError as error:
            found.notes[name] = str(error)[:200]
        except Exception as error:
            _log.warning("The metric %s failed for %s", name, cell.asset.asset_id, exc_info=True)
            found.notes[name] = f"it failed: {type(error).__name__}: {error}"[:200]
    return found


def _add(found: Measured, metric: Metric, sample: Sample) -> None:
    """Add the value of a take, or its vectors where the metric is one of all takes together."""
    if isinstance(metric, SetMetric):
        vectors = {metric.name: metric.vectors(sample.path)}
        if metric.needs_reference:
            vectors[metric.name + REFERENCE] = metric.vectors(sample.reference_path())
        found.vectors.update(vectors)
        return
    value = float(metric.measure(sample))
    if not math.isfinite(value):
        raise NoValueError("it is not a number")
    found.values[metric.name] = round(value, 6)


def _words(data: bytes | None) -> Sequence[dict[str, Any]]:
    try:
        found = json.loads(data) if data else {}
    except ValueError:
        return ()
    words = found.get("words") if isinstance(found, dict) else None
    return [w for w in words if isinstance(w, dict)] if isinstance(words, list) else ()


def _thumbnail(sample: Sample) -> str:
    """A small JPEG for the report that is read without the bucket; empty where there is no picture."""
    try:
        if sample.modality is Modality.IMAGE:
            with decode_picture(sample.path, THUMBNAIL) as picture:
                return _jpeg(picture)
        if sample.modality is Modality.VIDEO:
            with open_recording(sample.path) as container:
                frame = next(video_frames(container, lambda _: None), None)
                return _jpeg(picture_of_frame(frame, container.streams.video[0], THUMBNAIL)) if frame else ""
    except Exception:
        _log.warning("There is no thumbnail of %s", sample.take.media.key, exc_info=True)
    return ""


def _jpeg(picture: Any) -> str:
    picture = picture.convert("RGB")
    picture.thumbnail(THUMBNAIL)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=75)
    return base64.b64encode(file.getvalue()).decode()

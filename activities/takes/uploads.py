"""An uploaded file as a take of an asset: inspected, never trusted, and stored like every other take.

Neither its name nor its declared type counts: it has to open and decode as the modality of the asset. Sizes are bytes,
times seconds. Synchronous inspections run in a thread.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from temporalio.exceptions import ApplicationError

from activities.errors import OutputUnusable
from activities.media.facts import Facts, extension_of, probe
from activities.media.recordings import SOUND_TYPES, open_recording
from activities.media.stills import BROKEN, open_picture
from activities.providers.protocol import scratch_file
from activities.storage.bucket import Storage, size_and_sha256
from activities.storage.errors import StorageConflict
from activities.takes.attempt import scratch_directory
from activities.takes.ledger import now
from activities.takes.stored_form import media_of
from workflows import keys
from workflows.activity_io import UPLOAD_REFUSED, CheckUpload
from workflows.brief import MAX_VIDEO_SECONDS
from workflows.models import UPLOAD, Modality, Take, digest_of
from workflows.requests import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_PIXELS: Final = 50_000_000
"""Of a picture or a frame: decoded it takes 200 MB, and no deliverable needs more."""
LONGEST_SECONDS: Final = MAX_VIDEO_SECONDS
"""The length of the longest film."""

_PICTURES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
"""Pillow's names -> media types that every browser shows and every provider accepts. MPO is a JPEG to which a telephone
appended a second one."""
_ACCEPTED: Final = {"audio": "WAV, MP3, FLAC, Ogg, AAC or M4A", "video": "MP4, MOV, WebM or MKV"}
_WEBM: Final = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})


async def store_upload(request: CheckUpload, storage: Storage) -> Take:
    """The take of an inspected and stored file; a second attempt returns the take of the first.

    The media is keyed by its content and the record by the upload: an attempt that resumes late writes the same objects
    again, and changes neither another upload of the same number nor the ledger of a provider's take.

    Raises:
        ApplicationError: type UPLOAD_REFUSED; states the problem with the file, and the remedy.
        StorageFailed: try again.
    """
    asset, upload = request.asset, request.upload
    if not upload.key.startswith(keys.upload_prefix(request.production_id)):
        raise upload_refused(f"key: {upload.key!r} is not an upload to this production; upload the file to it")
    prefix = keys.take_prefix(request.production_id, asset.asset_id, request.take)
    record = keys.upload_record_key(prefix, digest_of(upload.key))
    if kept := await _stored_take(storage, record):
        return kept
    started = now()
    head = await storage.head(upload.key)
    if head is None:
        raise upload_refused("file: it no longer exists; upload it again")
    most = MAX_UPLOAD_BYTES[asset.asset_type]
    if not 0 < head.bytes <= most:
        problem = f"has {head.bytes:,} bytes" if head.bytes else "is empty"
        raise upload_refused(f"file: it {problem}; give {asset.asset_type.value} of at most {most:,}")
    async with scratch_directory() as workdir:
        path = await storage.fetch(upload.key, scratch_file(workdir, "upload"))
        try:
            media_type, facts = await asyncio.to_thread(INSPECTORS[asset.asset_type], path)
        except OutputUnusable as error:
            raise upload_refused(f"file: for {asset.asset_id}, {error}") from None
        stored = await size_and_sha256(path)
        key = keys.upload_media_key(prefix, stored.sha256, extension_of(media_type))
        if await storage.head(key) is None:  # an existing object has the same content
            await storage.put_file(key, path, media_type, known=stored)
    take = Take(
        number=request.take,
        prompt=asset.prompt,
        provider=UPLOAD,
        model=upload.filename or "file",
        media=media_of(key, stored, media_type, facts),
        note=f"uploaded by {upload.uploaded_by}" + (f": {upload.filename}" if upload.filename else ""),
        started_at=started,
        finished_at=now(),
    )
    try:
        await storage.put_unpaid(record, take.model_dump_json().encode(), "application/json", only_if_absent=True)
    except StorageConflict:  # another attempt was faster, from the same bytes
        return await _stored_take(storage, record) or take
    return take


async def _stored_take(storage: Storage, record: str) -> Take | None:
    """The take that an earlier attempt made from this upload."""
    found = await storage.get_bytes(record)
    return Take.model_validate_json(found[0]) if found else None


def upload_refused(message: str) -> ApplicationError:
    return ApplicationError(message, type=UPLOAD_REFUSED, non_retryable=True)


def _inspect_text(path: Path) -> tuple[str, Facts]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OutputUnusable(f"byte {error.start} is not UTF-8; save it as plain text or Markdown in UTF-8") from None
    if "\0" in text or not text.strip():
        raise OutputUnusable("it contains no text; give plain text or Markdown")
    return "text/markdown", Facts()


def inspect_picture(path: Path) -> tuple[str, Facts]:
    """The media type and the size of a picture.

    Raises:
        OutputUnusable: the file is not a picture, or is too large; with the remedy.
    """
    try:
        with open_picture(path) as picture:
            kind, pixels = str(picture.format), picture.width * picture.height
    except BROKEN as error:
        if "decompression bomb" in str(error):  # Pillow's message for too many pixels
            _check_pixels(MAX_PIXELS + 1)
        raise OutputUnusable("it does not open as a picture; give PNG, JPEG or WebP") from None
    if kind not in _PICTURES:
        raise OutputUnusable(f"it is {kind}; give PNG, JPEG or WebP")
    _check_pixels(pixels)
    return _PICTURES[kind], _facts(path, _PICTURES[kind])


def _inspect_recording(path: Path, kind: Literal["audio", "video"]) -> tuple[str, Facts]:
    from av import FFmpegError

    try:
        media_type = _recording_type(path, kind, _ACCEPTED[kind])
    except (FFmpegError, *BROKEN):
        raise OutputUnusable(f"it does not open as {kind}; give {_ACCEPTED[kind]}") from None
    facts = _facts(path, media_type)
    if facts.duration_seconds and facts.duration_seconds > LONGEST_SECONDS:
        raise OutputUnusable(f"it lasts {facts.duration_seconds:,.0f} s; cut it to at most {LONGEST_SECONDS:,.0f}")
    return media_type, facts


def _recording_type(path: Path, kind: Literal["audio", "video"], accepted: str) -> str:
    """The media type of a file that opens and has the right streams."""
    from av.stream import Disposition

    with open_recording(path) as file:
        pictures = [v for v in file.streams.video if not v.disposition & Disposition.attached_pic]
        if kind == "audio" and pictures:
            raise OutputUnusable("it is a video; give only its sound")
        if not (pictures if kind == "video" else file.streams.audio):
            raise OutputUnusable(f"it contains no {kind}; give {accepted}")
        _check_pixels(max((v.width * v.height for v in pictures), default=0))
        return _type_of(file, kind)


def _type_of(recording: "InputContainer", kind: str) -> str:
    container = recording.format.name.partition(",")[0]
    if kind == "audio":
        return SOUND_TYPES[container]
    if container == "mov":
        return "video/quicktime" if recording.metadata.get("major_brand", "").strip() == "qt" else "video/mp4"
    if container != "matroska":
        raise OutputUnusable(f"it is not a video file; give {_ACCEPTED[kind]}")
    streams = (*recording.streams.video, *recording.streams.audio)
    return "video/webm" if {s.codec_context.name for s in streams} <= _WEBM else "video/x-matroska"


def _facts(path: Path, media_type: str) -> Facts:
    try:
        return probe(path, media_type)
    except OutputUnusable as error:
        raise OutputUnusable(f"{error}; export it again") from None


def _check_pixels(pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise OutputUnusable(f"it is larger than {MAX_PIXELS:,} pixels; give it in a smaller size")


INSPECTORS: Final[Mapping[Modality, Callable[[Path], tuple[str, Facts]]]] = {
    Modality.TEXT: _inspect_text,
    Modality.IMAGE: inspect_picture,
    Modality.AUDIO: partial(_inspect_recording, kind="audio"),
    Modality.VIDEO: partial(_inspect_recording, kind="video"),
}
"""Each returns the media type and the facts of a file, or raises OutputUnusable with the remedy."""

"""Moderation of takes after they are made: what is flagged fails its checks, so it is used only if a person selects it.

It runs after the take is paid and recorded, so a worker that dies here pays for nothing again: the next attempt
reads the take and moderates it once more, which is free. Nothing is lost if the moderation fails: the take is kept, and
states that it was not checked.
"""

import asyncio
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from activities.errors import ProviderError
from activities.finishing.picture.frames import picture_of_frame
from activities.media.recordings import open_recording
from activities.media.stills import decode_picture
from activities.providers.protocol import Moderator, Provider
from activities.quality.nudity import EXTRA, NudityClassifier, model_file
from activities.storage.bucket import Storage
from workflows.models import Asset, Modality, Take
from workflows.preview.plan import PREVIZ
from workflows.quality import MAX_FINDINGS, Finding

if TYPE_CHECKING:
    from PIL.Image import Image

TIMEOUT_SECONDS: Final = 30.0
"""For all requests about one take."""
PIXELS: Final = (1_024, 1_024)
"""The largest size of a picture that is sent."""
PLACES: Final = (0.1, 0.4, 0.7, 0.95)
"""The frames of a video that are checked, as parts of its length."""
MAX_TEXT_CHARS: Final = 20_000
"""The part of a text that is checked."""
_NOT_CHECKED: Final = "safety: not checked"


class PictureModerator(Protocol):
    """What flags pictures, by its method of the same name as that of a provider."""

    async def moderate_picture(self, jpeg: bytes) -> str: ...


class Safety:
    """Moderates takes by the first enabled provider that moderates; without one, pictures by the classifier that runs
    here, where it is installed."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], *, enabled: bool) -> None:
        self._storage = storage
        self._moderator = next((p for p in providers.values() if isinstance(p, Moderator)), None)
        path = model_file() if enabled and self._moderator is None else None
        self._pictures_by: PictureModerator | None = NudityClassifier(path) if path else self._moderator
        self._enabled = enabled

    def applies_to(self, take: Take) -> bool:
        """Whether a take is moderated, or states that it is not; a placeholder needs no moderator."""
        return self._enabled and (self._moderator is not None or take.provider != PREVIZ)

    async def checked(self, take: Take, asset: Asset) -> Take:
        """The take with what the moderation found: a hard finding where it is flagged, otherwise at most a note."""
        if self._pictures_by is None:
            why = f"because no enabled provider moderates, and greenlight[{EXTRA}] is not installed"
            return _noted(take, f"{_NOT_CHECKED}, {why}; look at it before you use it")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                flags = await self._flags(self._pictures_by, take, asset)
        except TimeoutError:
            return _noted(take, f"{_NOT_CHECKED}: the moderation took longer than {TIMEOUT_SECONDS:g} s; look at it")
        except ProviderError as error:
            return _noted(take, f"{_NOT_CHECKED}: {error}"[:280] + "; look at it")
        except Exception as error:  # an answer of another form, or a file that does not open
            return _noted(take, f"{_NOT_CHECKED}: {type(error).__name__}; look at it before you use it")
        if flags is None:
            return _noted(take, f"{_NOT_CHECKED}: no provider moderates {asset.sound or asset.asset_type.value}")
        return _with_flags(take, flags)

    async def _flags(
        self, pictures_by: PictureModerator, take: Take, asset: Asset
    ) -> list[tuple[str, float | None]] | None:
        """(categories, seconds from the start) of what is flagged; None where it cannot be moderated."""
        if asset.asset_type in (Modality.TEXT, Modality.AUDIO):
            found = await self._flags_of_illustrations(pictures_by, take)
            text = await self._text(take, asset)
            if self._moderator is None or text is None:
                return found or None
            return [*await self._text_flags(self._moderator, text), *found]
        shown = await asyncio.to_thread(self._pictures, take)
        found = [(await pictures_by.moderate_picture(data), at) for data, at in shown]
        return [(flag, at) for flag, at in found if flag]

    async def _flags_of_illustrations(
        self, pictures_by: PictureModerator, take: Take
    ) -> list[tuple[str, float | None]]:
        """What is flagged in the pictures of a text."""
        found = []
        for each in take.media.pictures:
            data = await asyncio.to_thread(self._jpeg_of, each.key, each.bytes)
            found.append(await pictures_by.moderate_picture(data))
        return [(flag, None) for flag in found if flag]

    async def _text(self, take: Take, asset: Asset) -> str | None:
        """A text, or what a voice says; None for other sounds."""
        if asset.asset_type is Modality.AUDIO:
            return take.prompt if asset.spoken else None
        return (await self._storage.read(take.media.key, take.media.sha256)).decode(errors="replace")

    async def _text_flags(self, moderator: Moderator, text: str) -> list[tuple[str, float | None]]:
        flags = await moderator.moderate([text[:MAX_TEXT_CHARS]])
        if len(flags) != 1:
            raise ValueError("the moderation answered for another number of texts")
        return [(flag, None) for flag in flags if flag]

    def _pictures(self, take: Take) -> list[tuple[bytes, float | None]]:
        """The picture, or frames of the video with their seconds, as JPEG."""
        if take.media.modality is Modality.IMAGE:
            return [(self._jpeg_of(take.media.key, take.media.bytes), None)]
        file = self._storage.open(take.media.key, take.media.bytes)
        return list(frames_of(file, take.media.duration_seconds or 0.0))

    def _jpeg_of(self, key: str, size: int) -> bytes:
        with decode_picture(self._storage.open(key, size), PIXELS) as picture:
            return _jpeg(picture)


def frames_of(file: BinaryIO, seconds: float) -> Iterator[tuple[bytes, float | None]]:
    """Frames of a video as JPEG, with their seconds.

    Args:
        seconds: Its length.
    """
    with open_recording(file) as container:
        for place in PLACES:
            container.seek(int(place * seconds * 1_000_000))
            frame: Any = next(iter(container.decode(video=0)), None)
            if frame is not None:
                yield _jpeg(picture_of_frame(frame, container.streams.video[0], PIXELS)), round(place * seconds, 3)


def _jpeg(picture: "Image") -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def _noted(take: Take, message: str) -> Take:
    return _with_finding(take, Finding(check="safety", message=message[:300]))


def _with_flags(take: Take, flags: list[tuple[str, float | None]]) -> Take:
    measured = {**take.checks.measured, "safety": float(bool(flags))}
    take = take.model_copy(update={"checks": take.checks.model_copy(update={"measured": measured})})
    if not flags:
        return take
    kinds, at = ", ".join(dict.fromkeys(flag for flag, _ in flags)), flags[0][1]
    where = "" if at is None else f" at {at:g} s"
    message = f"flagged{where} as {kinds}; it is used only if a person looks at it and selects it"
    return _with_finding(
        take, Finding(check="safety", hard=True, message=message[:300], at_seconds=at, value=1, limit=0)
    )


def _with_finding(take: Take, finding: Finding) -> Take:
    findings = (
        (finding, *take.checks.findings) if finding.hard else (*take.checks.findings[: MAX_FINDINGS - 1], finding)
    )
    return take.model_copy(update={"checks": take.checks.model_copy(update={"findings": findings[:MAX_FINDINGS]})})

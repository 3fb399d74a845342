"""The local files of a deliverable before their upload, and the stored texts."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from activities.storage.bucket import Storage
from workflows.activity_io import FinishedAsset
from workflows.models import Chapter, Measured, Modality


@dataclass(frozen=True)
class File:
    """One local file of the deliverable.

    Attributes:
        asset_id: The asset whose take it is; empty for a file that finishing made.
        language: The further language of a film that it belongs to; empty for the original.
        measured: Of a film.
    """

    name: str
    role: str
    path: Path
    media_type: str
    asset_id: str = ""
    language: str = ""
    measured: Measured | None = None


@dataclass(frozen=True)
class Result:
    """All files of a deliverable, and remarks for people. `seconds` is the length of a film."""

    files: tuple[File, ...]
    notes: tuple[str, ...] = ()
    seconds: float | None = None
    chapters: tuple[Chapter, ...] = ()


def write(workdir: Path, name: str, role: str, media_type: str, text: str) -> File:
    path = workdir / name
    path.write_text(text, encoding="utf-8")
    return File(name, role, path, media_type)


async def read_texts(storage: Storage, assets: Iterable[FinishedAsset]) -> dict[str, str]:
    """Asset id -> text, with line ends of every kind as LF."""

    async def read(finished: FinishedAsset) -> str:
        media = finished.take.media
        data = await storage.read(media.key, media.sha256)
        return data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")

    texts = [a for a in assets if a.asset.asset_type is Modality.TEXT]
    read_all = await asyncio.gather(*map(read, texts))
    return {a.asset.asset_id: text for a, text in zip(texts, read_all, strict=True)}

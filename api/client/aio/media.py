# Translated from api/client/media.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's endpoints of media: references, uploads and downloads."""

from asyncio import sleep
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
from pydantic import BaseModel

from api.client.aio.transport import CHUNK_BYTES, Transport, production_path, query
from api.client.errors import GreenlightError
from api.views.changes import RevisionView
from api.views.exports import ExportFormat
from api.views.production import ProductionView, StoredReference
from workflows.events import Receipt

UPLOAD_TIMEOUT: Final = httpx.Timeout(130.0, connect=5.0)
"""The API waits 120 s while a worker checks the file."""


WHOLE_BYTES: Final = 16 * 1024 * 1024
"""Larger references are sent in parts, so that a broken connection costs one part."""
PART_FAILURES: Final = 4
"""Of one part, with 1, 2, 3 and 4 s between them."""


class _Upload(BaseModel):
    """The progress of an upload in parts, bytes."""

    upload_id: str
    offset: int
    part_bytes: int
    reference: StoredReference | None = None


class MediaEndpoints(Transport):
    """References, uploads and downloads."""

    async def add_reference(self, path: Path, on_sent: Callable[[int], object] = lambda _: None) -> str:
        """Store a reference; the result is its `source` in a brief's `references`. A large file is sent in parts.

        Raises:
            GreenlightError: it is too large, or no reference. OSError: it cannot be read.
        """
        size = path.stat().st_size
        if size > WHOLE_BYTES:
            return await self._add_in_parts(path, size, on_sent)
        headers = {"Content-Type": "application/octet-stream"}
        stored = await self._request("POST", "/references", StoredReference, content=path.read_bytes(), headers=headers)
        return stored.source

    async def _add_in_parts(self, path: Path, size: int, on_sent: Callable[[int], object]) -> str:
        state = await self._request("POST", "/references/uploads", _Upload, body={"bytes": size})
        failures = 0
        with path.open("rb") as file:
            while state.reference is None:
                file.seek(state.offset)
                data = file.read(state.part_bytes)
                try:
                    state = await self._send_part(state, data)
                    on_sent(len(data))
                    failures = 0
                except GreenlightError as error:
                    failures += 1
                    if error.status not in (0, 400, 408, 409, 429, 502, 503) or failures > PART_FAILURES:
                        raise
                    await sleep(failures)
                    state = await self._request("GET", f"/references/uploads/{state.upload_id}", _Upload)
        return state.reference.source

    async def _send_part(self, state: "_Upload", data: bytes) -> "_Upload":
        headers = {"Content-Type": "application/octet-stream", "Upload-Offset": str(state.offset)}
        path = f"/references/uploads/{state.upload_id}"
        return await self._request("PATCH", path, _Upload, content=data, headers=headers, timeout=UPLOAD_TIMEOUT)

    async def upload_take(
        self,
        production_id: str,
        asset_id: str,
        path: Path,
        *,
        uploaded_by: str = "someone",
        idempotency_key: str | None = None,
        on_sent: Callable[[int], object] = lambda _: None,
    ) -> Receipt:
        """Use a file of the caller as a new take. `on_sent` is called with the number of bytes of each chunk sent.

        Raises:
            GreenlightError: the API refused the file, or an upload at this time. OSError: it cannot be read.
        """

        async def chunks() -> AsyncIterator[bytes]:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
                    on_sent(len(chunk))

        return await self._request(
            "POST",
            production_path(production_id, "assets", asset_id, "takes"),
            Receipt,
            content=chunks(),
            params={"filename": path.name, "uploaded_by": uploaded_by},
            headers={
                "Content-Length": str(path.stat().st_size),
                "Content-Type": "application/octet-stream",
            },
            key=idempotency_key,
            timeout=UPLOAD_TIMEOUT,
        )

    async def download_take(self, production_id: str, asset_id: str, take: int, to: Path) -> Path:
        return await self._download(production_path(production_id, "assets", asset_id, "takes", str(take), "media"), to)

    async def download_deliverable(self, production_id: str, to: Path, *, name: str | None = None) -> Path:
        """One file of the deliverable; without `name`, the main one."""
        return await self._download(production_path(production_id, "deliverable"), to, {"file": name} if name else {})

    async def download_manifest(self, production_id: str, to: Path) -> Path:
        return await self._download(production_path(production_id, "manifest"), to)

    async def export(
        self,
        production_id: str,
        to: ExportFormat,
        path: Path,
        *,
        revision: int | None = None,
        on_received: Callable[[int], object] = lambda _: None,
    ) -> Path:
        """The film for editing software: one archive with its timeline, media and captions.

        Args:
            revision: An earlier one; by default the newest.
            on_received: Called with the number of bytes of each chunk.
        """
        params = query(to=to.value, revision=revision)
        return await self._download(production_path(production_id, "export"), path, params, on_received)

    async def download_all(self, production: ProductionView, to: Path) -> AsyncGenerator[Path]:
        """Download every file of the deliverable under its own name, e.g. images/visual.png, then the manifest.

        A name that leads out of the folder raises GreenlightError before anything is written.
        """
        files = production.deliverable.files if production.deliverable else ()
        for name in _check_inside(to, [file.name for file in files]):
            yield await self.download_deliverable(production.production_id, to / name, name=name)
        yield await self.download_manifest(production.production_id, to / "manifest.json")

    async def download_revision(self, production_id: str, revision: RevisionView, to: Path) -> AsyncGenerator[Path]:
        """Download every file of one revision under its own name, its manifest too; names as in `download_all`."""
        for name in _check_inside(to, [file.name for file in revision.files]):
            params = {"revision": str(revision.revision), "file": name}
            yield await self._download(production_path(production_id, "deliverable"), to / name, params)


def _check_inside(folder: Path, names: Sequence[str]) -> Sequence[str]:
    """The names.

    Raises:
        GreenlightError: one of them leads out of the folder.
    """
    if outside := [name for name in names if folder.resolve() not in (folder / name).resolve().parents]:
        raise GreenlightError("The deliverable was not downloaded", f"{outside[0]!r} leads out of {folder}")
    return names

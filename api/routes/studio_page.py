"""The studio page: static files of this package, with headers that isolate them from other sites."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request, Response

from api.deps import Services
from api.openapi.reference import reference_page
from api.problems import Problem

router = APIRouter(include_in_schema=False)

FOLDER: Final = Path(__file__).parents[1] / "studio"
PAGE: Final = "index.html"
_VERSION: Final = re.compile(r"v-[0-9a-f]{12}/")
"""What the page adds to the addresses of its files; those of another version are the files of this one."""
_HEADERS: Final = {
    "Cache-Control": "no-cache",  # a browser revalidates it
    "Vary": "Accept, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


_DOCS_POLICY: Final = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True)
class _File:
    body: bytes
    zipped: bytes
    media_type: str
    etag: str


@router.get("/studio/{name:path}")
async def static(request: Request, name: str) -> Response:
    """One file of the page; only files of the package's folder.

    At the address of this version, a browser keeps it and does not ask again.
    """
    versioned = _VERSION.match(name)
    file = name[versioned.end() :] if versioned else name
    found = _files().get(file)
    if found is None or file == PAGE:
        raise Problem(404, "no-such-file", "The studio page has no such file; open / in a browser.")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"} if name.startswith(version()) else {}
    return _answer(request, found, _HEADERS | kept)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API reference for people. It loads a style from this address, and no script."""
    headers = {**_HEADERS, "Content-Security-Policy": _DOCS_POLICY}
    return Response(_reference(request.app), headers=headers, media_type="text/html")


@cache
def _reference(app: FastAPI) -> str:
    return reference_page(app.openapi())


async def page(services: Services) -> Response:
    """The page itself, which may load only from this address, and media from the storage.

    While interviews by voice are enabled, it may also connect to the one host of their vendor."""
    allowed = policy(await media_origin(services), await services.fleet.interview_origin())
    headers = {**_HEADERS, "Content-Security-Policy": allowed}
    return Response(_page(), headers=headers, media_type="text/html")


@cache
def _page() -> bytes:
    return _files()[PAGE].body.replace(b"/studio/", f"/studio/{version()}".encode())


@cache
def version() -> str:
    """The folder in the addresses of the page's files: a digest of all of them."""
    digests = "".join(f"{name} {file.etag}" for name, file in sorted(_files().items()))
    return f"v-{hashlib.sha256(digests.encode()).hexdigest()[:12]}/"


def wants_page(request: Request) -> bool:
    """Whether the caller accepts HTML, as browsers do; other callers get JSON."""
    return "text/html" in request.headers.get("accept", "")


def policy(media: str, interviews: str = "") -> str:
    """The page's Content-Security-Policy.

    Args:
        media: The origin of the links to media.
        interviews: The origin of the vendor's WebSocket; empty while interviews by voice are not enabled.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {media}",
            f"media-src 'self' {media}",
            f"connect-src 'self' {interviews}".rstrip(),
            "frame-src 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


async def media_origin(services: Services) -> str:
    """The origin of the links to media, from a signed link, which needs no call; empty without keys to sign with."""
    try:
        link = urlsplit(await services.vault.link("origin", "origin"))
    except Problem:
        return ""
    return f"{link.scheme}://{link.netloc}"


@cache
def _files() -> dict[str, _File]:
    """All files by their path below /studio/: about 150 kB, read once."""
    return {str(path.relative_to(FOLDER)): _read(path) for path in FOLDER.rglob("*") if path.is_file()}


def _read(path: Path) -> _File:
    body = path.read_bytes()
    media_type = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _File(body, gzip.compress(body, mtime=0), media_type or "application/octet-stream", etag)


def _answer(request: Request, file: _File, headers: Mapping[str, str]) -> Response:
    headers = {**headers, "ETag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.zipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)

"""Signs media files with C2PA, in the formats that the library embeds a manifest in.

Every file that Greenlight made or had made is signed before its digest is taken and before it is stored, so each way
out of the storage (links, archives, the page) leads to the signed file, and no copy is kept:

- A take is signed when it is stored. Signing at the download would need the key in the API, and would end the direct
  links to the storage. The digest of the vendor's own bytes stays in the record (`Media.unsigned_sha256`), and
  identifies the content of a take as before, because two signatures of the same bytes differ.
- A person's own file stays as it was given. Texts cannot carry a signature: the signed files next to them, and the
  manifest of the production, have their digests.
- A file that cannot be signed is stored unsigned, with a note and a metric: a take is paid for by then.

Nothing is asked over a network, except a time-stamp authority if there is one. Sizes are bytes, times seconds.
"""

import asyncio
import base64
import io
import json
import logging
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from activities.metrics import metrics
from activities.provenance.ai_label import label_picture
from activities.provenance.credentials import CERTIFICATE, KEY, CertificateRefused, Credentials, load_credentials
from activities.provenance.statements import GENERATOR, definition, source_type
from activities.settings import ActivitySettings
from workflows.models import UPLOAD
from workflows.provenance.records import Statement
from workflows.runtime.redaction import redact

if TYPE_CHECKING:
    from c2pa import Context
    from c2pa import Signer as NativeSigner

LABELLED_BYTES: Final = 64 * 1024 * 1024
"""The largest picture that is held in memory for its label; a PNG of 8K is smaller."""
LARGE_BYTES: Final = 64 * 1024 * 1024
"""The library hashes files of this size and more in parts, if they are MP4: 900 MB took 8 MiB of memory instead of 508.
Every reader of C2PA knows the one hash of a smaller file; its memory is the size of the file."""
PART_KB: Final = 8 * 1024
_MEMORY_MB: Final = 16
"""Of its copy of a file; larger ones are in temporary files."""
_LEAST_SECONDS: Final = 60.0
_BYTES_A_SECOND: Final = 5_000_000
"""The least speed on a busy machine; a time-stamp authority that hangs must not hold a paid take."""
SETTINGS: Final[dict[str, Any]] = {
    "core": {
        "backing_store_memory_threshold_in_mb": _MEMORY_MB,
    },
    "verify": {
        "verify_after_sign": False,  # it would read the whole file again
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    },
    "builder": {"thumbnail": {"enabled": False}},
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signed:
    """A file after the attempt to sign it.

    Attributes:
        source: The signed file, or the given one if it is not signed.
        problem: Why it is not signed; empty if it is, or if its format has no signatures.
    """

    source: Path | bytes
    signed: bool
    problem: str = ""


class Signer:
    """Signs files with one certificate. Its methods may run at the same time."""

    def __init__(self, credentials: Credentials) -> None:
        """
        Raises:
            CertificateRefused: the library does not accept the certificate.
        """
        self._credentials = credentials
        self.name = credentials.name
        self._check()

    @property
    def description(self) -> str:
        ends = f"valid until {self._credentials.expires:%Y-%m-%d}"
        return f"{self.name} ({ends})"

    @cached_property
    def types(self) -> frozenset[str]:
        """The media types in which the library embeds a signature."""
        from c2pa import Builder

        kinds = ("image/", "audio/", "video/")
        return frozenset(each for each in Builder.get_supported_mime_types() if each.startswith(kinds))

    def can_sign(self, media_type: str) -> bool:
        return _bare(media_type) in self.types

    async def sign(self, source: Path | bytes, media_type: str, statement: Statement) -> Signed:
        """Sign a file, or bytes in memory. The signed file is next to the given one, which stays.

        A file that Greenlight signed before, as a take in a document, stays as it is.
        """
        if not self.can_sign(media_type):
            return Signed(source, signed=False)
        work = asyncio.to_thread(self.sign_now, source, _bare(media_type), statement)
        try:
            made = await asyncio.wait_for(work, max(_LEAST_SECONDS, _size(source) / _BYTES_A_SECOND))
        except Exception as error:
            problem = "it took too long" if isinstance(error, TimeoutError) else redact(str(error))[:200] or repr(error)
            metrics().signed(statement.kind, "failed")
            _log.warning("%s of %s is not signed: %s", statement.name, statement.production_id, problem)
            return Signed(source, signed=False, problem=f"not signed: {problem}")
        metrics().signed(statement.kind, "ok")
        return Signed(made, signed=True)

    def sign_now(self, source: Path | bytes, media_type: str, statement: Statement) -> Path | bytes:
        """The same in this thread.

        Raises:
            Exception: the library refuses the file, or this machine's disk is full.
        """
        kind = source_type(statement)
        target: BinaryIO
        if isinstance(source, bytes):
            with io.BytesIO(label_picture(source, media_type, kind)) as file, io.BytesIO() as target:
                return target.getvalue() if self._sign(file, target, media_type, statement) else source
        signed = source.with_name(f"{source.name}.signed")
        with _labelled(source, media_type, kind) as file, signed.open("w+b") as target:
            done = self._sign(file, target, media_type, statement)
        return signed if done else source

    def _sign(self, source: BinaryIO, target: BinaryIO, media_type: str, statement: Statement) -> bool:
        """False if the file has a signature of Greenlight already."""
        from c2pa import Builder, C2paBuilderIntent

        before = self._generator_of(source, media_type)
        if before == GENERATOR:
            return False
        given = statement.kind == "take" and statement.models[0].startswith(f"{UPLOAD}/")
        opened = given or before is not None
        size = source.seek(0, io.SEEK_END)
        source.seek(0)
        context = self._context if size < LARGE_BYTES else self._in_parts
        with Builder(json.dumps(definition(statement, opened=opened)), context) as builder:
            if opened:
                builder.set_intent(C2paBuilderIntent.EDIT)
            with self._native() as signer:
                builder.sign(signer, media_type, source, target)
        return True

    def _generator_of(self, source: BinaryIO, media_type: str) -> str | None:
        """The name of the program that signed a file before; None if it has no signature."""
        from c2pa import Reader

        reader = Reader.try_create(media_type, source, None, self._parsing)
        if reader is None:
            return None
        with reader:
            found = reader.get_active_manifest() or {}
        return next((str(each.get("name")) for each in found.get("claim_generator_info") or ()), "")

    def _native(self) -> "NativeSigner":
        from c2pa import C2paSignerInfo
        from c2pa import Signer as NativeSigner

        known = self._credentials
        url = known.timestamp_url.encode() or None
        info = C2paSignerInfo(known.algorithm.encode(), known.chain.encode(), known.key.encode(), url)
        return NativeSigner.from_info(info)

    @cached_property
    def _context(self) -> "Context":
        from c2pa import Context

        return Context.from_dict(SETTINGS)

    @cached_property
    def _in_parts(self) -> "Context":
        from c2pa import Context

        return Context.from_dict({**SETTINGS, "core": {**SETTINGS["core"], "merkle_tree_chunk_size_in_kb": PART_KB}})

    @cached_property
    def _parsing(self) -> "Context":
        """For reading who signed a file, without its hash."""
        from c2pa import Context

        return Context.from_dict({**SETTINGS, "verify": {**SETTINGS["verify"], "verify_after_reading": False}})

    def _check(self) -> None:
        """Sign a picture of one pixel and read it back: the library checks the rest of the profile of C2PA.

        Without a time stamp, so that a worker starts without a network.
        """
        from c2pa import Reader

        trial = Statement(production_id="", kind="take", name="trial", ai_generated="no", models=("trial/trial",))
        known, self._credentials = self._credentials, replace(self._credentials, timestamp_url="")
        try:
            signed = self.sign_now(_PIXEL, "image/png", trial)
            assert isinstance(signed, bytes)
            with Reader("image/png", io.BytesIO(signed), None, self._context) as reader:
                state, problems = reader.get_validation_state(), reader.get_validation_results() or {}
        except Exception as error:
            raise CertificateRefused(f"{CERTIFICATE} and {KEY} sign nothing: {str(error)[:200]}") from None
        finally:
            self._credentials = known
        if state not in ("Valid", "Trusted"):
            found = problems.get("activeManifest", {}).get("failure", [])
            codes = ", ".join(sorted({str(each.get("code")) for each in found})) or state
            raise CertificateRefused(f"{CERTIFICATE} does not follow the C2PA profile ({codes}); request another one")


def make_signer(settings: ActivitySettings) -> Signer | None:
    """The signer of a worker, or None without a certificate.

    Raises:
        CertificateRefused: files cannot be signed with the certificate; the message names the variable and the remedy.
    """
    credentials = load_credentials(settings)
    if credentials is None:
        _log.info("Files are not signed: %s is not set", CERTIFICATE)
        return None
    signer = Signer(credentials)
    _log.info("Files are signed by %s", signer.description)
    return signer


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip()


def _size(source: Path | bytes) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def _labelled(source: Path, media_type: str, kind: str) -> BinaryIO:
    """The file with its label, if it is a picture; larger pictures have only the signature."""
    if media_type.startswith("image/") and _size(source) <= LABELLED_BYTES:
        return io.BytesIO(label_picture(source.read_bytes(), media_type, kind))
    return source.open("rb")


_PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

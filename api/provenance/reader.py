"""Reads and checks the C2PA manifest of a file. Nothing is asked over a network.

The file and its manifest come from outside: every text in them is shortened, and no text is trusted.
"""

import json
import mimetypes
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import ValidationError

from api.views.provenance import EarlierSignature, ProvenanceView, with_lines
from workflows.provenance.records import ASSERTION, SELF_MADE, Statement
from workflows.runtime.redaction import make_printable

_SETTINGS: Final[dict[str, Any]] = {
    "core": {"backing_store_memory_threshold_in_mb": 16},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_MAX_CHARS: Final = 200
_MAX_PROBLEMS: Final = 5
_MAX_STATEMENT_CHARS: Final = 1_000_000
_PROBLEMS: Final = {
    "assertion.bmffHash.mismatch": "the content was changed after it was signed",
    "assertion.dataHash.mismatch": "the content was changed after it was signed",
    "assertion.boxesHash.mismatch": "the content was changed after it was signed",
    "assertion.hashedURI.mismatch": "a statement in the manifest was changed after it was signed",
    "claimSignature.mismatch": "the signature does not match the manifest",
    "signingCredential.expired": "the certificate has expired, and no time stamp shows that it was signed before",
    "signingCredential.invalid": "the certificate may not sign content",
    "signingCredential.untrusted": "the certificate is not on the trust list of C2PA",
}
"""Status codes of C2PA, in plain words."""
_UNTRUSTED: Final = "signingCredential.untrusted"


def read_provenance(file: BinaryIO, media_type: str | None = None, *, check: bool = True) -> ProvenanceView:
    """The provenance of a file; synchronous.

    Args:
        media_type: By its content if None.
        check: Read the whole file and compare its digest; otherwise only the manifest is read.
    """
    return with_lines(_read(file, media_type, check=check))


def _read(file: BinaryIO, media_type: str | None, *, check: bool) -> ProvenanceView:
    from c2pa import C2paError, Context, Reader

    verify = {**_SETTINGS["verify"], "verify_after_reading": check}
    try:
        with Context.from_dict({**_SETTINGS, "verify": verify}) as context:
            reader = Reader.try_create(media_type, file, None, context)
            if reader is None:
                return ProvenanceView(state="none", problems=("the file has no C2PA manifest",))
            with reader:
                return _view(json.loads(reader.json()), check=check)
    except C2paError.NotSupported:
        return ProvenanceView(state="none", problems=("files of this type carry no signature",))
    except (C2paError, ValueError) as error:
        return ProvenanceView(state="invalid", problems=(f"the manifest cannot be read: {_text(error)}",))


def read_file_provenance(path: Path) -> ProvenanceView:
    """The provenance of a local file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        found = read_provenance(file)
        if found.state != "valid" and (media_type := mimetypes.guess_type(path.name)[0]):
            file.seek(0)
            by_name = read_provenance(file, media_type)
            return by_name if by_name.state != "none" else found
        return found


def _view(store: dict[str, Any], *, check: bool) -> ProvenanceView:
    manifests = store.get("manifests") or {}
    active = manifests.get(store.get("active_manifest")) or {}
    failures = ((store.get("validation_results") or {}).get("activeManifest") or {}).get("failure") or []
    codes = dict.fromkeys(str(each.get("code")) for each in failures)
    state = store.get("validation_state")
    valid = state in ("Valid", "Trusted") or not check
    problems = tuple(_PROBLEMS.get(code, _text(code)) for code in codes if code != _UNTRUSTED) if not valid else ()
    signature = active.get("signature_info") or {}
    name = _text(signature.get("common_name") or signature.get("issuer") or "")
    assertions = {str(each.get("label")): each.get("data") for each in active.get("assertions") or ()}
    return ProvenanceView(
        state="valid" if valid else "invalid",
        checked=check,
        signed_by=name,
        self_made=name == SELF_MADE,
        trusted=state == "Trusted",
        signed_at=_time(signature.get("time")),
        generator=_generator(active),
        source_types=_source_types(assertions),
        statement=_statement(assertions.get(ASSERTION)),
        earlier=_earlier(active, manifests),
        problems=tuple(dict.fromkeys(problems))[:_MAX_PROBLEMS] or (() if valid else ("the signature is not valid",)),
    )


def _generator(manifest: dict[str, Any]) -> str:
    for each in manifest.get("claim_generator_info") or ():
        return _text(" ".join(str(each[key]) for key in ("name", "version") if each.get(key)))
    return _text(manifest.get("claim_generator") or "")


def _source_types(assertions: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for label, data in assertions.items():
        if label.startswith("c2pa.actions") and isinstance(data, dict):
            found += [_text(a["digitalSourceType"]) for a in data.get("actions") or () if a.get("digitalSourceType")]
    return tuple(dict.fromkeys(found))


def _statement(data: object) -> Statement | None:
    """What Greenlight states; None if there is nothing, or if it is of no known form."""
    if not isinstance(data, dict) or len(text := json.dumps(data)) > _MAX_STATEMENT_CHARS:
        return None
    try:
        return Statement.model_validate_json(text)
    except ValidationError:
        return None


def _earlier(active: dict[str, Any], manifests: dict[str, Any]) -> tuple[EarlierSignature, ...]:
    """The signatures of the file before this one, the newest first."""
    found: list[EarlierSignature] = []
    seen: set[str] = set()
    while True:
        parents = (i for i in active.get("ingredients") or () if i.get("relationship") == "parentOf")
        label = next((each.get("active_manifest") for each in parents), None)
        if not label or label in seen or label not in manifests:
            return tuple(found)
        seen.add(label)
        active = manifests[label]
        signature = active.get("signature_info") or {}
        name = _text(signature.get("common_name") or signature.get("issuer") or "unknown")
        found.append(EarlierSignature(generator=_generator(active) or "unknown", signed_by=name))


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def _text(value: object) -> str:
    return make_printable(str(value))[:_MAX_CHARS]

"""EML: the head, the text and the attached documents of an e-mail (RFC 5322, MIME).

Synchronous; it runs in the child process.
"""

import codecs
import contextlib
import email
import email.policy
import tempfile
from collections.abc import Callable
from email.errors import CloseBoundaryNotFoundDefect, MessageError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any, Final

from activities.references.reading.documents import texts
from activities.references.reading.documents.encodings import decoded_text
from activities.references.reading.documents.paged import Parts
from activities.references.reading.limits import Unusable, check_chars

EML: Final = "message/rfc822"
MAX_ATTACHMENTS: Final = 50
"""Further ones are named as not read."""
_MAX_DEPTH: Final = 10
"""Of messages and parts within each other; a reply that forwards a signed message has six."""
_HEAD: Final = ("Subject", "From", "To", "Date")
_ENCRYPTED: Final = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "text/x-amp-html"}
)
"""Parts that no one reads."""
_ITSELF: Final = "give it as a reference of its own if it matters"

ReadDocument = Callable[[Path, Path], dict[str, Any]]


def read(path: Path, read_document: ReadDocument) -> dict[str, Any]:
    """The parts of an e-mail, and what of it was not read.

    Args:
        read_document: Reads an attached file, and refuses one that is no document.

    Raises:
        Unusable: encrypted, damaged, without text, or with too much.
    """
    try:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
        if any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects):
            raise Unusable("the e-mail ends before its last part does; save it again")
        reader = _Reader(read_document, path.parent)
        reader.message(message, 0)
    except RecursionError:
        raise Unusable("the e-mail has too many parts within each other; give the file attached to it") from None
    if not reader.has_text:
        raise Unusable("the e-mail contains no text; give the file attached to it")
    return {"parts": reader.parts, "unread": reader.unread}


class _Reader:
    def __init__(self, read_document: ReadDocument, folder: Path) -> None:
        self._read_document, self._folder = read_document, folder
        self._attachments = 0
        self._chars = 0
        self.parts: Parts = []
        self.unread: list[str] = []
        self.has_text = False

    def message(self, message: Message, depth: int) -> None:
        head = [f"{name}: {text}" for name in _HEAD if (text := _header(message, name))]
        self._add([{"kind": "text", "text": "\n".join(head)}] if head else [])
        self._part(message, depth)

    def _part(self, part: Message, depth: int) -> None:
        kind = part.get_content_type()
        if depth > _MAX_DEPTH:
            raise RecursionError
        if kind in _ENCRYPTED:
            raise Unusable(
                "the e-mail is encrypted, or signed in a form that hides its text; give its text or its attachment"
            )
        if kind == "multipart/alternative":
            self._alternative(_children(part), depth)
        elif kind == "message/rfc822" and _children(part):
            self.message(_children(part)[0], depth + 1)
        elif part.is_multipart():
            for each in _children(part):
                self._part(each, depth + 1)
        elif kind in ("text/plain", "text/html") and not _is_attached(part):
            self._add_body(_shown(part))
        elif kind not in _SIGNATURES:
            self._attached(part)

    def _alternative(self, children: list[Message], depth: int) -> None:
        """Read the first form of the same text that has any: plain, then the richest, which is the last one."""
        plain = [each for each in children if each.get_content_type() == "text/plain"]
        for each in (*plain, *reversed([c for c in children if c not in plain])):
            before = len(self.parts)
            self._part(each, depth + 1)
            if len(self.parts) > before:
                return

    def _add_body(self, parts: Parts) -> None:
        self.has_text = self.has_text or bool(parts)
        self._add(parts)

    def _add(self, parts: Parts) -> None:
        self._chars += sum(len(part["text"]) for part in parts)
        check_chars(self._chars)
        self.parts += parts

    def _attached(self, part: Message) -> None:
        """Read an attached document; name a file that is none, or that cannot be read."""
        name = (_decoded(part.get_filename() or "") or "a file without a name")[:100]
        named = f"the attachment {name} ({part.get_content_type()})"
        self._attachments += 1
        if self._attachments > MAX_ATTACHMENTS:
            self.unread.append(f"{named}; {_ITSELF}")
            return
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "attachment"
            path.write_bytes(_content(part))
            try:
                found = self._read_document(path, Path(folder))
            except Unusable as problem:
                self.unread.append(f"{named}: {problem}")
                return
        self.unread += [f"{what.partition('; ')[0]} in {named}; {_ITSELF}" for what in found.get("unread", ())]
        if pages := [str(scan["page"]) for scan in found.get("scans", ())]:
            self.unread.append(f"page {', '.join(pages[:20])} of {named}, without text; {_ITSELF}")
        first = [{"kind": "text", "text": f"Attachment: {name}"}] if found["parts"] else []
        kept = [{k: part[k] for k in ("kind", "text", "page", "data") if k in part} for part in found["parts"]]
        self._add_body([*first, *kept])


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _shown(part: Message) -> Parts:
    text = _text(part)
    if part.get_content_type() == "text/html":
        return texts.page_parts(text)
    return [{"kind": "text", "text": text.strip()}] if text.strip() else []


def _text(part: Message) -> str:
    data = _content(part)
    try:
        text = data.decode(codecs.lookup(str(part.get_content_charset() or "ascii")).name)
    except (LookupError, UnicodeDecodeError, ValueError):
        text = decoded_text(data)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _content(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name) or ""))


def _decoded(value: str) -> str:
    """The text of a header in one line; as it is in the file where it cannot be decoded."""
    with contextlib.suppress(MessageError, LookupError, ValueError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.encode("utf-8", "replace").decode().split())[:1_000]

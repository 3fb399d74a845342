"""Hides secrets in words that others wrote, and makes them harmless to show: words of vendors, libraries, people.

Known values are those of this process's environment (`remember`); what else looks like a secret is hidden by its form:
a token behind `Bearer`, the value behind `key=` or `x-api-key:`, the password and the whole query of an address.
"""

import logging
import re
from collections.abc import Mapping
from copy import copy
from typing import Final

HIDDEN: Final = "…"
MIN_CHARS: Final = 16
"""Vendors' keys have 20 and more; a shorter value may be a word of a message."""
MIN_CUT_CHARS: Final = 8
"""Of a value that a message ends in the middle of, so much has to be there."""

_SECRET_NAMES: Final = re.compile(r"(KEYS?|TOKEN|SECRET|PASSWORD|HEADERS)$")
_NO_SECRETS: Final = frozenset({"GREENLIGHT_API_KEYS"})
"""Paths, in spite of their names."""
_PASSWORDS: Final = re.compile(r"(?<=://)([^/\s@]{1,500})@")
_NAMES: Final = (
    r"api[-_]?key|access[-_]?key|access[-_]?token|key|token|secret|password|signature|sig|credential|jwt|authorization"
)
_HEADERS: Final = r"authorization|(?:set-)?cookie|api[-_]?key"
_VALUE: Final = r"[^\s&\"',;)\]}]{8,}"
_FORMS: Final = tuple(
    # Bounded throughout: whoever wrote the words must not keep us busy with them.
    (re.compile(pattern, re.IGNORECASE), shown)
    for pattern, shown in (
        (r"(?<=://)[^/\s@\"'<>]{1,500}@", f"{HIDDEN}@"),
        # Cut off in the middle of a password.
        (r"(?<=://)[^/\s@:\"'<>]{1,200}:(?!\d*(?:[/\s]|$))[^/\s@\"'<>]{0,500}$", HIDDEN),
        (r"(://[^\s?\"'<>]{1,1000}\?)[^\s\"'<>)\]]+", rf"\1{HIDDEN}"),
        (r"\b(bearer|basic)[ +][\w.~+/=-]{8,}", rf"\1 {HIDDEN}"),
        (rf"(?<![a-z])((?:{_NAMES})=[\"']?){_VALUE}", rf"\1{HIDDEN}"),
        (rf"(?<![a-z])((?:{_NAMES})[\"']\s?:\s?[\"'])(?!(?:bearer|basic)\b){_VALUE}", rf"\1{HIDDEN}"),
        (rf"(?<![a-z])((?:{_HEADERS}):\s?)(?!(?:bearer|basic)\b){_VALUE}", rf"\1{HIDDEN}"),
    )
)

_UNPRINTABLE: Final = re.compile(
    # Control characters but tab and line feed, and what changes the direction of the text around it.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
MAX_LOGGED_CHARS: Final = 8_000
"""Of one message in the log: who sends us words must not fill the disk with them."""

_known: set[str] = set()


def remember(environ: Mapping[str, str]) -> None:
    """Hide, from now on, the values of all variables that are called a key, token, secret, password or headers, and the
    passwords within addresses; those of MIN_CHARS and more."""
    for name, value in environ.items():
        if _SECRET_NAMES.search(name.upper()) and name not in _NO_SECRETS:
            pieces = [value, *re.split(r"[\s:,=]+|whsec_", value)]
        else:
            pieces = [part for userinfo in _PASSWORDS.findall(value) for part in userinfo.split(":")]
        _known.update(piece for piece in map(str.strip, pieces) if len(piece) >= MIN_CHARS)


def hidden(text: str) -> str:
    """The text with `…` in the place of each secret, also of one that it ends in the middle of."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
        begun = text.rfind(secret[:MIN_CUT_CHARS])
        if begun >= 0 and secret.startswith(text[begun:]):
            text = text[:begun] + HIDDEN
    for form, shown in _FORMS:
        text = form.sub(shown, text)
    return text


def printable(text: str) -> str:
    """The text with `\ufffd` in the place of whatever a terminal would follow instead of showing it."""
    return _UNPRINTABLE.sub("\ufffd", text)


def hide_in_logs() -> None:
    """Hide secrets in whatever the handlers write that the root logger has now; a message is one line."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Discreet(handler.formatter or logging.Formatter()))


class _Discreet(logging.Formatter):
    """Another formatter's lines, tracebacks included."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        told = copy(record)
        message = record.getMessage()
        cut = f"… ({len(message):,} characters)" if len(message) > MAX_LOGGED_CHARS else ""
        told.msg = printable(message[:MAX_LOGGED_CHARS]).replace("\n", "\\n") + cut
        told.args = None
        return hidden(self._inner.format(told))

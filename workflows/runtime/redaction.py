"""Redacts secrets in the text of vendors, libraries and people, and makes the text safe to print.

Known secrets are values of this process's environment (`register_secrets`). Others are detected by their form: a token
after `Bearer`, the value after `key=` or `x-api-key:`, the password and the whole query of a URL.
"""

import logging
import re
from collections.abc import Mapping
from copy import copy
from typing import Final

HIDDEN: Final = "…"
MIN_CHARS: Final = 16
"""Vendors' keys have 20 or more; a shorter value may be an ordinary word of a message."""
MIN_CUT_CHARS: Final = 8
"""The minimum part of a secret at the end of a truncated message that is redacted."""

_SECRET_NAMES: Final = re.compile(r"(KEYS?|TOKEN|SECRET|PASSWORD|HEADERS)$")
_NO_SECRETS: Final = frozenset({"GREENLIGHT_API_KEYS"})
"""These are paths, despite their names."""
_PEM: Final = "-----BEGIN "
_PEM_OR_PATH: Final = frozenset({"GREENLIGHT_C2PA_KEY"})
"""These may be paths."""
_PASSWORDS: Final = re.compile(r"(?<=://)([^/\s@]{1,500})@")
_NAMES: Final = (
    r"api[-_]?key|access[-_]?key|access[-_]?token|key|token|secret|password|signature|sig|credential|jwt|authorization"
)
_HEADERS: Final = r"authorization|(?:set-)?cookie|api[-_]?key"
_VALUE: Final = r"[^\s&\"',;)\]}]{8,}"
_FORMS: Final = tuple(
    # All repetitions are bounded, so no text can make the search slow.
    (re.compile(pattern, re.IGNORECASE), shown)
    for pattern, shown in (
        (r"(?<=://)[^/\s@\"'<>]{1,500}@", f"{HIDDEN}@"),
        # The text is truncated within a password.
        (r"(?<=://)[^/\s@:\"'<>]{1,200}:(?!\d*(?:[/\s]|$))[^/\s@\"'<>]{0,500}$", HIDDEN),
        (r"(://[^\s?\"'<>]{1,1000}\?)[^\s\"'<>)\]]+", rf"\1{HIDDEN}"),
        (r"\b(bearer|basic)[ +][\w.~+/=-]{8,}", rf"\1 {HIDDEN}"),
        (rf"(?<![a-z])((?:{_NAMES})=[\"']?){_VALUE}", rf"\1{HIDDEN}"),
        (rf"(?<![a-z])((?:{_NAMES})[\"']\s?:\s?[\"'])(?!(?:bearer|basic)\b){_VALUE}", rf"\1{HIDDEN}"),
        (rf"(?<![a-z])((?:{_HEADERS}):\s?)(?!(?:bearer|basic)\b){_VALUE}", rf"\1{HIDDEN}"),
    )
)

_UNPRINTABLE: Final = re.compile(
    # Control characters except tab and line feed, and characters that change the direction of text.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
MAX_LOGGED_CHARS: Final = 8_000
"""Of one log message, so that long text from outside does not fill the disk."""

_known: set[str] = set()


def register_secrets(environ: Mapping[str, str]) -> None:
    """Redact from now on the values of variables that are named key, token, secret, password or headers, and the
    passwords in URLs, if they have MIN_CHARS or more."""
    for name, value in environ.items():
        is_path = name in _NO_SECRETS or (name in _PEM_OR_PATH and _PEM not in value)
        if _SECRET_NAMES.search(name.upper()) and not is_path:
            pieces = [value, *re.split(r"[\s:,=]+|\\n|whsec_", value)]
        else:
            pieces = [part for userinfo in _PASSWORDS.findall(value) for part in userinfo.split(":")]
        _known.update(piece for piece in map(str.strip, pieces) if len(piece) >= MIN_CHARS)


def redact(text: str) -> str:
    """The text with `…` instead of each secret, also of a secret that the end of the text truncates."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
        start = text.rfind(secret[:MIN_CUT_CHARS])
        if start >= 0 and secret.startswith(text[start:]):
            text = text[:start] + HIDDEN
    for form, shown in _FORMS:
        text = form.sub(shown, text)
    return text


def make_printable(text: str) -> str:
    """The text with `\ufffd` instead of each character that a terminal would interpret as a command."""
    return _UNPRINTABLE.sub("\ufffd", text)


def redact_logs() -> None:
    """Redact secrets in the output of the root logger's present handlers; each message becomes one line."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_RedactingFormatter(handler.formatter or logging.Formatter()))


class _RedactingFormatter(logging.Formatter):
    """Redacts the output of another formatter, tracebacks included."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        rest = f"… ({len(message):,} characters)" if len(message) > MAX_LOGGED_CHARS else ""
        safe = copy(record)
        safe.msg = make_printable(message[:MAX_LOGGED_CHARS]).replace("\n", "\\n") + rest
        safe.args = None
        return redact(self._inner.format(safe))

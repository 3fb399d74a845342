"""Sessions of people who signed in at the page: an opaque cookie, which reveals no key.

A session belongs to the key that began it and ends when that key is revoked. The secret that seals it belongs to the
installation, not to a process, so that the session survives a restart and every API process can read it.
"""

import base64
import hashlib
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from api.auth.key_file import Key, KeyFile

SESSION_SECONDS: Final = 7 * 24 * 3600
"""The longest lifetime; a session ends earlier when the browser is closed."""
SECRET_VARIABLE: Final = "GREENLIGHT_SESSION_SECRET"  # noqa: S105 - the variable's name

_log = logging.getLogger(__name__)


class Sessions:
    """Begins sessions and finds the keys that they belong to."""

    def __init__(self, keys: KeyFile, secret: bytes) -> None:
        self._keys = keys
        self._seal = Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret).digest()))

    def begin(self, key: Key) -> str:
        """A session of the key's holder."""
        return self._seal.encrypt(key.sha256.encode()).decode()

    def find(self, session: str) -> Key | None:
        """The key that began it; None where the session is invalid or has expired, or the key was revoked."""
        try:
            sha256 = self._seal.decrypt(session.encode(errors="replace"), ttl=SESSION_SECONDS).decode()
        except InvalidToken:
            return None
        return self._keys.find_hash(sha256)


def session_secret(keys: Path, given: str) -> bytes:
    """The secret that seals sessions: `given`, otherwise a file next to the file of keys, which the first start makes.

    Where that file cannot be written, sessions end with this process.
    """
    if given:
        return given.encode()
    path = keys.with_name(f"{keys.name}.session-secret")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if not path.exists():
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            with suppress(FileExistsError):  # another process was faster
                os.link(draft, path)
            draft.unlink()
        return path.read_bytes()
    except OSError as error:
        _log.warning("Sessions of the page end with this process (%s); set %s", error, SECRET_VARIABLE)
        return secrets.token_bytes(32)

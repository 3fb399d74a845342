"""The keys that encrypt Temporal's payloads: GREENLIGHT_PAYLOAD_KEYS, "id:base64 id2:base64"; cheap to import.

The first key encrypts, and all keys decrypt. To change keys, put a new key first when every process has both, and
remove the old key when its payloads are no longer read.
"""

import base64
import re
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "GREENLIGHT_PAYLOAD_KEYS"
KEY_BYTES: Final = 32
"""AES-256."""
ENCODING: Final = "binary/encrypted"
KEY_ID: Final = "encryption-key-id"
"""ENCODING and KEY_ID are in the metadata of an encrypted payload, as in Temporal's samples."""
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class PayloadKeysRefused(ValueError):
    """The variable is invalid. The message gives the reason, and never a key."""


class PayloadKeyMissing(Exception):
    """A payload was encrypted with a key that this process does not have, or has with another value."""

    def __init__(self, key_id: str, found: bool = False) -> None:
        self.key_id = key_id
        problem = "has another value than at the encryption" if found else "is missing"
        super().__init__(f"cannot decrypt a payload of Temporal: the key {key_id!r} {problem}; set it in {VARIABLE}")


def key_id_of(metadata: Mapping[str, bytes]) -> str:
    """The id of the key of an encrypted payload, from its metadata."""
    return metadata.get(KEY_ID, b"").decode(errors="replace")


def parse_keys(text: str) -> Mapping[str, bytes]:
    """Key id -> key, in the given order; empty if payloads are not encrypted.

    Raises:
        PayloadKeysRefused: an entry is invalid, or two entries have one id.
    """
    found: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(), start=1):
        key_id, colon, encoded = entry.partition(":")
        if not colon or not _ID.fullmatch(key_id):
            raise PayloadKeysRefused(
                f"{VARIABLE}: entry {number} is not `id:base64`; give each key an id of letters, digits, dots, dashes "
                "and underscores, and separate entries by a space"
            )
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise PayloadKeysRefused(
                f"{VARIABLE}: the key {key_id!r} is not {KEY_BYTES} bytes in base64; "
                "`openssl rand -base64 32` makes one"
            )
        if key_id in found:
            raise PayloadKeysRefused(f"{VARIABLE}: the id {key_id!r} is given twice; give each key its own id")
        found[key_id] = key
    return found

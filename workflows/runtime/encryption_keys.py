"""The keys that encrypt what Temporal keeps: GREENLIGHT_PAYLOAD_KEYS, "id:base64 id2:base64"; light to import.

The first encrypts, all of them decrypt. To change keys, put a new one first where every process knows both, and take
the old one away when nothing that it encrypted is read any more.
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
"""In the metadata of an encrypted payload, as Temporal's own samples write them."""
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class PayloadKeysRefused(ValueError):
    """The variable cannot be used; says why, and never what it holds."""


class PayloadKeyMissing(Exception):
    """What is to be read was encrypted with a key that this process does not have, or that is another one here."""

    def __init__(self, key_id: str, found: bool = False) -> None:
        self.key_id = key_id
        wrong = "is not the one that it was encrypted with" if found else "is not there"
        super().__init__(f"cannot decrypt what Temporal keeps: the key {key_id!r} {wrong}; set it in {VARIABLE}")


def key_id_of(metadata: Mapping[str, bytes]) -> str:
    """Which key a payload was encrypted with, by its metadata."""
    return metadata.get(KEY_ID, b"").decode(errors="replace")


def parsed(text: str) -> Mapping[str, bytes]:
    """Key id -> key, in the order given; empty where payloads are not encrypted.

    Raises:
        PayloadKeysRefused: an entry is none, or an id is given twice.
    """
    found: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(), start=1):
        key_id, colon, encoded = entry.partition(":")
        if not colon or not _ID.fullmatch(key_id):
            raise PayloadKeysRefused(
                f"{VARIABLE}: entry {number} is no `id:base64`; give each key an id of letters, digits, dots, dashes "
                "and underscores, and keep entries apart by a space"
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
            raise PayloadKeysRefused(f"{VARIABLE}: the id {key_id!r} is given twice; give each key an id of its own")
        found[key_id] = key
    return found

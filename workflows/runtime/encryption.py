"""Encrypts each payload that Temporal stores, with AES-256-GCM; it runs outside of the workflow sandbox.

The format is that of Temporal's samples: the metadata has the encoding `binary/encrypted` and the key's id. The data
are a nonce of 12 random bytes and the encrypted payload with its own metadata. Random nonces are safe for 2^32 payloads
of one key (NIST SP 800-38D): hundreds of thousands of large productions.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from workflows.runtime.encryption_keys import ENCODING, KEY_ID, PayloadKeyMissing, key_id_of

_NONCE_BYTES: Final = 12


class EncryptionCodec(PayloadCodec):
    """Encrypts with the first of `keys` (id -> 32 bytes, never empty), and decrypts with any of them.

    Unencrypted payloads are read unchanged: they were written before there was a key, or sent from Temporal's UI.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._first = next(iter(keys))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """
        Raises:
            PayloadKeyMissing: this process does not have the key of a payload.
        """
        return [self._decrypted(p) if p.metadata.get("encoding") == ENCODING.encode() else p for p in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        data = nonce + self._ciphers[self._first].encrypt(nonce, payload.SerializeToString(), None)
        return Payload(metadata={"encoding": ENCODING.encode(), KEY_ID: self._first.encode()}, data=data)

    def _decrypted(self, payload: Payload) -> Payload:
        key_id = key_id_of(payload.metadata)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise PayloadKeyMissing(key_id)
        nonce, data = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, data, None))
        except (InvalidTag, ValueError):
            raise PayloadKeyMissing(key_id, found=True) from None

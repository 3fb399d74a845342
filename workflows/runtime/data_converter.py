"""How our records travel through Temporal: JSON without what is default anyway.

A production of 1,000 assets would otherwise spend most of its history on nulls, and the Temporal UI would show them.
Any other pydantic data converter reads what this one writes, and the other way round: backends may use Temporal's own.
With keys, everything is encrypted on top of that (`codec`), the words of failures included; in those, secrets are
hidden with and without keys (`discretion`).
"""

from dataclasses import replace
from typing import Any, NoReturn

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    DefaultPayloadConverter,
    EncodingPayloadConverter,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError

from workflows.models import Model
from workflows.runtime import encryption_keys
from workflows.runtime.redaction import hidden


class _CompactJSONConverter(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        if isinstance(value, Model):
            data = value.model_dump_json(exclude_defaults=True).encode()
            return Payload(metadata={"encoding": self.encoding.encode()}, data=data)
        return super().to_payload(value)


class _Undecrypted(EncodingPayloadConverter):
    """Meets an encrypted payload only where this process has no keys at all."""

    encoding = encryption_keys.ENCODING

    def to_payload(self, value: Any) -> None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> NoReturn:
        raise encryption_keys.PayloadKeyMissing(encryption_keys.key_id_of(payload.metadata))


class DiscreetFailureConverter(DefaultFailureConverter):
    """Hides secrets in the words and stack traces of failures, those of their causes too.

    What we raise on purpose says all in its words: the way to our own `raise` would hide them in the Temporal UI.
    """

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        if isinstance(exception, ApplicationError):
            exception.__traceback__ = None  # to write it down would cost a sixth of each look at a job
        super().to_failure(exception, payload_converter, failure)
        failure.message, failure.stack_trace = hidden(failure.message), hidden(failure.stack_trace)


class EncodingFailureConverter(DiscreetFailureConverter):
    """Moves them into a payload besides, which is encrypted like all others."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        super().to_failure(exception, payload_converter, failure)
        words = {"message": failure.message, "stack_trace": failure.stack_trace}
        failure.encoded_attributes.CopyFrom(payload_converter.to_payload(words))
        failure.message, failure.stack_trace = "Encoded failure", ""


class CompactPayloadConverter(CompositePayloadConverter):
    """Temporal's default converters with ours in the place of plain JSON."""

    def __init__(self) -> None:
        compact = _CompactJSONConverter()
        others = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(compact if c.encoding == compact.encoding else c for c in others), _Undecrypted())


data_converter = DataConverter(
    payload_converter_class=CompactPayloadConverter, failure_converter_class=DiscreetFailureConverter
)
"""Without encryption."""


def data_converter_with(keys: str) -> DataConverter:
    """The data converter of every client of ours, given what GREENLIGHT_PAYLOAD_KEYS holds; without encryption where
    that is empty.

    Raises:
        PayloadKeysRefused: it cannot be used.
    """
    found = encryption_keys.parsed(keys)
    if not found:
        return data_converter
    from workflows.runtime.encryption import (
        EncryptionCodec,  # loads a library of ciphers: only whoever encrypts waits for it
    )

    return replace(
        data_converter, payload_codec=EncryptionCodec(found), failure_converter_class=EncodingFailureConverter
    )

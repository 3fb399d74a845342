"""Converts our records to payloads of Temporal: JSON without default values.

Otherwise nulls would be most of the history of a production of 1,000 assets, and of its display in the Temporal UI.
This converter and any other pydantic data converter read each other's payloads, so backends may use Temporal's own.
With keys, all payloads and the messages of failures are encrypted (`encryption`). With and without keys, secrets in
failures are redacted (`redaction`).
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
    ExternalStorage,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError

from workflows.models import Model
from workflows.runtime import encryption_keys
from workflows.runtime.redaction import redact


class _CompactJSONConverter(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        if isinstance(value, Model):
            data = value.model_dump_json(exclude_defaults=True).encode()
            return Payload(metadata={"encoding": self.encoding.encode()}, data=data)
        return super().to_payload(value)


class _Undecrypted(EncodingPayloadConverter):
    """Reports an encrypted payload in a process without any keys."""

    encoding = encryption_keys.ENCODING

    def to_payload(self, value: Any) -> None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> NoReturn:
        raise encryption_keys.PayloadKeyMissing(encryption_keys.key_id_of(payload.metadata))


class RedactingFailureConverter(DefaultFailureConverter):
    """Redacts secrets in the messages and stack traces of failures and their causes.

    Failures that we raise on purpose have no stack trace, because it would hide the message in the Temporal UI.
    """

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        if isinstance(exception, ApplicationError):
            exception.__traceback__ = None  # formatting it would take a sixth of the time of each poll of a job
        super().to_failure(exception, payload_converter, failure)
        failure.message, failure.stack_trace = redact(failure.message), redact(failure.stack_trace)


class EncodingFailureConverter(RedactingFailureConverter):
    """Also moves messages and stack traces into a payload, which is encrypted like all others."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        super().to_failure(exception, payload_converter, failure)
        attributes = {"message": failure.message, "stack_trace": failure.stack_trace}
        failure.encoded_attributes.CopyFrom(payload_converter.to_payload(attributes))
        failure.message, failure.stack_trace = "Encoded failure", ""


class CompactPayloadConverter(CompositePayloadConverter):
    """Temporal's default converters, with ours instead of plain JSON."""

    def __init__(self) -> None:
        compact = _CompactJSONConverter()
        others = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(compact if c.encoding == compact.encoding else c for c in others), _Undecrypted())


data_converter = DataConverter(
    payload_converter_class=CompactPayloadConverter, failure_converter_class=RedactingFailureConverter
)
"""Without encryption."""


def make_data_converter(payload_keys: str, storage: ExternalStorage | None = None) -> DataConverter:
    """The data converter of all clients, with the value of GREENLIGHT_PAYLOAD_KEYS; no encryption if that is empty.

    Args:
        storage: The place of large payloads (`external_payloads`). Without it they are in the history, up to its limit.

    Raises:
        PayloadKeysRefused: the value is invalid.
    """
    keys = encryption_keys.parse_keys(payload_keys)
    converter = data_converter if storage is None else replace(data_converter, external_storage=storage)
    if not keys:
        return converter
    # It loads a library of ciphers, which takes time that only processes with keys need to spend.
    from workflows.runtime.encryption import EncryptionCodec

    return replace(converter, payload_codec=EncryptionCodec(keys), failure_converter_class=EncodingFailureConverter)

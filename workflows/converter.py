"""How our records travel through Temporal: JSON without what is default anyway.

A production of 1,000 assets would otherwise spend most of its history on nulls, and the Temporal UI would show them.
Any other pydantic data converter reads what this one writes, and the other way round: backends may use Temporal's own.
"""

from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter, DefaultPayloadConverter

from workflows.models import Model


class _CompactJSONConverter(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        if isinstance(value, Model):
            data = value.model_dump_json(exclude_defaults=True).encode()
            return Payload(metadata={"encoding": self.encoding.encode()}, data=data)
        return super().to_payload(value)


class CompactPayloadConverter(CompositePayloadConverter):
    """Temporal's default converters with ours in the place of plain JSON."""

    def __init__(self) -> None:
        compact = _CompactJSONConverter()
        others = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(compact if c.encoding == compact.encoding else c for c in others))


data_converter = DataConverter(payload_converter_class=CompactPayloadConverter)

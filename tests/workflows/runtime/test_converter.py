"""Records are encoded compactly, and recorded ones keep their meaning."""

import json
import os
from typing import Any

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.exceptions import ApplicationError

from tests import ROOT
from workflows import activity_io, brief, events, models, requests
from workflows.brief import Brief, Platform
from workflows.events import ProductionStart, ProductionStatus, Snapshot
from workflows.models import Model, utc
from workflows.runtime.data_converter import CompactPayloadConverter, data_converter

PINNED = ROOT / "tests" / "defaults.json"
BRIEF = Brief(text="Say it.", platform=Platform.COPY)


def snapshot() -> Snapshot:
    from datetime import UTC, datetime

    now = utc(datetime.now(UTC))
    return Snapshot(production_id="p1", status=ProductionStatus.PLANNING, brief=BRIEF, created_at=now, updated_at=now)


def test_records_are_read_as_they_were_written() -> None:
    """The output of the compact converter is read by itself and by Temporal's own, and the reverse."""
    record = ProductionStart(production_id="p1", brief=BRIEF, carried=snapshot())
    ours, theirs = CompactPayloadConverter(), PydanticPayloadConverter()
    for writer in (ours, theirs):
        payloads = writer.to_payloads([record])
        for reader in (ours, theirs):
            assert reader.from_payloads(payloads, [ProductionStart]) == [record]
    assert len(ours.to_payloads([record])[0].data) < 0.6 * len(theirs.to_payloads([record])[0].data)


def test_defaults_are_pinned() -> None:
    """A default is not encoded, so changing it would change the meaning of recorded histories and manifests."""
    found: dict[str, dict[str, Any]] = {}
    for module in (models, brief, events, activity_io, requests):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, Model) and kind is not Model:
                found[name] = {
                    field: json.loads(json.dumps(info.get_default(call_default_factory=True), default=str))
                    for field, info in kind.model_fields.items()
                    if not info.is_required()
                }
    if os.environ.get("RECORD_HISTORIES"):
        PINNED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    pinned = json.loads(PINNED.read_text())
    for name, defaults in pinned.items():
        assert {f: found[name].get(f, "gone") for f in defaults} == defaults, name
    assert found == pinned, "new fields: pin their defaults in tests/defaults.json"


async def test_intended_errors_have_no_stack_trace() -> None:
    """An error of ours has no stack trace, which would hide its message in the Temporal UI; an unforeseen one has."""

    async def sent(error: BaseException) -> Failure:
        failure = Failure()
        await data_converter.encode_failure(error, failure)
        return failure

    with pytest.raises(ApplicationError) as caught:
        raise ApplicationError("busy", type="rate_limited")
    ours = await sent(caught.value)
    assert (ours.message, ours.application_failure_info.type, ours.stack_trace) == ("busy", "rate_limited", "")
    with pytest.raises(ZeroDivisionError) as unforeseen:
        _ = 1 / 0
    assert "1 / 0" in (await sent(unforeseen.value)).stack_trace

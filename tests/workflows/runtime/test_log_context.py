"""Log lines name the production and the trace."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry import trace
from temporalio.testing import ActivityEnvironment

from workflows.runtime import log_context

_log = logging.getLogger("greenlight.test")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged, with its context."""
    before = logging.getLogRecordFactory()
    log_context.add_log_context()
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(caplog.handler, "formatter", logging.Formatter(log_context.FORMAT))
    yield caplog
    log_context.use_path("")
    logging.setLogRecordFactory(before)


def test_a_request_names_its_production(lines: pytest.LogCaptureFixture) -> None:
    """A line of a request about a production has its id, and a line of another request has no context."""
    log_context.use_path("/api/v1/productions/acme.20261120-1a2b3c4d/events")
    _log.info("watched")
    log_context.use_path("/api/v1/productions")
    _log.info("listed")
    watched, listed = lines.text.splitlines()
    assert watched.endswith("INFO greenlight.test [acme.20261120-1a2b3c4d]: watched")
    assert listed.endswith("INFO greenlight.test: listed")


def test_an_activity_names_its_production_and_trace(lines: pytest.LogCaptureFixture) -> None:
    """A line of an activity has the production of its workflow and the id of the trace."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, workflow_id="production-20261120-1a2b3c4d")
    span = trace.NonRecordingSpan(trace.SpanContext(0x4BF92F, 1, is_remote=False))

    def work() -> None:
        with trace.use_span(span):
            _log.warning("slow")

    environment.run(work)
    assert f" [20261120-1a2b3c4d trace {0x4BF92F:032x}]: slow" in lines.text

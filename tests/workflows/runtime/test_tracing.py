"""Tracing without a stack: over several runs, in replays, and when it is switched off."""

import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Final

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Interceptor, Replayer

from tests import ROOT
from tests.replay import HISTORIES
from tests.support.observed import free_port
from tests.support.productions import Productions, plan_of
from tests.support.servers.collector import collecting
from tests.support.stack import hermetic
from tests.workflows.production.steps import Scripted, server
from worker.take_metrics import TakeMetrics
from worker.workers import WORKFLOW_TYPES
from workflows.runtime import tracing
from workflows.runtime.data_converter import data_converter
from workflows.runtime.tracing_interceptor import Tracing


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracing]:
    """A tracer whose collector cannot be reached."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    made = Tracing("test", os.environ)
    yield made
    made.close(0)


async def failed_replays(histories: Sequence[WorkflowHistory], *interceptors: Interceptor) -> list[str]:
    replayer = Replayer(workflows=WORKFLOW_TYPES, data_converter=data_converter, interceptors=interceptors)

    async def each() -> AsyncIterator[WorkflowHistory]:
        for history in histories:
            yield history

    done = await replayer.replay_workflows(each(), raise_on_replay_failure=False)
    return [f"{run}: {error}" for run, error in done.replay_failures.items()]


async def test_a_continued_production_stays_one_trace(traced: Tracing) -> None:
    """The trace continues over continue-as-new, and histories with its headers replay with and without a tracer."""
    kept = InMemorySpanExporter()
    traced.provider.add_span_processor(SimpleSpanProcessor(kept))
    async with server("limit.historyCount.suggestContinueAsNew=40") as environment:
        config = environment.client.config()
        config["interceptors"] = [traced.interceptor]
        client = Client(**config)
        productions = Productions(client, "continued")
        async with Scripted(30).working(client):
            with traced.provider.get_tracer("test").start_as_current_span("a caller"):
                handle = await productions.start()
            await handle.signal("approve", (await plan_of(handle)).digest)
            await handle.result()
        runs = [w.run_id async for w in client.list_workflows(f"WorkflowId = '{handle.id}'")]
        histories = [await client.get_workflow_handle(handle.id, run_id=run).fetch_history() for run in runs]
    assert len(runs) > 1
    spans = kept.get_finished_spans()
    by_others = ("SignalWorkflow:approve",)
    assert len({s.context.trace_id for s in spans if s.context and s.name not in by_others}) == 1
    assert sum(s.name == "RunActivity:produce_asset" for s in spans) == 30
    assert {(s.attributes or {}).get("temporalRunID") for s in spans if s.name == "RunWorkflow:Production"} == set(runs)
    assert not await failed_replays(histories, traced.interceptor, TakeMetrics())
    assert not await failed_replays(histories)
    assert len(kept.get_finished_spans()) == len(spans)


async def test_recorded_histories_replay_with_interceptors(traced: Tracing) -> None:
    """Tracing and counting change no step of a workflow, and replays export nothing."""
    kept = InMemorySpanExporter()
    traced.provider.add_span_processor(SimpleSpanProcessor(kept))
    newest = HISTORIES[-40:]  # of the generation before the last: the last may have few recorded histories
    assert len(newest) > 20
    texts = [(path.stem, path.read_text()) for path in newest]
    histories = [WorkflowHistory.from_json(name, text) for name, text in texts]
    assert not await failed_replays(histories, traced.interceptor, TakeMetrics())
    assert not kept.get_finished_spans()


IMPORTS: Final = """
import os, sys
import api.app, worker.__main__
from workflows.runtime import tracing
tracing.begin("service", os.environ)
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))])
"""


def test_opentelemetry_is_not_loaded_without_an_endpoint() -> None:
    """Without an endpoint neither the API nor a worker loads OpenTelemetry's SDK."""
    command = [sys.executable, "-c", IMPORTS]
    done = subprocess.run(command, env=hermetic(os.environ), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("environ", "spans"),
    [
        ({}, ["a caller", "what is done"]),
        ({"OTEL_SDK_DISABLED": "true"}, []),
        ({"OTEL_TRACES_EXPORTER": "none"}, []),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, []),
    ],
    ids=["as it is", "disabled", "no exporter", "another protocol", "no endpoint"],
)
def test_tracing_can_be_switched_off(
    environ: Mapping[str, str],
    spans: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Spans are sent under the configured name; switched off there are none, and an invalid setting is logged."""
    with collecting() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "ours", **environ}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        tracing.begin("service", os.environ)
        assert bool(tracing.interceptors()) == bool(spans)
        if provider := tracing.tracer_provider():
            with provider.get_tracer("test").start_as_current_span("a caller"), tracing.span("what is done", key="k"):
                pass
        tracing.end()
    assert sorted(span.name for span in collector.spans) == spans
    assert {span.service for span in collector.spans} <= {"ours"}
    assert ("http/protobuf" in caplog.text) == ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" in environ)


def test_an_unreachable_collector_delays_no_exit(traced: Tracing) -> None:
    """A process that ends waits for its collector no longer than its limit."""
    go_on, ended = threading.Event(), threading.Event()

    def shutdown() -> None:
        go_on.wait()
        ended.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traced.provider, "shutdown", shutdown)
        traced.close(0.2)
    assert not ended.is_set()
    go_on.set()

"""Carries a trace through a production: from the request that starts it through its runs, activities and children.

    request ─ StartWorkflow ─┬ RunWorkflow                       (again for each run of the production)
                             ├ StartActivity ─ RunActivity ─┬ vendor submit, poll, …
                             │                              └ upload
                             └ HandleUpdate:decide ┄┄ link ┄┄> the request that approved

A production waits for days and is reopened after months, so its trace belongs to no later request. The trace continues
in the header of the first start, over continue-as-new and reopening; a later request, such as a decision, has its own
trace with a link. A batch or a schedule starts a trace for each of its productions. Steps of a workflow are spans
without duration, exported as they happen: a span as long as its production would be visible only after the end.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace import Span as AnySpan
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    FetchWorkflowHistoryEventsInput,
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
    WorkflowUpdateHandle,
)
from temporalio.contrib.opentelemetry import TracingInterceptor, TracingWorkflowInboundInterceptor
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    StartChildWorkflowInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from workflows import keys
from workflows.runtime.span import SetAttributes

Headers = Mapping[str, Payload]
Attributes = Mapping[str, str | int | float | None]

OWN_TRACE: Final = "greenlight_own_trace"
HISTORY_TIMEOUT: Final = timedelta(seconds=2)


class Tracing:
    """Exports spans by OTLP over HTTP. The exporter reads OTEL_EXPORTER_OTLP_…, and the SDK all other variables."""

    def __init__(self, service: str, environ: Mapping[str, str]) -> None:
        named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        self.provider = TracerProvider(
            resource=Resource.create({} if named else {SERVICE_NAME: service}),
            # The SDKs record exceptions as span events, with their message, which may quote a prompt.
            span_limits=SpanLimits(max_events=0),
            shutdown_on_exit=False,
        )
        self.provider.add_span_processor(_WithoutQueries())
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.interceptor = ProductionTracing(self.provider)

    def close(self, seconds: float) -> None:
        closing = threading.Thread(target=self.provider.shutdown, daemon=True)
        closing.start()
        closing.join(seconds)

    @contextmanager
    def span(self, name: str, client: bool, attributes: Attributes) -> Iterator[SetAttributes]:
        """See `tracing.span`."""
        kind = SpanKind.CLIENT if client else SpanKind.INTERNAL
        if not get_current_span().get_span_context().is_valid:
            yield lambda **_: None
            return
        with self.interceptor.block(name, kind, attributes) as span:
            yield lambda **more: span.set_attributes(_named(more))


class _WithoutQueries(SpanProcessor):
    """Removes the query of a request's URL, because it may contain a token."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "")


def _named(attributes: Attributes) -> dict[str, str | int | float]:
    return {f"greenlight.{name}": value for name, value in attributes.items() if value is not None}


class ProductionTracing(TracingInterceptor):
    """The SDK's interceptor with attributes of the production in its spans, and without spans for queries."""

    def __init__(self, provider: TracerProvider) -> None:
        super().__init__(provider.get_tracer("greenlight"))
        # Only the trace context goes into histories, not the callers' other propagation headers.
        self.text_map_propagator = TraceContextTextMapPropagator()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _Client(next, self)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Activity(next, self)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[TracingWorkflowInboundInterceptor]:
        super().workflow_interceptor_class(input)
        input.unsafe_extern_functions[OWN_TRACE] = self.own_trace
        return _Workflow

    @contextmanager
    def block(
        self, name: str, kind: SpanKind, attributes: Attributes, context: Context | None = None
    ) -> Iterator[AnySpan]:
        """A span that is current within the block; an error of the block is recorded by its kind."""
        with self.tracer.start_as_current_span(
            name,
            context,
            kind,
            _named(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", _kind_of(error))
                benign = isinstance(error, ApplicationError) and error.category is ApplicationErrorCategory.BENIGN
                if not benign:
                    span.set_status(StatusCode.ERROR)
                raise

    def carried(self, headers: Headers, context: Context | None = None) -> dict[str, Payload]:
        """The headers with the current span, or with the span of `context`."""
        carrier: dict[str, str] = {}
        self.text_map_propagator.inject(carrier, context)
        if not carrier:
            return dict(headers)
        return {**headers, self.header_key: self.payload_converter.to_payloads([carrier])[0]}

    def context_of(self, headers: Headers) -> Context | None:
        """The trace context in the headers; None if they have none."""
        if self.header_key not in headers:
            return None
        (carrier,) = self.payload_converter.from_payloads([headers[self.header_key]])
        return self.text_map_propagator.extract(carrier, Context())

    def own_trace(self, workflow_type: str, workflow_id: str, time_ns: int, headers: Headers) -> Headers:
        """Start a trace for a child workflow, with a link to the trace of its parent. Workflows call this."""
        before = self.context_of(headers)
        span = self.tracer.start_span(
            f"StartWorkflow:{workflow_type}",
            Context(),
            SpanKind.CLIENT,
            {"temporalWorkflowID": workflow_id},
            [Link(get_current_span(before).get_span_context())] if before else None,
            time_ns,
        )
        span.end(time_ns)
        return self.carried(headers, set_span_in_context(span, Context()))


def _kind_of(error: BaseException) -> str:
    """The kind of an error: its `kind` in the error tree, its `type` as a Temporal failure, or its class."""
    kinds = (getattr(error, name, None) for name in ("kind", "type"))
    return next((kind for kind in kinds if isinstance(kind, str) and kind), type(error).__name__)


class _Client(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, root: ProductionTracing) -> None:
        super().__init__(following)
        self._root = root

    @contextmanager
    def _client_span(self, name: str, workflow_id: str) -> Iterator[None]:
        with self._root.block(name, SpanKind.CLIENT, {}) as span:
            span.set_attribute("temporalWorkflowID", workflow_id)
            yield

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        with self._client_span(f"StartWorkflow:{input.workflow}", input.id):
            input.headers = self._root.carried(input.headers)
            return await super().start_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        with self._client_span(f"SignalWorkflow:{input.signal}", input.id):
            input.headers = self._root.carried(input.headers)
            await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        with self._client_span(f"StartWorkflowUpdate:{input.update}", input.id):
            input.headers = self._root.carried(input.headers)
            return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        start, update = input.start_workflow_input, input.update_workflow_input
        with self._client_span(f"StartUpdateWithStartWorkflow:{start.workflow}", start.id):
            update.headers = self._root.carried(update.headers)
            start.headers = {**self._root.carried(start.headers), **await self._last_header(start.id)}
            return await super().start_update_with_start_workflow(input)

    async def _last_header(self, workflow_id: str) -> Headers:
        """The trace header of the last run of a workflow, so a reopened production continues its trace."""
        request = FetchWorkflowHistoryEventsInput(
            id=workflow_id,
            run_id=None,
            page_size=1,
            next_page_token=None,
            wait_new_event=False,
            event_filter_type=WorkflowHistoryEventFilterType.ALL_EVENT,
            skip_archival=True,
            rpc_metadata={},
            rpc_timeout=HISTORY_TIMEOUT,
        )
        try:
            async for event in self.next.fetch_workflow_history_events(request):
                fields = event.workflow_execution_started_event_attributes.header.fields
                return {name: fields[name] for name in (self._root.header_key,) if name in fields}
        except RPCError:
            pass  # there is no earlier run, or the server no longer has it
        return {}


class _Activity(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, root: ProductionTracing) -> None:
        super().__init__(following)
        self._root = root

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        context = self._root.context_of(input.headers)
        if context is None:
            return await super().execute_activity(input)
        info = activity.info()
        attributes = _attributes_of(input.args[0] if input.args else None) | {"attempt": info.attempt}
        with self._root.block(f"RunActivity:{info.activity_type}", SpanKind.SERVER, attributes, context) as span:
            span.set_attributes(
                {
                    "temporalWorkflowID": info.workflow_id or "",
                    "temporalRunID": info.workflow_run_id or "",
                    "temporalActivityID": info.activity_id,
                }
            )
            result = await super().execute_activity(input)
            if (cost := getattr(result, "cost_usd", None)) is not None:
                span.set_attributes(_named({"cost_usd": float(cost)}))
            return result


def _attributes_of(request: Any) -> dict[str, str | int | float | None]:
    """The ids and names in the input of an activity."""
    asset = getattr(request, "asset", None)
    return {
        "production_id": getattr(request, "production_id", None),
        "take": getattr(request, "take", None),
        **{name: getattr(asset, name, None) for name in ("asset_id", "provider", "model")},
    }


class _Workflow(TracingWorkflowInboundInterceptor):
    def __init__(self, following: WorkflowInboundInterceptor) -> None:
        super().__init__(following)
        self.text_map_propagator = TraceContextTextMapPropagator()

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    async def start_child_workflow(self, input: StartChildWorkflowInput) -> workflow.ChildWorkflowHandle[Any, Any]:  # noqa: A002
        if input.workflow == keys.WORKFLOW_TYPE and not workflow.unsafe.is_replaying():
            begin = workflow.extern_functions()[OWN_TRACE]
            input.headers = begin(input.workflow, input.id, workflow.time_ns(), input.headers)
        return await super().start_child_workflow(input)

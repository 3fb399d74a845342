"""Traces, where the standard OTEL_… variables ask for them: begun in `__main__`, told by API and activities alike.

Without an endpoint nothing of OpenTelemetry's SDK is loaded (it takes 0.3 s), and `span` does nothing. No workflow
imports this module; what travels with workflows is in `otel`.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workflows.runtime.span import SetAttributes

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from temporalio.client import Interceptor

    from workflows.runtime.tracing_interceptor import Tracing

HTTP: tuple[str, ...] = ("", "http/protobuf")

log = logging.getLogger(__name__)
_tracing: "Tracing | None" = None


def begin(service: str, environ: Mapping[str, str]) -> None:
    """Trace from now on, as `service` unless OTEL_SERVICE_NAME names it, where `environ` has an endpoint."""
    global _tracing
    if _tracing is None and _wanted(environ):
        from workflows.runtime.tracing_interceptor import Tracing

        _tracing = Tracing(service, environ)


def end(seconds: float = 2.0) -> None:
    """Send what is left, for so long at most: a collector that is away does not keep a process from ending."""
    global _tracing
    ended, _tracing = _tracing, None
    if ended:
        ended.close(seconds)


def _wanted(environ: Mapping[str, str]) -> bool:
    def of_traces(name: str) -> str:
        return environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or environ.get(f"OTEL_EXPORTER_OTLP_{name}", "")

    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    if not of_traces("ENDPOINT"):
        return False
    if (protocol := of_traces("PROTOCOL")) not in HTTP:
        log.error(
            "Nothing is traced: OTEL_EXPORTER_OTLP_PROTOCOL is %r; set it to http/protobuf, and "
            "OTEL_EXPORTER_OTLP_ENDPOINT to the collector's HTTP port, usually 4318",
            protocol,
        )
        return False
    return True


def interceptors() -> "list[Interceptor]":
    """For a Temporal client; its workers take them over."""
    return [_tracing.interceptor] if _tracing else []


def provider() -> "TracerProvider | None":
    """Never the global one: vendors' SDKs would find that, and put what they are asked into spans of their own."""
    return _tracing.provider if _tracing else None


@contextmanager
def span(name: str, *, client: bool = False, **attributes: str | int | float | None) -> Iterator[SetAttributes]:
    """A span around the block, within the one that is under way; without one, none.

    It tells an error by its kind alone: the words may quote a prompt. Prompts and media are no attributes.

    Args:
        client: It asks another service.
        attributes: Under `greenlight.`; None is left out.
    """
    if _tracing is None:
        yield _silent
    else:
        with _tracing.span(name, client, attributes) as told:
            yield told


def _silent(**_: Any) -> None:
    """Nobody listens."""

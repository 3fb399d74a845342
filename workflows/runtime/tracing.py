"""Traces, if the standard OTEL_… variables enable them. `__main__` starts them; the API and activities add spans.

Without an endpoint, OpenTelemetry's SDK is not loaded (it takes 0.3 s), and `span` does nothing. No workflow imports
this module; `tracing_interceptor` carries traces through workflows.
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
    """Start tracing if `environ` has an endpoint, as `service` unless OTEL_SERVICE_NAME is set."""
    global _tracing
    if _tracing is None and _is_enabled(environ):
        from workflows.runtime.tracing_interceptor import Tracing

        _tracing = Tracing(service, environ)


def end(seconds: float = 2.0) -> None:
    """Send the remaining spans and stop; an unavailable collector delays the end of a process by at most `seconds`."""
    global _tracing
    ended, _tracing = _tracing, None
    if ended:
        ended.close(seconds)


def _is_enabled(environ: Mapping[str, str]) -> bool:
    def setting(name: str) -> str:
        return environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or environ.get(f"OTEL_EXPORTER_OTLP_{name}", "")

    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    if not setting("ENDPOINT"):
        return False
    if (protocol := setting("PROTOCOL")) not in HTTP:
        log.error(
            "Tracing is off: OTEL_EXPORTER_OTLP_PROTOCOL is %r; set it to http/protobuf, and "
            "OTEL_EXPORTER_OTLP_ENDPOINT to the collector's HTTP port, usually 4318",
            protocol,
        )
        return False
    return True


def interceptors() -> "list[Interceptor]":
    """The interceptors of a Temporal client; its workers inherit them."""
    return [_tracing.interceptor] if _tracing else []


def tracer_provider() -> "TracerProvider | None":
    """The provider of our tracers. It is not the global one, because vendors' SDKs would trace requests with that."""
    return _tracing.provider if _tracing else None


@contextmanager
def span(name: str, *, client: bool = False, **attributes: str | int | float | None) -> Iterator[SetAttributes]:
    """A span around the block, as a child of the current span; without a current span, none.

    An error is recorded only by its kind, because its message may quote a prompt. Attributes hold no prompts or media.

    Args:
        client: The block requests another service.
        attributes: Named `greenlight.{name}`; None is omitted.
    """
    if _tracing is None:
        yield _ignore_attributes
    else:
        with _tracing.span(name, client, attributes) as set_attributes:
            yield set_attributes


def _ignore_attributes(**_: Any) -> None:
    """Used without tracing."""

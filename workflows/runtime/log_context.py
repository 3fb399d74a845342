"""The production and the trace in each line of a log, where there are any: `[acme.20261120-1a2b3c4d trace 4bf92f…]`.

A worker takes the production from the activity or workflow that logs, and the API from the path of the request. The id
of the trace leads from a line to its spans, and back.
"""

import logging
import re
import sys
from contextvars import ContextVar
from typing import Any, Final

from workflows import keys

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s%(context)s: %(message)s"
_PATH: Final = re.compile(r"/productions/([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:/|$)")

_production: ContextVar[str] = ContextVar("production", default="")


def add_log_context() -> None:
    """Give each log record from now on the attribute `context`, which FORMAT shows."""
    make = logging.getLogRecordFactory()

    def make_with_context(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        record.context = describe()
        return record

    logging.setLogRecordFactory(make_with_context)


def use_path(path: str) -> None:
    """Name the production of an HTTP path in the lines of this request."""
    found = _PATH.search(path)
    _production.set(found[1] if found else "")


def describe() -> str:
    """The context of the code that calls it, with a space in front; empty where there is none."""
    parts = [part for part in (_of_temporal() or _production.get(), _trace()) if part]
    return f" [{' '.join(parts)}]" if parts else ""


def _of_temporal() -> str:
    """The production of the running activity or workflow. The API logs before Temporal's SDK is loaded."""
    workflow_id = ""
    if (activity := sys.modules.get("temporalio.activity")) and activity.in_activity():
        workflow_id = activity.info().workflow_id or ""
    elif (workflow := sys.modules.get("temporalio.workflow")) and workflow.in_workflow():
        workflow_id = workflow.info().workflow_id
    return keys.production_id_of(workflow_id)


def _trace() -> str:
    trace = sys.modules.get("opentelemetry.trace")
    span = trace.get_current_span().get_span_context() if trace else None
    return f"trace {span.trace_id:032x}" if span and span.is_valid else ""

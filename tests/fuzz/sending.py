"""Sends the cases to a running API and checks every response against the OpenAPI description."""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import requests
import schemathesis
from schemathesis import GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.client.client import GreenlightClient
from tests.fuzz.cases import AnyCase, aim, generated
from tests.fuzz.world import World
from tests.support.waiting import WITHIN

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FILL_EVERY: Final = 50
"""Cases between two checks for statuses without a production."""
ANSWER_SECONDS: Final = WITHIN
STREAM_SECONDS: Final = 5.0
"""Read timeout of an event stream, which ends with the plan, the deliverable or an attention item."""
TRIES: Final = 6
"""Attempts at a request with a 503 response, after its Retry-After."""
WATCH_SECONDS: Final = 0.5
"""Read timeout of the events of an open production: most of them wait for a reviewer."""
KINDS: Final = {"batch_id": "batch_ids", "schedule_id": "schedule_ids"}


@dataclass(frozen=True)
class Finding:
    """One violation in a response."""

    operation: str
    check: str
    message: str
    again: str
    """The request as a curl command."""


@dataclass
class Outcome:
    """The totals of all cases."""

    seed: int
    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)
    """Answers below 400, by operation."""
    findings: list[Finding] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest: str = ""
    seconds: float = 0.0
    late: int = 0
    """Requests with a 503 response and another one to a retry."""


def fuzz(url: str, count: int, seed: int) -> Outcome:
    """Send so many cases, one after the other, to productions in every status."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    outcome, rng, began = Outcome(seed), Random(seed), time.monotonic()
    with GreenlightClient(url) as client, requests.Session() as session:
        world = World(client, seed)
        for number, case in enumerate(generated(schema, count, seed)):
            if number % FILL_EVERY == 0:
                world.fill()
            aim(case, world, rng)
            _send(case, url, session, outcome, world)
        world.close()
    outcome.seconds = time.monotonic() - began
    return outcome


def _send(case: AnyCase, url: str, session: requests.Session, outcome: Outcome, world: World) -> None:
    label = case.operation.label
    outcome.cases += 1
    outcome.operations[label] += 1
    began = time.monotonic()
    try:
        answer = _answer(case, url, session)
        for _ in range(TRIES - 1):
            if answer.status_code != 503:
                break
            time.sleep(float(answer.headers.get("retry-after", ["5"])[0]))
            answer = _answer(case, url, session)
            outcome.late += answer.status_code != 503
    except requests.RequestException as error:
        outcome.findings.append(Finding(label, type(error).__name__, str(error)[:500], case.as_curl_command()))
        return
    seconds = time.monotonic() - began
    if seconds > outcome.slowest_seconds:
        outcome.slowest_seconds, outcome.slowest = seconds, label
    outcome.statuses[answer.status_code] += 1
    outcome.succeeded[label] += answer.status_code < 400
    _learn(answer, world)
    for failure in _failures(case, answer):
        outcome.findings.append(Finding(label, failure.title, failure.message[:1_000], case.as_curl_command()))


def _answer(case: AnyCase, url: str, session: requests.Session) -> Response:
    if "text/event-stream" not in str(case.operation.definition.raw["responses"]):
        return case.call(base_url=url, session=session, timeout=ANSWER_SECONDS)
    if case.method == "GET":
        for seconds in (WATCH_SECONDS, STREAM_SECONDS):
            with suppress(requests.ReadTimeout):  # no response yet: the machine may be busy
                return case.call(base_url=url, session=session, timeout=seconds)
    return case.call(base_url=url, session=session, timeout=STREAM_SECONDS)


def _failures(case: AnyCase, answer: Response) -> tuple[Failure, ...]:
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    # `aim` may have replaced the invalid value, or it is an API key, which this API does not need.
    wrong = isinstance(case.body, dict | list) and body is not None and body.mode is GenerationMode.NEGATIVE
    try:
        case.validate_response(answer, checks=[*CHECKS, negative_data_rejection] if wrong else CHECKS)
    except FailureGroup as group:
        return group.exceptions
    return ()


def _learn(answer: Response, world: World) -> None:
    """Keep the ids in a response for later cases."""
    if answer.status_code >= 300 or answer.headers.get("content-type") != ["application/json"] or not answer.content:
        return
    body: Any = answer.json()
    if isinstance(body, dict):
        for name, kept in KINDS.items():
            if isinstance(body.get(name), str):
                getattr(world, kept).append(body[name])
        if body.get("next_page_token"):
            world.page_tokens.append(body["next_page_token"])

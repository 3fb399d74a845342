"""Sends the cases to a running API and holds every answer against what the API says of itself."""

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

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FILL_EVERY: Final = 50
"""Cases between two looks at which statuses have become empty."""
ANSWER_SECONDS: Final = 60.0
STREAM_SECONDS: Final = 5.0
"""How long an event stream is listened to: they go on to the plan, or to a deliverable or a person."""
TRIES: Final = 3
"""Of a request that is answered 503, after the seconds that it names: a machine may be busy, but not for so long."""
WATCH_SECONDS: Final = 0.5
"""How long an open production is watched: most of them wait for a person."""
KINDS: Final = {"batch_id": "batch_ids", "schedule_id": "schedule_ids"}


@dataclass(frozen=True)
class Finding:
    """One thing that an answer did and should not have."""

    operation: str
    check: str
    message: str
    again: str
    """The request as a curl command."""


@dataclass
class Outcome:
    """What all cases together came to."""

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
    """Requests that were answered 503, and otherwise when they were sent again."""


def fuzz(url: str, count: int, seed: int) -> Outcome:
    """Send so many cases, one after the other, aimed at productions in every status."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    outcome, chance, began = Outcome(seed), Random(seed), time.monotonic()
    with GreenlightClient(url) as client, requests.Session() as session:
        world = World(client, seed)
        for number, case in enumerate(generated(schema, count, seed)):
            if number % FILL_EVERY == 0:
                world.fill()
            aim(case, world, chance)
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
            time.sleep(float(answer.headers["retry-after"][0]))
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
        with suppress(requests.ReadTimeout):  # it has not even begun: that may be this machine
            return case.call(base_url=url, session=session, timeout=WATCH_SECONDS)
    return case.call(base_url=url, session=session, timeout=STREAM_SECONDS)


def _failures(case: AnyCase, answer: Response) -> tuple[Failure, ...]:
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    # What was wrong elsewhere may have been fixed by the aim, or be a key, which nobody asks for here.
    wrong = isinstance(case.body, dict | list) and body is not None and body.mode is GenerationMode.NEGATIVE
    try:
        case.validate_response(answer, checks=[*CHECKS, negative_data_rejection] if wrong else CHECKS)
    except FailureGroup as group:
        return group.exceptions
    return ()


def _learn(answer: Response, world: World) -> None:
    """Keep the ids of what was started: later cases are aimed at them."""
    if answer.status_code >= 300 or answer.headers.get("content-type") != ["application/json"] or not answer.content:
        return
    body: Any = answer.json()
    if isinstance(body, dict):
        for name, kept in KINDS.items():
            if isinstance(body.get(name), str):
                getattr(world, kept).append(body[name])
        if body.get("next_page_token"):
            world.page_tokens.append(body["next_page_token"])

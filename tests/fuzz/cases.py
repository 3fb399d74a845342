"""Valid and invalid requests from the OpenAPI description, with the ids of existing productions."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.result import Ok

from tests.fuzz.stack import BROKEN
from tests.fuzz.world import COPY, FILM, POST, Live, World
from tests.support.vendor import png

AnyCase = Case[Any]
AIMED: Final = 0.85
"""The share of ids and digests that exist."""
LONGEST_SECONDS: Final = 8.0
"""The longest film that a case may approve: the encoder is not under test."""
MOST_TAKES: Final = 2
NOWHERE: Final = "https://127.0.0.1:9/nothing.png"
"""No request of a fuzzer may leave this machine."""
MODELS: Final = ("previz-text", "previz-storyboard", "previz-narration", "previz-animatic", BROKEN)
_ANY_TEXT: Final = {"type", "title", "description", "examples", "default"}
"""Keys of a parameter's schema: with only these it accepts any text."""
FILES: Final = (b"", b"Words.", b"\xff\xfe\x00", png(), png()[:60], b"\x00" * 5_000, b"<html>sorry</html>")


def generated(schema: BaseSchema, count: int, number: int) -> list[AnyCase]:
    """So many cases, the same for the same number: most for operations with a body, one for those without input."""
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    weights = {operation.label: _weight(operation) for operation in operations}
    share = count / sum(weights.values())
    cases: list[AnyCase] = []
    for operation in operations:
        most = max(1, round(weights[operation.label] * share))
        positive = (most + 1) // 2 if _can_be_wrong(operation) else most
        cases += _of(operation, GenerationMode.POSITIVE, positive, number)
        if most > positive:
            cases += _of(operation, GenerationMode.NEGATIVE, most - positive, number)
    fullest = max(operations, key=_weight)
    cases += _of(fullest, GenerationMode.POSITIVE, max(count - len(cases), 0), number + 1)
    Random(number).shuffle(cases)
    return cases[:count]


def _weight(operation: APIOperation[Any, Any, Any, Any]) -> int:
    if operation.body:
        return 3
    return 1 if any((operation.path_parameters, operation.query, operation.headers)) else 0


def _can_be_wrong(operation: Any) -> bool:
    """Whether a value can be invalid."""
    raw = operation.definition.raw
    if "application/json" in raw.get("requestBody", {}).get("content", {}):
        return True
    return any(set(each["schema"]) - _ANY_TEXT for each in raw.get("parameters", ()))


def _of(operation: Any, mode: GenerationMode, most: int, number: int) -> list[AnyCase]:
    found: list[AnyCase] = []
    if not most:
        return found

    @seed(number)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def keep(case: AnyCase) -> None:
        found.append(case)

    keep()
    return found[:most]


def aim(case: AnyCase, world: World, rng: Random) -> None:
    """Use existing ids in the case, and limit it to this machine and a few seconds."""
    live = rng.choice(world.live)
    aimed = _Aim(live, world, rng)
    if case.path_parameters:
        case.path_parameters = {name: aimed.at(name, value) for name, value in case.path_parameters.items()}
    if case.query:
        case.query = {name: aimed.at(name, value) for name, value in case.query.items()}
    if isinstance(case.body, NotSet):
        return
    if case.media_type == "application/octet-stream":
        case.body = rng.choice(FILES) if rng.random() < AIMED else case.body
    else:
        case.body = aimed.at("", case.body)


class _Aim:
    def __init__(self, live: Live, world: World, rng: Random) -> None:
        self._live = live
        self._world = world
        self._rng = rng
        self._values: Mapping[str, Callable[[], Any]] = {
            "production_id": lambda: live.production_id,
            "plan_digest": lambda: live.digest or None,
            "asset_id": self._asset,
            "take": lambda: rng.choice(live.takes),
            "revision": lambda: 1,
            "name": lambda: self._one(live.files),
            "file": lambda: self._one(live.files),
            "attention": lambda: live.waiting,
            "batch_id": lambda: self._one(world.batch_ids),
            "schedule_id": lambda: self._one(world.schedule_ids),
            "page_token": lambda: self._one(world.page_tokens),
            "provider": lambda: "previz",
            "model": lambda: rng.choice(MODELS),
            "cron": lambda: "0 9 * * MON",
            "timezone": lambda: "Europe/Berlin",
            "parameters": lambda: rng.choice(({}, {"seconds": 1}, {"voice": "en-gb"}, None)),
        }

    def at(self, name: str, value: Any) -> Any:
        """The value of a field, with existing ids."""
        if isinstance(value, str) and name in ("url", "source") and value.startswith("http"):
            return NOWHERE
        if isinstance(value, int | float) and name == "duration_seconds":
            return min(value, LONGEST_SECONDS)
        if isinstance(value, int) and name == "count":
            return min(value, MOST_TAKES)
        if name in ("brief", "defaults") and isinstance(value, dict):
            return self._brief(value)
        if name in self._values and self._rng.random() < AIMED:
            found = self._values[name]()
            return value if found is None else found
        if isinstance(value, dict):
            return {key: self.at(key, each) for key, each in value.items()}
        if isinstance(value, list):
            inner = "asset_id" if name in ("asset_ids", "depends_on") else ""
            return [self.at(inner, each) for each in value]
        return value

    def _asset(self) -> str | None:
        return self._one(self._live.asset_ids)

    def _one(self, found: "list[str] | tuple[str, ...]") -> str | None:
        return self._rng.choice(found) if found else None

    def _brief(self, value: dict[str, Any]) -> dict[str, Any]:
        """Mostly a brief that can be produced, with the fields of the case."""
        inner = {key: self.at(key, each) for key, each in value.items()}
        if self._rng.random() < 0.3:
            return inner
        whole: dict[str, Any] = self._rng.choice((COPY, POST, FILM)).model_dump(mode="json", exclude_unset=True)
        return whole | {k: v for k, v in inner.items() if self._rng.random() < 0.2}

"""An optimisation of the delivery prompt: a better version is found, paid once, within its cap, and stored unused."""

import asyncio
import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.optimisation.activities import OptimisationActivities
from activities.optimisation.methods.registry import missing_of
from activities.prompts.store import chosen_prompts, read_version
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.emulators.openai import OpenAIEmulator
from tests.support.vendors import env_of
from workflows.evaluation.cases import parse_cases
from workflows.optimisation.records import OptimisationStart, OptimisationStep
from workflows.prompts.built_in import BUILT_IN

SECRET: Final = "Name the feeling first"
"""With these words in the prompt, the emulated model answers as people expect; it finds them as its third proposal."""
LEVEL: Final = "Level"
MODEL: Final = "openai/gpt-6-luna"


class Killed(BaseException):
    """The end of an attempt: nothing handles it."""


def cases(count: int = 10) -> str:
    lines = ({"prompt": f"Line {n} is spoken.", "expected": {"text": f"sad and slow {n}"}} for n in range(count))
    return "\n".join(json.dumps(line) for line in lines)


class Voices(OpenAIEmulator):
    """Directs voices well only with SECRET in its prompt, and proposes it once.

    With `climbs`, each proposal is a little better than all before it, so a search never has a reason to end.
    """

    def __init__(self) -> None:
        super().__init__(self._write)
        self.proposals = 0
        self.climbs = False

    def _write(self, body: dict[str, Any]) -> str:
        system, asked = (str(m["content"]) for m in body["messages"][-2:])
        if "You direct the voices" in system:
            number = json.loads(asked.partition("\n\n")[2])["text"].split()[1]
            return json.dumps({"text": self._delivery(system, number)})
        self.proposals += 1
        better = f"{SECRET}, then the pace." if not self.climbs else f"{LEVEL} {self.proposals}: name the feeling."
        if fields := re.findall(r"`\[\[ ## (\w+) ## \]\]`", asked):  # the form of DSPy
            texts = [f"[[ ## {name} ## ]]\n{better}" for name in fields if name != "completed"]
            return json.dumps({"text": "\n\n".join([*texts, "[[ ## completed ## ]]"])})
        if fields := re.findall(r"order of fields: `(\w+)`", asked):  # another form of DSPy
            return json.dumps({"text": json.dumps(dict.fromkeys(fields, better))})
        text = better if self.climbs or '"0.2"' in asked else f"Be brief {asked[-40:]}"
        return json.dumps({"reason": "vague", "text": text})

    def _delivery(self, system: str, number: str) -> str:
        """As people expect it with SECRET; with a level, among fewer needless words the higher that is."""
        if found := re.search(rf"{LEVEL} (\d+)", system):
            return " ".join([f"sad and slow {number}", *["hm"] * max(1, 40 - int(found[1]))])
        return f"sad and slow {number}" if SECRET in system else "neutral"


@pytest.fixture
def vendor() -> Iterator[Voices]:
    with Voices() as emulator:
        yield emulator


@dataclasses.dataclass
class Bench:
    """Runs the activities of one optimisation, each attempt with providers of its own."""

    storage: Storage
    vendor: Voices
    tenant: str = dataclasses.field(default_factory=lambda: f"t{uuid4().hex[:8]}")

    def start(self, **given: Any) -> OptimisationStart:
        known = {
            "optimisation_id": f"{self.tenant}.o{uuid4().hex[:8]}",
            "name": "delivery",
            "cases": parse_cases(cases()),
            "metric": "overlap",
            "model": MODEL,
            "candidates": 4,
            "max_usd": Decimal(5),
            "tenant": self.tenant,
            "created_at": datetime.now(UTC),
            "content": "c",
        }
        return OptimisationStart.model_validate({**known, **given})

    async def run(self, name: str, request: object, storage: Storage | None = None) -> Any:
        settings = ActivitySettings(claim_settles_seconds=0.2)
        providers = build_providers(settings, env_of("openai", self.vendor))
        activities = OptimisationActivities(storage or self.storage, providers, settings)
        try:
            return await ActivityEnvironment().run(getattr(activities, name), request)
        finally:
            await asyncio.gather(*(p.close() for p in providers.values()))

    async def prepared(self, **given: Any) -> OptimisationStep:
        start = self.start(**given)
        prepared = await self.run("prepare_optimisation", start)
        return OptimisationStep(optimisation_id=start.optimisation_id, tenant=self.tenant, prepared=prepared)

    async def spent(self, step: OptimisationStep) -> Decimal:
        return Decimal((await self.run("settle_optimisation", step)).billed_usd)


@pytest.fixture
def bench(storage: Storage, vendor: Voices) -> Bench:
    return Bench(storage, vendor)


async def test_a_better_version_is_stored_and_not_used(bench: Bench, vendor: Voices) -> None:
    """The gain is that on the held-out cases, with its interval; a repeated attempt pays nothing and stores nothing.
    The bill of all questions is that of the vendor."""
    step = await bench.prepared()
    assert (step.prepared.trained, step.prepared.held_out, step.prepared.base_version) == (6, 4, 0)
    found = await bench.run("search_prompt", step)
    assert SECRET in found.text
    assert (found.before, found.after, found.capped) == (0.0, 1.0, False)
    sent = len(vendor.submissions)
    assert await bench.run("search_prompt", step) == found
    assert len(vendor.submissions) == sent
    step = step.model_copy(update={"text": found.text})
    compared = await bench.run("compare_prompt", step)
    assert await bench.run("compare_prompt", step) == compared
    assert len(vendor.submissions) == sent + 2 * step.prepared.held_out
    gain = compared.gain.gain
    assert (gain.mean, gain.low, gain.clear, compared.gain.held_out) == (1.0, 1.0, True, 4)
    assert (await read_version(bench.storage, bench.tenant, "delivery", compared.version)).text == found.text
    assert (await chosen_prompts(bench.storage, bench.tenant)).texts == BUILT_IN
    spent = await bench.spent(step)
    assert Decimal(0) < spent <= 5
    assert float(vendor.billed_usd) == pytest.approx(float(spent), abs=0.0001 * len(vendor.submissions))


@pytest.mark.parametrize("after", [9, 30, 61])
async def test_a_killed_search_pays_nothing_twice(bench: Bench, vendor: Voices, after: int) -> None:
    """Killed at any write, the next attempt repeats the same questions: the vendor gets each one once."""
    step = await bench.prepared()
    with pytest.raises((Killed, ApplicationError)):
        await bench.run("search_prompt", step, Dying(bench.storage, after))
    found = await bench.run("search_prompt", step)
    assert SECRET in found.text
    asked = [json.dumps(call.json, sort_keys=True) for call in vendor.submissions]
    lost = len(asked) - len(set(asked))
    assert lost <= 8, "an answer that was under way at the kill may be lost; no other one is asked again"
    assert await bench.spent(step) <= 5


async def test_the_cap_ends_the_search(bench: Bench, vendor: Voices) -> None:
    """With room for the version in use and one proposal, the search stops at the cap, and the held-out cases fit."""
    refused = await refusal(bench, max_usd=Decimal("0.01"))
    assert refused.details[0] == "max_usd"
    assert "give at least" in refused.message
    assert vendor.submissions == []
    least = (await bench.prepared()).prepared.least_usd
    step = await bench.prepared(max_usd=least, method="halving")
    found = await bench.run("search_prompt", step)
    await bench.run("compare_prompt", step.model_copy(update={"text": found.text or "Be brief."}))
    assert await bench.spent(step) <= least


async def refusal(bench: Bench, **given: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised:
        await bench.prepared(**given)
    return raised.value


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"metric": "beauty"}, "metric", "'beauty' measures no answers; choose from wer"),
        ({"metric": "agreement"}, "cases", "line 1: people's score is missing"),
        ({"cases": parse_cases('{"prompt": "a"}\n' * 4)}, "cases", "line 1: the case has no expected text"),
        ({"model": "openai/none"}, "model", "'openai/none' is no enabled model"),
        ({"proposer": "x/y"}, "proposer", "choose from"),
        ({"name": "judge", "metric": "valid"}, "cases", 'line 1: the case has nothing to judge: add "take"'),
    ],
)
async def test_bad_input_is_refused_before_anything_is_paid(
    bench: Bench, vendor: Voices, given: dict[str, Any], field: str, said: str
) -> None:
    """The message names the field or the line, and the remedy."""
    refused = await refusal(bench, **given)
    assert (refused.details[0], said in refused.message) == (field, True), refused.message
    assert vendor.submissions == []


@pytest.mark.parametrize("method", ["mipro", "gepa"])
async def test_dspy_asks_through_the_ledger(bench: Bench, vendor: Voices, method: str) -> None:
    """With the extra, DSPy's requests are questions of the ledger, and a repeated attempt sends none of them again;
    without it, the refusal names the extra."""
    if missing_of(method):  # type: ignore[arg-type]
        refused = await refusal(bench, method=method)
        assert (refused.details[0], "extra `optimise`" in refused.message) == ("method", True)
        return
    step = await bench.prepared(method=method, candidates=3, max_usd=Decimal(20))
    found = await bench.run("search_prompt", step)
    assert (found.before, found.after, SECRET in found.text) == (0.0, 1.0, True)
    sent = len(vendor.submissions)
    assert await bench.run("search_prompt", step) == found
    assert len(vendor.submissions) == sent
    assert await bench.spent(step) <= 20


class Dying(Storage):
    """The storage of a worker that is killed at one of its writes."""

    def __init__(self, storage: Storage, after: int) -> None:
        self.__dict__ = dict(storage.__dict__)
        self._left = after

    async def put_bytes(self, *given: Any, **more: Any) -> str:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return await super().put_bytes(*given, **more)

"""Valid answers of planners and judges are reused by other productions of the tenant, free of charge and stated."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.storage.bucket import Storage
from tests.activities.judging.studio import Jury, Studio, painted
from tests.activities.planning.money.billed_planner import answer, desk
from tests.emulators.openai import OpenAIEmulator
from tests.support.vendors import env_of
from workflows import keys
from workflows.activity_io import DraftPlan, RewritePrompt
from workflows.brief import Brief, Platform
from workflows.models import ZERO, Plan
from workflows.reuse.index import rejected_key


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator(answer) as emulator:
        yield emulator


async def drafted(activities: Activities, text: str, *, reuse: bool, **more: object) -> Plan:
    brief = Brief(text=text, platform=Platform.COPY, reuse=reuse)
    request = DraftPlan.model_validate({"production_id": uuid4().hex, "brief": brief, "drafts": 0, **more})
    plan: Plan = await ActivityEnvironment().run(activities.draft_plan, request)
    return plan


async def test_a_plan_is_reused_where_the_brief_allows_it(storage: Storage, vendor: OpenAIEmulator) -> None:
    """The same question is paid once: a second plan costs nothing and says why. Another brief, one that does not allow
    it, and a new prompt after feedback are requested."""
    text = f"Say it {uuid4().hex}."
    async with desk(storage, vendor, claim_settles_seconds=5) as activities:
        first = await drafted(activities, text, reuse=True)
        assert first.drafting_usd > 0
        second = await drafted(activities, text, reuse=True)
        assert (len(vendor.submissions), second.drafting_usd) == (1, ZERO)
        (stated,) = [w for w in second.warnings if w.startswith("planning: ")]
        assert "reused and cost nothing" in stated
        assert [a.prompt for a in second.assets] == [a.prompt for a in first.assets]
        assert (await drafted(activities, text, reuse=False)).drafting_usd > 0
        assert (await drafted(activities, f"{text} Loudly.", reuse=True)).drafting_usd > 0
        assert len(vendor.submissions) == 3
        given = {"production_id": uuid4().hex, "asset": first.assets[0], "number": 1, "feedback": "shorter"}
        brief = Brief(text=text, platform=Platform.COPY, reuse=True)
        for number in (1, 2):
            again = RewritePrompt.model_validate({**given, "brief": brief, "production_id": f"{number}{uuid4().hex}"})
            await ActivityEnvironment().run(activities.rewrite_prompt, again)
        assert len(vendor.submissions) == 5


async def test_an_answer_that_was_refused_is_not_offered(storage: Storage, vendor: OpenAIEmulator) -> None:
    """What is no plan is repaired and paid in each production: only an answer that became a plan is reused."""
    text = f"Say it {uuid4().hex}."
    answers = iter(["nonsense", None, "nonsense", None])
    vendor.answer_text = lambda body: next(answers, None) or answer(body)
    async with desk(storage, vendor, claim_settles_seconds=5) as activities:
        await drafted(activities, text, reuse=True)
        assert len(vendor.submissions) == 2
        again = await drafted(activities, text, reuse=True)
    assert (len(vendor.submissions), again.drafting_usd > 0) == (3, True)


async def test_a_verdict_is_reused_and_rejects_the_take(storage: Storage) -> None:
    """The same take has the same verdict for nothing; a take that it rejects is marked, so that no other reuses it."""
    with Studio() as studio:
        prompt, environ = f"A fox in the snow {uuid4().hex}.", env_of("openai", studio)
        found = []
        for _ in range(2):
            jury = Jury(storage, environ)
            request = await jury.request(painted("a fox"), "image/png", prompt)
            request = request.model_copy(update={"brief": request.brief.model_copy(update={"reuse": True})})
            found.append((request, await jury.judge(request)))
            assert await storage.head(rejected_key(keys.take_prefix(request.production_id, "a", 1))) is not None
        (first, paid), (_, free) = found
        assert (len(studio.verdicts), paid.verdict.reused) == (1, "")
        assert (free.billed_usd, free.verdict.reused) == (Decimal(0), first.production_id)
        assert free.verdict.scores == paid.verdict.scores

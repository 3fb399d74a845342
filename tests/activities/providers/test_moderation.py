"""Prompts are moderated before anyone pays: through the unmodified SDK, against OpenAI's own responses."""

from activities.planning.moderation import moderate
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.openai.provider import OpenAI
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from tests.emulators.openai import OpenAIEmulator
from workflows.activity_io import DraftPlan
from workflows.brief import Brief, Platform


async def test_flagged_prompts_are_reported() -> None:
    """A prompt that the vendor flags is named with the category; all others, and the plan itself, are unchanged."""
    with OpenAIEmulator() as vendor:
        judge = OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1"})
        providers: dict[str, Provider] = {"previz": Previz({}), "openai": judge}
        brief = Brief(text="A calm sea.", platform=Platform.COPY)
        plan = draft(PlanningTask.of(DraftPlan(production_id="p", brief=brief), {"previz": providers["previz"]}))
        assert await moderate(plan, providers) == plan
        harsh = [a.model_copy(update={"prompt": "They kill."}) if a.asset_id == "body" else a for a in plan.assets]
        flagged = await moderate(plan.model_copy(update={"assets": tuple(harsh)}), providers)
        vendor.meet("error", on="other")
        unanswered = await moderate(plan, providers)
        await judge.close()
    assert flagged.digest == plan.digest
    assert flagged.warnings == ("body: the prompt is flagged as harassment/threatening, violence; it may be refused",)
    assert "could not be checked" in unanswered.warnings[0]
    assert vendor.submissions == []


async def test_without_a_moderator_no_request_is_sent() -> None:
    """When no enabled provider moderates text, the plan is unchanged."""
    brief = Brief(text="A calm sea.", platform=Platform.COPY)
    plan = draft(PlanningTask.of(DraftPlan(production_id="p", brief=brief), {"previz": Previz({})}))
    assert await moderate(plan, {"previz": Previz({})}) == plan

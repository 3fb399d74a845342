"""What the page shows of the verdicts about takes."""

from decimal import Decimal

import pytest
from playwright.async_api import Browser, expect
from temporalio import activity

from tests.api.studio.browser import Site, approve, card, delivered, made, overflow, violations, visiting, write
from tests.workflows.production.quality.judged import JudgedActivities
from workflows.activity_io import ProduceAsset
from workflows.models import ZERO, Take
from workflows.reuse.reused import Reused


class Reusing(JudgedActivities):
    """The take of `text-2` is that of another production, where the brief allows it."""

    @activity.defn(name="produce_asset")
    async def produce_asset(self, request: ProduceAsset) -> Take:
        take = await super().produce_asset(request)
        if request.asset.asset_id != "text-2" or not (request.reuse and request.reuse.allowed):
            return take
        origin = Reused(production_id="earlier", asset_id="text-9", take=3, cost_usd=Decimal("0.40"))
        return take.model_copy(update={"reused": origin, "cost_usd": ZERO, "billed_usd": ZERO})


@pytest.fixture
def fake() -> JudgedActivities:
    fakes = Reusing(assets=3, refinements=0)
    fakes.scores = {"text-1": [0.3], "text-2": [0.9], "text-3": [None]}
    return fakes


async def test_scores_are_shown_and_filter_the_board(browser: Browser, site: Site) -> None:
    """A person chooses the review with the brief, and the plan states its price. Each card has its score, by which the
    board is filtered; a take has the reasons of its score and the better prompt. Models of stages and reuse are chosen
    with the brief, and a reused take says where it comes from."""
    async with visiting(browser, site.url, width=390) as page:
        await page.goto("/#/")
        await page.get_by_text("Quality", exact=True).click()
        await page.get_by_label("Review of takes").select_option("advise")
        await page.get_by_label("Refinements at most").fill("2")
        await page.get_by_text("Models and reuse", exact=True).click()
        await page.get_by_label("Reuse takes and answers").check()
        await page.get_by_label("Judge", exact=True).fill("other/judge")
        assert await overflow(page) <= 0
        assert await violations(page) == []
        production_id = await write(page, "A brief whose takes are judged.", "Verdicts", goto=False)
        brief = (await made(site, production_id))["brief"]
        quality = brief["quality"]
        assert ({k: v for k, v in brief["models"].items() if v}, brief["reuse"]) == ({"judge": "other/judge"}, True)
        assert (quality["mode"], quality["refinements"]) == ("advise", 2)
        await expect(page.get_by_text("Takes are judged from a score of 0.8")).to_be_visible()
        await approve(page)
        await delivered(page)
        await expect(card(page, "text-1")).to_contain_text("Score 0.30")
        await expect(card(page, "text-2")).to_contain_text("Score 0.90")
        await expect(card(page, "text-3")).to_contain_text("Unjudged")
        await expect(card(page, "text-2")).to_contain_text("Reused")
        await page.locator("#score-filter").select_option("low")
        await expect(card(page, "text-2")).to_have_count(0)
        await expect(card(page, "text-1")).to_have_count(1)
        assert await overflow(page) <= 0
        assert await violations(page) == []
        await page.goto(f"/#/p/{production_id}/text-1")
        take = page.locator(".take[data-take='1']")
        await expect(take).to_contain_text("it is dull")
        await expect(take).to_contain_text("Better prompt")
        assert await overflow(page) <= 0
        assert await violations(page) == []
        await page.goto(f"/#/p/{production_id}/text-2")
        await expect(take).to_contain_text("Reused, free")
        await expect(take).to_contain_text("From take 3 of text-9 in earlier, where it cost $0.40")

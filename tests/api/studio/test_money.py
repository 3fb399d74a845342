"""The page's display of costs next to their estimates, and of those above the published or approved ones."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from temporalio import activity

from tests.api.studio.browser import SCREENS, Site, approve, card, delivered, made, overflow, show, violations, visiting
from tests.support.fake_film import Film
from tests.support.fakes import FakeActivities
from tests.support.waiting import WITHIN
from workflows.activity_io import ProduceAsset
from workflows.models import ZERO, Take

RED = "rgb(179, 38, 30)"
"""`--bad` of the light theme."""


class PricedFilm(Film):
    """Its takes keep their estimates. The model `gift` costs nothing, and the cost of `unlisted` is not published."""

    @activity.defn(name="produce_asset")
    async def produce_asset(self, request: ProduceAsset) -> Take:
        take = (await super().produce_asset(request)).model_copy(update={"estimate_usd": request.asset.estimate})
        if take.model not in ("gift", "unlisted"):
            return take
        source = "unknown" if take.model == "unlisted" else "catalogue"
        return take.model_copy(update={"cost_usd": ZERO, "billed_usd": ZERO, "cost_source": source})


@pytest.fixture
def fake() -> FakeActivities:
    """A still, the shot that is made from it, and a title; 0.10 USD each."""
    return PricedFilm(price_usd="0.1000")


async def colour(page: Page, selector: str) -> str:
    found: str = await page.locator(selector).first.evaluate("(e) => getComputedStyle(e).color")
    return found


async def planned(site: Site, page: Page) -> str:
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        started = await http.post("/api/v1/productions", json={"text": "A boat.", "platform": "video", "title": "Boat"})
    production_id = str(started.json()["production_id"])
    await show(page, f"p/{production_id}")
    await expect(page.get_by_role("button", name="Approve · up to $0.30")).to_be_visible()
    return production_id


async def edited(site: Site, production_id: str, **change: Any) -> None:
    digest = (await made(site, production_id))["plan"]["digest"]
    body = {"plan_digest": digest, "edits": [{"op": "change", **change}]}
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        answer = await http.patch(f"/api/v1/productions/{production_id}/plan", json=body)
    assert answer.status_code == 200, answer.text


async def test_an_overrun_is_red(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """A charge above its price is red on the production, the waiting card, its log and the list; the asset that exceeds
    the budget is made once its money is approved on the page."""
    fake.costs = {"still-1": Decimal("1.00"), "title-1": Decimal("0.05"), "shot-1": Decimal("0.10")}
    fake.fixed = True
    SCREENS.mkdir(parents=True, exist_ok=True)
    async with visiting(browser, site.url) as page:
        production_id = await planned(site, page)
        await page.get_by_label("Spend at most").fill("1.20")
        await approve(page)
        await expect(card(page, "shot-1")).to_contain_text("It costs more than its published price")
        banner = page.get_by_role("status").filter(has_text="above published prices")
        await expect(banner).to_contain_text("$0.90 above published prices of the $1.05 spent")
        waits = page.get_by_role("article").filter(has_text="shot-1: It costs more than its published price")
        offered = ["Approve again", "Raise the budget", "Edit", "Upload a file", "Continue without it"]
        assert await waits.locator(".button").all_inner_texts() == [*offered, "Cancel production"]
        assert await colour(page, ".note.bad .icon") == RED
        assert await colour(page, ".waiting.bad .icon") == RED
        assert await violations(page) == []
        assert await overflow(page) <= 0
        await page.screenshot(path=SCREENS / "overrun.png", full_page=True)
        await show(page, "productions")
        line = page.get_by_role("link").filter(has_text=production_id).locator(".bad")
        await expect(line).to_have_text("$0.90 over")
        assert await colour(page, ".rows .cost .bad") == RED
        await page.screenshot(path=SCREENS / "overrun-list.png")
        await show(page, f"p/{production_id}")
        await waits.get_by_role("button", name="Approve again").click()
        await expect(page.get_by_label("Total budget")).to_be_focused()
        await page.get_by_role("button", name="Approve again · budget of $2.05").click()
        await delivered(page)
        await expect(banner).to_be_visible()
        await expect(page.locator(".production > .head")).to_contain_text("Cost $1.15 of an estimate of $0.30")
        await expect(card(page, "still-1").locator(".price.bad")).to_have_text("$1.00")
        assert await colour(page, "[data-asset=still-1] .price") == await colour(page, ".head span.bad") == RED
        await expect(card(page, "title-1")).to_contain_text("Estimate $0.10")
        await expect(card(page, "shot-1").locator("> .face")).not_to_contain_text("stimate")
        await card(page, "still-1").get_by_role("button").click()
        sheet = page.get_by_role("dialog")
        await expect(sheet.locator(".bad").first).to_have_text("Cost $1.00 of an estimate of $0.10")
        await expect(sheet.locator(".take")).to_contain_text("Estimate $0.10")
        await page.keyboard.press("Escape")
        await page.get_by_text("Event log").click()
        events = page.get_by_role("list", name="Events")
        for words in (
            "still-1 cost more than its published price · fake words charged $1.00, $0.90 above its published $0.10",
            "Approved again · shot-1, by someone, at most $2.05",
        ):
            await expect(events.get_by_text(words)).to_be_visible()
        assert await colour(page, ".log span.bad") == RED


async def test_free_and_unknown_costs(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """A cost that is not published is called unknown, on the production, the card and the sheet; what costs nothing is
    free, and has no estimate."""
    fake.prices = {"unlisted": None, "gift": Decimal(0)}
    async with visiting(browser, site.url) as page:
        production_id = await planned(site, page)
        await edited(site, production_id, asset_id="title-1", model="unlisted")
        await expect(page.locator(".summary")).to_contain_text("The estimate is $0.00 to $0.20 and unknown prices.")
        await page.get_by_label("Also spend on title-1").check()
        await approve(page)
        await delivered(page)
        cost = "Cost $0.20 and 1 unknown cost of an estimate of $0.00 to $0.20 and unknown prices"
        await expect(page.locator(".production > .head")).to_contain_text(cost)
        await expect(card(page, "title-1").locator(".price")).to_have_text("Price unknown")
        await card(page, "title-1").locator(".face").click()
        await expect(page.get_by_role("dialog")).to_contain_text("Cost unknown")
        given = await planned(site, page)
        for asset_id in ("still-1", "shot-1", "title-1"):
            await edited(site, given, asset_id=asset_id, model="gift")
        await page.get_by_role("button", name="Approve · free").click()
        await delivered(page)
        await expect(page.locator(".production > .head")).to_contain_text("· Free")
        await expect(page.get_by_text("estimate")).to_have_count(0)


async def test_an_edit_is_approved_again(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """An asset whose edit costs more than was approved waits on the page with its answers, and is made once the current
    plan is approved again."""
    fake.prices = {"expensive": Decimal("0.90")}
    fake.hold("still-1")
    SCREENS.mkdir(parents=True, exist_ok=True)
    async with visiting(browser, site.url) as page:
        production_id = await planned(site, page)
        await approve(page)
        await expect(card(page, "still-1")).to_have_attribute("data-status", "generating")
        await edited(site, production_id, asset_id="shot-1", model="expensive")
        waits = page.get_by_role("article").filter(has_text="shot-1: It costs more than was approved")
        await expect(waits).to_contain_text("It costs up to 0.90 USD now")
        await page.screenshot(path=SCREENS / "change-to-approve.png", full_page=True)
        await waits.get_by_role("button", name="Approve again").click()
        await page.get_by_role("button", name="Approve again · budget of $1.10").click()
        await expect(waits).to_have_count(0)
        fake.release("still-1")
        await delivered(page)
        done = await made(site, production_id)
    assert (done["budget_usd"], [a["status"] for a in done["assets"]]) == ("1.1000", ["completed"] * 3)

"""What the page shows of the checks of a take."""

from decimal import Decimal

from playwright.async_api import Browser, expect

from tests.activities.quality.labelled.rejected import MESSAGE, rejected
from tests.api.studio.browser import Site, approve, card, delivered, overflow, violations, visiting, write
from tests.support.fakes import FakeActivities


async def test_a_rejected_take_is_shown_and_used(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """A take that failed its checks waits with the evidence on its card and next to its media; a person may use it."""
    fake.failures = {"text-1": rejected(Decimal("0.01"))}
    async with visiting(browser, site.url, width=390) as page:
        production_id = await write(page, "A brief whose first text fails.", "Checks")
        await page.get_by_role("button", name="Terms").click()
        await page.get_by_label("Spend at most").fill("1")
        await approve(page)
        await expect(card(page, "text-1")).to_contain_text("The output cannot be used")
        await page.goto(f"/#/p/{production_id}/text-1")
        take = page.locator(".take[data-take='1']")
        finding = take.locator(".findings li")
        await expect(finding).to_have_attribute("data-check", "frozen")
        await expect(finding).to_contain_text(f"{MESSAGE[0].upper()}{MESSAGE[1:]}")
        await take.get_by_text("1 check").click()
        await expect(take.locator(".measured")).to_contain_text("0.67")
        assert await overflow(page) <= 0
        assert await violations(page) == []
        await take.get_by_role("button", name="Use take 1").click()
        await delivered(page)

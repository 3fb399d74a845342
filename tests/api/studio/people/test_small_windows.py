"""Windows of 320 px, and zoomed ones."""

from playwright.async_api import Browser, expect

from tests.api.studio.browser import Site, overflow, visiting, write


async def test_a_small_window(browser: Browser, site: Site) -> None:
    """At 320 px, and at a zoom of 200 %, every link of the navigation is visible, and the decision covers nothing."""
    async with visiting(browser, site.url, width=390) as page:
        await write(page, title="Narrow")
        for width, height in ((320, 640), (640, 400)):
            await page.set_viewport_size({"width": width, "height": height})
            for link in await page.locator("#nav a").all():
                await expect(link).to_be_in_viewport(ratio=1)
            assert await overflow(page) <= 0
        assert await page.locator(".decision").evaluate("(bar) => getComputedStyle(bar).position") == "static"

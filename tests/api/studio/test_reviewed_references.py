"""What was read in references, and texts with pictures, on the page: seen with their places, corrected, and readable on
a phone."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.references import files
from tests.api.studio.browser import (
    SIZES,
    Site,
    approve,
    delivered,
    overflow,
    painted,
    send,
    show,
    twins,
    violations,
    visiting,
    write,
)
from tests.support.product import previz_workers


@pytest.fixture
async def studio(client: Client, servers: Stack, storage: Storage) -> AsyncIterator[Site]:
    """The page over the product's own activities, with previz as the only provider."""
    async with previz_workers(client, servers, storage):
        site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
        await site.start()
        yield site
        await site.stop()


async def test_a_sheet_is_dropped_reviewed_and_corrected(browser: Browser, studio: Site, tmp_path: Path) -> None:
    """A PDF is chosen, its kind is shown, and what was read in it is corrected next to its page, on 390 pixels."""
    sheet = files.pdf([(72, 780, "Lumen desk lamp"), (72, 740, "Price: 49 EUR")])
    async with visiting(browser, studio.url, width=390) as page:
        await page.goto("/#/")
        chooser = page.locator(".references input[type=file]")
        await chooser.set_input_files({"name": "sheet.pdf", "mimeType": "application/pdf", "buffer": sheet})
        await expect(page.locator(".references .use")).to_contain_text("document")
        await expect(page.locator(".references")).to_contain_text("documents (PDF, DOCX")
        await chooser.set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": files.sound(3.0)})
        await expect(page.locator(".references .use").nth(1)).to_contain_text("0:03")
        movie = {"name": "a.mp4", "mimeType": "video/mp4", "buffer": files.video(tmp_path / "a.mp4", seconds=4.0)}
        await chooser.set_input_files(movie)  # type: ignore[arg-type]
        await expect(page.locator(".references .use").nth(2)).to_contain_text("0:04")
        await page.get_by_role("button", name="Remove reference 3").click()
        await page.get_by_role("button", name="Remove reference 2").click()
        await page.get_by_label("How reference 1 is used").select_option("material")
        assert await overflow(page) == 0
        await write(page, "Write about the lamp.", goto=False)
        section = page.get_by_role("region", name="References")
        await section.get_by_text("sheet").first.click()
        await expect(section).to_contain_text("Price: 49 EUR")
        await expect(section).to_contain_text("reference-1 p. 1")
        await section.get_by_role("button", name="Edit text-1").click()
        await section.get_by_label("Text of reference-1 p. 1").fill("Price: 59 EUR")
        await page.reload()
        await section.get_by_text("sheet").first.click()
        await section.get_by_role("button", name="Save text-1").click()
        await expect(section).to_contain_text("Price: 59 EUR")
        assert await overflow(page) == 0
        assert await violations(page) == []


async def test_fields_are_reviewed_next_to_their_page(browser: Browser, studio: Site) -> None:
    """A sheet whose kind is uncertain waits; its fields are corrected and accepted next to the picture of its page."""
    sheet = files.pdf([(72, 780, "Lumen desk lamp"), (72, 740, "Price: 49 EUR")])
    async with visiting(browser, studio.url, width=390) as page:
        await page.goto("/#/")
        chooser = page.locator(".references input[type=file]")
        await chooser.set_input_files({"name": "sheet.pdf", "mimeType": "application/pdf", "buffer": sheet})
        await page.get_by_label("How reference 1 is used").select_option("extract")
        await send(page, "Write about the lamp.")
        await expect(page.locator("main")).to_contain_text("Extracted fields wait for a review")
        section = page.get_by_role("region", name="References")
        await section.get_by_text("sheet").first.click()
        await expect(section.locator(".page-of-field img")).to_be_visible()
        await section.get_by_role("button", name="Correct price").click()
        await section.get_by_label("Value of price").fill("59 EUR")
        await section.get_by_role("button", name="Save price").click()
        await expect(section).to_contain_text("59 EUR")
        assert await overflow(page) == 0
        assert await violations(page) == []
        await section.get_by_role("button", name="The kind is right").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()


@pytest.mark.trial
async def test_a_text_with_pictures_is_accessible_at_every_size(browser: Browser, studio: Site) -> None:
    """The plan, the delivered text and its sheet show the pictures within the window, each with a description, without
    a serious violation of axe-core's rules in either theme."""
    async with visiting(browser, studio.url, bypass_csp=True) as page:
        await page.goto("/#/")
        words = "An illustrated recipe for carrot soup with four pictures. Peel the carrots. Boil them."
        await page.get_by_label("Brief", exact=True).fill(words)
        await page.get_by_role("radio", name=re.compile("^Design")).check(force=True)
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        production_id = page.url.rpartition("/")[2]
        found: list[str] = []
        for path, pictures in ((f"p/{production_id}", 0), (f"p/{production_id}", 4), (f"p/{production_id}/article", 4)):
            await show(page, path)
            if pictures and path.endswith(production_id):
                await approve(page)
                await delivered(page)
            for width, size in SIZES.items():
                await page.set_viewport_size(size)
                found += [f"{path} at {width}: {each}" for each in (*await violations(page), *await twins(page))]
                if (wide := await overflow(page)) > 0:
                    found.append(f"{path} at {width}: {wide} px too wide")
                for picture in await page.locator("main img, [role=dialog] img").all():
                    await picture.scroll_into_view_if_needed()
                await painted(page)
            await page.emulate_media(color_scheme="dark")
            found += [f"{path} in the dark: {each}" for each in await violations(page, "color-contrast")]
            await page.emulate_media(color_scheme="light")
            if path.endswith("article"):
                shown = page.get_by_role("dialog").locator("a > img")
                await expect(shown).to_have_count(pictures)
                described = "(images) => images.every((i) => i.alt && i.naturalWidth && i.clientWidth <= innerWidth)"
                assert await shown.evaluate_all(described)
        assert not found, "\n".join(found)

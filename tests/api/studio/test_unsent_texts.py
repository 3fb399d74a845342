"""Nothing that a person types on the page is saved or lost without their doing."""

import re

from playwright.async_api import Browser, expect

from tests.api.studio.browser import Site, card, made, visiting, write
from tests.support.fakes import FakeActivities
from workflows.brief import MAX_BRIEF_CHARS


async def test_a_closed_sheet_keeps_its_changes(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Changes to an asset stay over Escape and a reload, are marked as not saved, and are saved or discarded by a
    button."""
    fake.others = ("other-words",)
    async with visiting(browser, site.url) as page:
        production_id = await write(page)
        await card(page, "text-2").locator(".face").click()
        await page.get_by_label("Prompt").fill("A quieter middle")
        await page.get_by_label("Made by").select_option("fake/other-words")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(card(page, "text-2")).to_contain_text("Not saved")
        await expect(page.get_by_role("region", name="Decision")).to_contain_text("your changes to text-2")
        await page.reload()
        await card(page, "text-2").locator(".face").click()
        await expect(page.get_by_label("Prompt")).to_have_value("A quieter middle")
        await expect(page.get_by_label("Made by")).to_have_value("fake/other-words")
        before = (await made(site, production_id))["plan"]["assets"][1]
        await page.get_by_role("button", name="Save").click()
        await expect(card(page, "text-2")).to_contain_text("A quieter middle")
        await expect(page.get_by_role("button", name="Discard changes")).to_have_count(0)
        after = (await made(site, production_id))["plan"]["assets"][1]
        await page.get_by_label("Prompt").fill("Nobody wants this")
        await page.get_by_role("button", name="Discard changes").click()
        await expect(page.get_by_label("Prompt")).to_have_value("A quieter middle")
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("Not saved")).to_have_count(0)
    assert (before["prompt"], before["model"]) == ("part 2", "words")
    assert (after["prompt"], after["model"]) == ("A quieter middle", "other-words")


async def test_texts_of_decisions_survive(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """The text of a decision is still there after its form was folded, another one was opened, and a reload."""
    fake.fail = {"text-2"}
    async with visiting(browser, site.url) as page:
        production_id = await write(page, title="Typed once")
        await page.get_by_role("button", name="Request a new plan").click()
        await page.get_by_label("What should be different?").fill("Shorter, please")
        await page.get_by_role("button", name="Reject", exact=True).click()
        await page.reload()
        await page.get_by_role("button", name="Request a new plan").click()
        await expect(page.get_by_label("What should be different?")).to_have_value("Shorter, please")
        await page.get_by_role("button", name=re.compile("^Approve")).click()
        for path, pending in (
            (f"/#/p/{production_id}", page.locator(".waiting", has_text="text-2")),
            ("/#/attention", page.locator(".entry", has_text="Typed once")),
        ):
            await page.goto(path)
            change = pending.get_by_role("button", name="Change the prompt")
            await change.click()
            await pending.get_by_label("Prompt").fill("Say it kindly")
            await change.click()
            await page.reload()
            await change.click()
            await expect(pending.get_by_label("Prompt")).to_have_value("Say it kindly")


async def test_a_long_paste_is_kept_whole(browser: Browser, site: Site) -> None:
    """A pasted brief above the API's limit stays whole; the page states the limit and by how much it is exceeded."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        brief = page.get_by_label("Brief", exact=True)
        await brief.focus()
        await page.keyboard.insert_text("a" * (MAX_BRIEF_CHARS + 10))
        await expect(page.get_by_text("10 characters longer than the limit of 20,000 characters")).to_be_visible()
        assert len(await brief.input_value()) == MAX_BRIEF_CHARS + 10
        await expect(page.get_by_role("button", name="Create plan")).to_be_disabled()
        await brief.fill("b" * MAX_BRIEF_CHARS)
        await expect(page.get_by_text("longer than the limit")).to_have_count(0)
        await expect(page.get_by_role("button", name="Create plan")).to_be_enabled()


async def test_a_copied_brief_and_the_draft(browser: Browser, site: Site) -> None:
    """A brief that is copied into the form leaves the earlier draft within reach, and a reload keeps its changes."""
    async with visiting(browser, site.url) as page:
        production_id = await write(page, "The first brief.")
        await page.goto("/#/")
        brief = page.get_by_label("Brief", exact=True)
        await brief.fill("A draft of hours.")
        await page.goto(f"/#/from/{production_id}")
        await expect(brief).to_have_value("The first brief.")
        await brief.fill("The first brief, changed.")
        await page.reload()
        await expect(brief).to_have_value("The first brief, changed.")
        await page.get_by_role("button", name="Exchange them").click()
        await expect(brief).to_have_value("A draft of hours.")
        await page.get_by_role("button", name="Exchange them").click()
        await write(page, "The first brief, changed.", goto=False)
        await page.goto("/#/")
        await expect(brief).to_have_value("A draft of hours.")

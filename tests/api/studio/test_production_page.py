"""What a production's page always shows, and what its buttons name."""

import json
import re

import pytest
from playwright.async_api import Browser, expect
from temporalio import activity

from activities.storage.bucket import Storage
from tests.api.studio.browser import (
    SIZES,
    Site,
    approve,
    board_shows,
    card,
    delivered,
    made,
    overflow,
    twins,
    violations,
    visiting,
    write,
)
from tests.support.fakes import PROVIDER, FakeActivities
from workflows import keys
from workflows.activity_io import DraftPlan
from workflows.brief import MAX_VIDEO_SECONDS
from workflows.models import Asset, Modality, Plan


async def test_the_brief_and_the_status(browser: Browser, site: Site) -> None:
    """Before the approval and after the delivery the brief is there, as a whole on request, and at any size the status
    is next to the title, however long that is."""
    end = "the last words of it."
    async with visiting(browser, site.url) as page:
        await write(page, "A brief of many words. " * 20 + end, "A title that needs more than one line " * 4)
        for status in ("Awaiting approval", "Delivered"):
            await expect(page.locator(".production > .head .pill")).to_have_text(status)
            quote = page.get_by_role("blockquote")
            for size in SIZES.values():
                await page.set_viewport_size(size)
                await expect(quote).to_contain_text("A brief of many words.")
                await page.get_by_role("button", name="Show the whole brief").click()
                await expect(quote).to_contain_text(end)
                await page.get_by_role("button", name="Show less").click()
                title = await page.locator(".head h1").bounding_box()
                pill = await page.locator(".head .pill").bounding_box()
                assert title
                assert pill
                assert pill["x"] >= title["x"] + title["width"] - 1
                assert title["y"] <= pill["y"] < title["y"] + title["height"]
                assert await overflow(page) <= 0
            if status == "Awaiting approval":
                await approve(page)
                await delivered(page)


async def test_cancel_names_the_production(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """The button that cancels says that it cancels the production, and asks once more."""
    fake.hold("text-1")
    async with visiting(browser, site.url) as page:
        await write(page)
        await approve(page)
        await page.get_by_role("button", name="Cancel production").click()
        await page.get_by_role("button", name="Keep it").click()
        await page.get_by_role("button", name="Cancel production").click()
        await page.get_by_role("button", name="Yes, cancel it").click()
        await expect(page.locator(".production > .head .pill")).to_have_text("Cancelled")


async def test_the_longest_film(browser: Browser, site: Site) -> None:
    """The field of the length states the API's limits and accepts the longest film."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill("A long film.")
        await expect(page.get_by_text(f"From 4 to {MAX_VIDEO_SECONDS:g} seconds.")).to_be_visible()
        await page.get_by_label("Length in seconds").fill(f"{MAX_VIDEO_SECONDS:g}")
        await expect(page.get_by_text("That is 1:00:00 hours.")).to_be_visible()
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        production_id = page.url.rpartition("/")[2]
        found = await made(site, production_id)
    assert found["brief"]["duration_seconds"] == MAX_VIDEO_SECONDS


async def test_without_a_length_the_brief_decides(browser: Browser, site: Site) -> None:
    """The form sends no length of its own, so that "a 30 second film" is one."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill("A 30 second film about our lamp.")
        async with page.expect_request("**/api/v1/productions") as sent:
            await page.get_by_role("button", name="Create plan").click()
        brief = json.loads((await sent.value).post_data or "")
    assert brief["platform"] == "video"
    assert "duration_seconds" not in brief


class Shots(FakeActivities):
    """Plans a script and three shots, each with its narration and its still."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        def asset(asset_id: str, kind: Modality, label: str, prompt: str, *needs: str) -> Asset:
            role = asset_id.partition("-")[0]
            made_by = {"provider": PROVIDER, "model": "words"}
            return Asset(
                asset_id=asset_id, asset_type=kind, role=role, label=label, prompt=prompt, depends_on=needs, **made_by
            )

        assets = [asset("script", Modality.TEXT, "Script", "Write it.")]
        for k, subject in enumerate(("A keeper climbs", "The lamp is lit", "The sea goes quiet"), start=1):
            assets += [
                asset(f"narration-{k}", Modality.AUDIO, f"Narration {k}", f"{subject}, at last."),
                asset(f"still-{k}", Modality.IMAGE, f"Shot {k} · Frame", f"{subject}. Wide."),
                asset(f"shot-{k}", Modality.VIDEO, f"Shot {k} · Frame", f"{subject}. First: wide.", f"still-{k}"),
            ]
        return Plan.of("A film", assets)


class TestShots:
    @pytest.fixture
    def fake(self) -> FakeActivities:
        return Shots()

    async def test_a_shot_is_one_card(self, browser: Browser, site: Site) -> None:
        """A shot's still, take and narration are one card that is named by its content, moves as one, and opens each of
        them; the card shows the status of each."""
        async with visiting(browser, site.url, width=390, bypass_csp=True) as page:
            await page.goto("/#/")
            await page.get_by_label("Brief", exact=True).fill("Show it.")
            await page.get_by_role("button", name="Create plan").click()
            await board_shows(page, ["script", "shot-1", "shot-2", "shot-3"])
            production_id = page.url.rpartition("/")[2]
            second = card(page, "shot-2")
            await expect(second.locator("> .face strong")).to_have_text("The lamp is lit")
            await expect(second.get_by_role("button", name="Narration: Audio")).to_contain_text("The lamp is lit, at")
            await second.get_by_role("button", name="Still: Image").click()
            await expect(page.get_by_label("Prompt")).to_have_value("The lamp is lit. Wide.")
            await page.get_by_label("Prompt").fill("The lamp is lit. Close.")
            await page.keyboard.press("Escape")
            await expect(card(page, "still-2")).to_contain_text("Not saved")
            await card(page, "still-2").get_by_role("button").click()
            await page.get_by_role("button", name="Discard changes").click()
            await page.keyboard.press("Escape")
            for width in (1280, 390):
                await page.set_viewport_size(SIZES[width])
                assert await violations(page) == []
                assert await twins(page) == []
                assert await overflow(page) <= 0
            await second.get_by_role("button", name="Move The lamp is lit, position 3 of 4").press("ArrowRight")
            await board_shows(page, ["script", "shot-1", "shot-3", "shot-2"])
            await page.reload()
            await board_shows(page, ["script", "shot-1", "shot-3", "shot-2"])
            moved = [a["asset_id"] for a in (await made(site, production_id))["plan"]["assets"]]
            await approve(page)
            for part in ("still-2", "narration-2"):
                await expect(card(page, part)).to_contain_text("Done")
        assert moved[-6:] == ["narration-3", "still-3", "shot-3", "narration-2", "still-2", "shot-2"]


async def test_the_provenance_is_shown_on_request(browser: Browser, site: Site, storage: Storage) -> None:
    """The provenance of the deliverable is loaded when it is opened, and shown in plain words; a failure is shown too,
    and it is loaded again when it is opened again."""
    async with visiting(browser, site.url) as page:
        production_id = await write(page)
        await approve(page)
        await delivered(page)
        provenance = page.locator("details.provenance")
        await provenance.get_by_text("Provenance").click()
        await expect(provenance.get_by_role("status")).to_be_visible()
        key = keys.deliverable_key(production_id, 1, "content.md")
        await storage.put_bytes(key, b"# Text", "text/markdown")
        await provenance.get_by_text("Provenance").click()
        await provenance.get_by_text("Provenance").click()
        await expect(provenance.locator("dt")).to_have_text(["Signature"])
        await expect(provenance.locator("dd")).to_contain_text("none: files of this type carry no signature")
        assert await violations(page) == []

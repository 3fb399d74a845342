"""The cut as a timeline: transitions, levels and the focus of a shot are changed by pointer and by keys."""

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.api.studio.browser import SIZES, Site, board_shows, made, overflow, twins, violations, visiting
from tests.api.studio.test_production_page import Shots
from tests.support.fakes import FakeActivities
from tests.support.waiting import WITHIN


@pytest.fixture
def fake() -> FakeActivities:
    return Shots()


async def planned(page: Page) -> str:
    await page.goto("/#/")
    await page.get_by_label("Brief", exact=True).fill("Show it.")
    await page.get_by_role("radio", name=re.compile("^Video")).check(force=True)
    await page.get_by_role("button", name="Create plan").click()
    await board_shows(page, ["script", "shot-1", "shot-2", "shot-3"])
    return page.url.rpartition("/")[2]


async def cut_of(site: Site, production_id: str) -> dict[str, Any]:
    return dict((await made(site, production_id))["plan"]["cut"])


async def test_the_timeline_edits_the_cut(browser: Browser, site: Site) -> None:
    """A transition and a level are changed by keys, a transition and a focus by the pointer, and one button sends all;
    the sheet shows the same draft; the timeline is accessible and not wider than its window."""
    async with visiting(browser, site.url, bypass_csp=True) as page:
        production_id = await planned(page)
        handle = page.get_by_role("slider", name="Transition into The lamp is lit")
        await handle.focus()
        for _ in range(3):
            await page.keyboard.press("ArrowRight")
        await expect(handle).to_have_attribute("aria-valuetext", "dissolve of 0.3 s")
        level = page.get_by_label("Level of music, dB")
        await level.focus()
        await page.keyboard.press("ArrowLeft")
        await page.locator(".track.picture .face").nth(1).click()
        point = page.get_by_role("button", name=re.compile("^Focus of The lamp is lit"))
        await point.focus()
        await page.keyboard.press("ArrowLeft")
        await expect(point).to_have_accessible_name(re.compile("45 % from the left, 50 % from the top"))
        await point.scroll_into_view_if_needed()
        still, at = await page.locator(".focus-still").bounding_box(), await point.bounding_box()
        assert still
        assert at
        await page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        await page.mouse.down()
        await page.mouse.move(still["x"] + still["width"] * 0.8, still["y"] + still["height"] * 0.25, steps=3)
        await page.mouse.up()
        await expect(point).to_have_accessible_name(re.compile("80 % from the left, 25 % from the top"))
        for width in (1280, 390):
            await page.set_viewport_size(SIZES[width])
            assert await violations(page) == []
            assert await twins(page) == []
            assert await overflow(page) <= 0
        await page.set_viewport_size(SIZES[1280])
        await page.get_by_role("button", name=re.compile("^Cut")).click()
        await expect(page.locator("#join-shot-2")).to_have_value("dissolve")
        await page.get_by_label("Title over the begin", exact=True).press_sequentially("Dawn")
        await page.keyboard.press("Escape")
        await page.reload()
        await page.get_by_role("button", name=re.compile("^Cut")).click()
        await expect(page.get_by_label("Title over the begin", exact=True)).to_have_value("Dawn")
        await page.get_by_role("dialog").get_by_role("button", name="Apply the cut").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        cut = await cut_of(site, production_id)
    assert cut["title"]["text"] == "Dawn"
    assert cut["transitions"] == {"shot-2": {"kind": "dissolve", "seconds": 0.3}}
    assert cut["levels"]["music"] == -9
    assert cut["focus"] == {"shot-2": {"x": 0.8, "y": 0.25}}


async def test_a_destination_is_chosen(browser: Browser, site: Site) -> None:
    """The sheet offers the destinations with their limits; the choice is among the renditions, and the crops of a shot
    show its aspect."""
    async with visiting(browser, site.url) as page:
        production_id = await planned(page)
        await page.get_by_role("button", name=re.compile("^Cut")).click()
        await page.get_by_label(re.compile("^TikTok · 9:16, up to 10:00")).check()
        await page.get_by_label("Captions where films play without sound at first").select_option("words")
        await page.get_by_role("dialog").get_by_role("button", name="Apply the cut").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.locator(".track.picture .face").first.click()
        await expect(page.locator(".crops li")).to_have_text(["9:16"])
        cut = await cut_of(site, production_id)
    assert (cut["renditions"], cut["muted_captions"]) == (["tiktok"], "words")


async def test_two_people_change_the_cut(browser: Browser, site: Site) -> None:
    """What another person changes while the sheet is open stays in the cut; where both change the same text, the page
    names it before it is replaced."""
    async with visiting(browser, site.url) as page:
        production_id = await planned(page)

        async def change(**fields: Any) -> None:
            """What the other person sends."""
            plan = (await made(site, production_id))["plan"]
            edits = [{"op": "cut", "cut": {**plan["cut"], **fields}}]
            body = {"plan_digest": plan["digest"], "edits": edits, "editor": "bo"}
            async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
                (await http.patch(f"/api/v1/productions/{production_id}/plan", json=body)).raise_for_status()

        await page.get_by_role("button", name=re.compile("^Cut")).click()
        await page.locator("#join-shot-2").select_option("dissolve")
        await change(transitions={"shot-3": {"kind": "wipe", "seconds": 1}}, fade_out_seconds=2)
        await expect(page.locator("#join-shot-3")).to_have_value("wipe")
        await page.locator("#cut-title").fill("Mine")
        await page.locator("#cut-title").blur()
        await change(title={"text": "Theirs", "seconds": 3})
        warning = page.get_by_role("dialog").get_by_role("alert")
        await expect(warning).to_contain_text("Someone else has changed title meanwhile.")
        await page.get_by_role("dialog").get_by_role("button", name="Apply the cut").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        cut = await cut_of(site, production_id)
    assert {i: each["kind"] for i, each in cut["transitions"].items()} == {"shot-2": "dissolve", "shot-3": "wipe"}
    assert (cut["fade_out_seconds"], cut["title"]["text"]) == (2, "Mine")

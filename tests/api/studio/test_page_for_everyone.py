"""The page with hostile text, with the keyboard only, in every size and theme, and behind a key."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from temporalio import activity
from temporalio.client import Client

from activities.storage.bucket import Storage
from api.auth import key_file
from api.auth.roles import Role
from deploy.local import Stack
from tests.api.studio.browser import (
    PNG,
    SIZES,
    Site,
    approve,
    board_shows,
    card,
    delivered,
    overflow,
    show,
    twins,
    violations,
    visiting,
    write,
)
from tests.support.fakes import FakeActivities
from tests.support.stack import use_s3
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.activity_io import AssetFailure, DraftPlan, PricePlan
from workflows.models import Plan

HOSTILE = '<img src=x onerror="window.hacked=1;alert(1)"></script><script>window.hacked=1;alert(2)</script>'


# -- Accessibility and hostile text --------------------------------------------------------------------------------


class Hostile(FakeActivities):
    """A planner whose every text is an attack."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        plan = await super().draft_plan(request)
        assets = [
            a.model_copy(update={"label": HOSTILE, "prompt": HOSTILE * 3, "original": HOSTILE}) for a in plan.assets
        ]
        return Plan.of(HOSTILE[:200], assets, HOSTILE, [HOSTILE])

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        priced = await super().price_plan(request)
        return priced.model_copy(update={"warnings": (HOSTILE,)})


class TestHostileWords:
    @pytest.fixture
    def fake(self) -> FakeActivities:
        fake = Hostile()
        fake.fail = {"text-2"}
        return fake

    async def test_hostile_text_is_shown_as_it_is(self, browser: Browser, site: Site) -> None:
        """A brief, a plan and a person's name full of HTML and script are shown as they are, and nothing runs."""
        async with visiting(browser, site.url) as page:
            await page.goto("/#/settings")
            await page.get_by_label("Your name").fill(HOSTILE)
            production_id = await write(page, HOSTILE, HOSTILE)
            await expect(page.get_by_role("blockquote")).to_have_text(HOSTILE)
            await expect(page.locator(".warnings")).to_contain_text(HOSTILE)
            await card(page, "text-1").locator(".face").click()
            await expect(page.get_by_label("Prompt")).to_have_value(HOSTILE * 3)
            await page.get_by_role("button", name="Close", exact=True).click()
            await approve(page)
            await expect(page.get_by_role("button", name="Try again")).to_be_visible()
            await page.get_by_text("Event log").click()
            for path in ("attention", "productions", f"p/{production_id}/text-2", "settings"):
                await show(page, path)
            found = await page.evaluate("[window.hacked ?? null, document.scripts.length]")
            assert found == [None, 2]
            assert await page.locator("main img").count() == 0


async def test_keyboard_only(browser: Browser, site: Site) -> None:
    """The whole way from the brief to the delivery works with the keyboard only, and focus returns to its last
    element."""
    async with visiting(browser, site.url) as page:
        keys = page.keyboard
        await page.goto("/")
        await expect(page.get_by_role("heading", name="New production")).to_be_visible()
        await keys.press("Tab")
        await keys.press("Enter")  # skips to the content
        await _tab_to(page, "#brief")
        await keys.type("Say it with keys.")
        await _tab_to(page, "[name=platform]")
        for _ in range(3):
            await keys.press("ArrowRight")
        await expect(page.get_by_role("radio", name=re.compile("^Copy"))).to_be_checked()
        await _tab_to(page, ".send button")
        await keys.press("Enter")
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        await _tab_to(page, ".card[data-asset=text-1] .face")
        await keys.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await keys.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator(".card[data-asset=text-1] .face")).to_be_focused()
        await keys.press("Tab")
        await keys.press("ArrowRight")
        await board_shows(page, ["text-2", "text-1", "text-3"])
        await _tab_to(page, ".decision .primary")
        await keys.press("Enter")
        await delivered(page)


async def _tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def follow(page: Page, path: str) -> None:
    """Open another view as a link of the page does, which loads nothing again, and wait until it is complete."""
    await page.evaluate("for (const each of document.querySelectorAll('main h1')) each.dataset.old = 'yes'")
    await page.evaluate("(path) => { location.hash = `#/${path}`; }", path)
    await expect(page.locator("[data-old]")).to_have_count(0)
    await expect(page.locator("main h1").first).to_be_visible()
    await expect(page.get_by_text(re.compile("^Loading"))).to_have_count(0)


async def test_every_view_is_accessible(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """No view has a serious violation of axe-core's rules in either theme, two elements of one id, or is wider than the
    window at any size."""
    word = "donaudampfschiff" * 12
    async with visiting(browser, site.url) as page:
        waits = await write(page, f"A brief with a very long word: {word}", word)
        done = await write(page, title="Done")
        await approve(page)
        await delivered(page)
        fake.failures["text-2"] = AssetFailure(message=f"{word} went wrong", job_id=word)
        fails = await write(page, title=f"Fails: {word}")
        await approve(page)
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    lists = ("productions", "batches", "schedules", "attention", "settings", "p/nothing")
    found: list[str] = []
    async with visiting(browser, site.url, bypass_csp=True) as page:
        for path in ("", f"p/{waits}", f"p/{waits}/text-1", f"p/{done}", f"p/{done}/text-1", f"p/{fails}", *lists):
            await (follow if path in lists else show)(page, path)
            found += [f"{path}: {each}" for each in await violations(page)]
            found += [f"{path}: two are called {each}" for each in await twins(page)]
            await page.emulate_media(color_scheme="dark")
            found += [f"{path} in the dark: {each}" for each in await violations(page, "color-contrast")]
            await page.emulate_media(color_scheme="light")
            for width, size in SIZES.items():
                await page.set_viewport_size(size)
                if (wide := await overflow(page)) > 0:
                    found.append(f"{path} at {width}: {wide} px too wide")
    assert not found, "\n".join(found)


# -- Signing in -----------------------------------------------------------------------------------------------


@pytest.fixture
async def locked(
    client: Client, servers: Stack, storage: Storage, fake: FakeActivities, tmp_path: Path
) -> AsyncIterator[tuple[Site, dict[str, str]]]:
    """The page of an API that requires keys, and the keys by their names."""
    file = tmp_path / "keys.toml"
    roles = {"rita": [Role.REQUESTER], "adam": [Role.APPROVER]}
    held = {name: key_file.create(file, name, "studio", of_it) for name, of_it in roles.items()}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        site = Site(client, {"GREENLIGHT_BUCKET": "tests", "GREENLIGHT_API_KEYS": str(file)})
        async with fake.working(client):
            await site.start()
            yield site, held
            await site.stop()


async def sign_in(page: Page, key: str) -> None:
    await page.get_by_label("Your API key").fill(key)
    await page.get_by_role("button", name="Sign in").click()


async def test_signing_in_at_the_page(browser: Browser, locked: tuple[Site, dict[str, str]], storage: Storage) -> None:
    """The page requests a key, shows its name, hides the actions that its role may not use, and forgets it on signing
    out."""
    site, held = locked
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await violations(page) == []
        await sign_in(page, "gl_wrong")
        await expect(page.get_by_role("alert")).to_contain_text("no key of this API")
        await sign_in(page, held["rita"])
        await expect(page.get_by_role("link", name="rita")).to_be_visible()
        await page.get_by_label("Brief", exact=True).fill("Say it.")
        await page.get_by_role("radio", name=re.compile("^Copy")).check(force=True)
        await page.reload()
        await expect(page.get_by_label("Brief", exact=True)).to_have_value("Say it.")
        assert await page.evaluate("JSON.stringify({ ...localStorage })") == "{}"
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_text("The plan waits for an approver.")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
        plan = page.url
        await page.reload()
        await expect(page.get_by_text("The plan waits for an approver.")).to_be_visible()
        assert await page.evaluate("document.cookie + JSON.stringify({ ...localStorage })") == "{}"
        await page.get_by_role("button", name="Request a new plan").click()
        await page.get_by_label("What should be different?").fill("rita wants it shorter")
        await page.goto("/#/settings")
        await expect(page.get_by_text("Signed in as rita of studio: requester.")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Your API key")).to_be_focused()
        assert "rita" not in await page.locator("body").inner_text()
        assert await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])") == "[{},{}]"
        await page.goto(plan)
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await sign_in(page, held["adam"])
        await page.get_by_role("button", name=re.compile("^Approve")).click()
        await delivered(page)
        production_id = plan.rpartition("/")[2]
        assert production_id.startswith("studio.")
        # A document that models wrote shows the pictures next to it, and runs nothing in the name of its viewer.
        await storage.put_bytes(keys.deliverable_key(production_id, 1, "images/a.png"), PNG, "image/png")
        written = b'<img src="images/a.png"><script>fetch("/api/v1/session", { method: "DELETE" })</script>'
        await storage.put_bytes(keys.deliverable_key(production_id, 1, "page.html"), written, "text/html")
        async with page.expect_response("**/images/a.png") as picture:
            await page.goto(f"/api/v1/productions/{production_id}/deliverable/1/page.html")
        assert (await picture.value).status == 200
        await page.goto("/#/")
        await expect(page.get_by_role("link", name="adam")).to_be_visible()
    async with httpx.AsyncClient(
        base_url=site.url, timeout=WITHIN, headers={"Authorization": f"Bearer {held['adam']}"}
    ) as http:
        made = (await http.get(f"/api/v1/productions/{production_id}")).json()
    assert (made["brief"]["requester"], made["approval"]["approver"]) == ("rita", "adam")

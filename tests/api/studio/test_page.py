"""The studio page in a real browser: from a brief to a film, over failures, restarts and hostile words."""

import base64
import gzip
import io
import re
import zipfile
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect
from temporalio import activity
from temporalio.client import Client

from activities.storage.bucket import Storage
from api.auth import key_file
from api.auth.roles import Role
from api.routes import studio_page
from deploy.local import Stack
from tests.api.studio.browser import (
    SIZES,
    Site,
    approve,
    brief,
    card,
    delivered,
    made,
    overflow,
    show,
    twins,
    violations,
    visiting,
    write,
)
from tests.support.fakes import FakeActivities
from tests.support.stack import use_s3
from workflows import keys
from workflows.activity_io import AssetFailure, DraftPlan, PricePlan
from workflows.models import Modality, Plan

HOSTILE = '<img src=x onerror="window.hacked=1;alert(1)"></script><script>window.hacked=1;alert(2)</script>'
MOST_BYTES = 150_000
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


# -- What is served ------------------------------------------------------------------------------------------


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def test_the_page_is_served(site: Site, servers: Stack) -> None:
    """Browsers get the page with a strict policy, others the JSON; files are cached, and only they are served."""
    async with httpx.AsyncClient(base_url=site.url) as http:
        page = await http.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        json = await http.get("/")
        script = await http.get("/studio/app.js")
        again = await http.get("/studio/app.js", headers={"If-None-Match": script.headers["etag"]})
        outside = [await http.get(f"/studio/{name}") for name in ("../studio.py", "%2e%2e/app.py", "index.html", "")]
    assert json.json()["name"] == "greenlight"
    assert page.headers["content-type"].startswith("text/html")
    assert dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' {servers.info.s3_endpoint}",
        "media-src": f"'self' {servers.info.s3_endpoint}",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert (script.status_code, again.status_code, again.content) == (200, 304, b"")
    assert script.headers["content-type"].startswith("text/javascript")
    assert [answer.status_code for answer in outside] == [404] * 4
    tags = _Tags()
    tags.feed(page.text)
    assert not [a for _, attrs in tags.found for a in attrs if a.startswith("on") or a == "style"]
    loaded = [a.get("src") or a.get("href") for tag, a in tags.found if tag in ("script", "link")]
    assert loaded
    assert all(address and address.startswith("/studio/") for address in loaded)


def test_the_page_is_light() -> None:
    """All files of the page together are below 150 kB on their way, parse no markup and name no other host."""
    files = [path for path in studio_page.FOLDER.rglob("*") if path.is_file()]
    assert {".html", ".js", ".css", ".svg"} == {path.suffix for path in files}
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MOST_BYTES
    parsing = r"https?://\w|innerHTML|outerHTML|insertAdjacent|document\.write|\beval\("
    for path in files:
        words = path.read_text().replace("http://www.w3.org/", "")
        assert not re.search(parsing, words), path.name


async def test_bytes_through_the_api(site: Site, fake: FakeActivities, storage: Storage, tmp_path: Path) -> None:
    """Files of a deliverable and words of takes come sandboxed from here; the archive leaves out what is gone."""
    async with httpx.AsyncClient(base_url=site.url) as http:
        started = await http.post("/api/v1/productions", json={"text": "Say it.", "platform": "copy"})
        path = f"/api/v1/productions/{started.json()['production_id']}"
        early = await http.get(f"{path}/deliverable.zip")
        async with http.stream("GET", f"{path}/events") as events:
            async for line in events.aiter_lines():
                if line == "event: plan_ready":
                    break
        plan = (await http.get(path)).json()["plan"]
        await http.post(f"{path}/approve", json={"plan_digest": plan["digest"]})
        async with http.stream("GET", f"{path}/events") as events:
            assert [line async for line in events.aiter_lines() if line == "event: done"]
        (tmp_path / "page").write_text("<script>alert(1)</script>")
        prefix = path.removeprefix("/api/v1/")
        await storage.put_file(f"{prefix}/deliverable/1/content.html", tmp_path / "page", "text/html; charset=utf-8")
        await storage.put_file(f"{prefix}/assets/text-1/takes/1/media.txt", tmp_path / "page", "text/html")
        page = await http.get(f"{path}/deliverable/1/content.html")
        words = await http.get(f"{path}/assets/text-1/takes/1/text")
        wrong = ("deliverable/2/content.html", "deliverable/1/..%2f1%2fcontent.html", "assets/text-1/takes/9/text")
        none = [await http.get(f"{path}/{each}") for each in (*wrong, "assets/text-9/takes/1/text")]
        archive = await http.get(f"{path}/deliverable.zip")
    assert (early.status_code, early.headers["content-type"]) == (409, "application/problem+json")
    assert page.text == words.text == "<script>alert(1)</script>"
    assert words.headers["content-type"].startswith("text/plain")
    for answer in (page, words):
        assert answer.headers["content-security-policy"].startswith("sandbox allow-same-origin; default-src 'none'; ")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert [answer.status_code for answer in none] == [404] * 4
    assert zipfile.ZipFile(io.BytesIO(archive.content)).namelist() == ["takes/text-1.txt"]


# -- The whole journey -----------------------------------------------------------------------------------------


async def test_from_a_brief_to_a_film(browser: Browser, local_stack: Stack, tmp_path: Path) -> None:
    """On the real stack a newcomer gets from an empty page to a film that plays, with captions, chapters and files."""
    async with visiting(browser, local_stack.info.api_url) as page:
        await page.goto("/")
        await expect(page.get_by_role("button", name="Plan it")).to_be_disabled()
        production_id = await brief(page, "A lighthouse at dusk", 8)
        await expect(page.get_by_role("button", name="Approve · free")).to_be_enabled()
        await expect(page.locator(".card")).to_have_count(7)
        await approve(page)
        await expect(page.locator(".card[data-status=generating]").first).to_be_visible()
        await expect(page.locator(".card[data-asset=still-1] .frame img")).to_be_visible(timeout=60_000)
        film = page.locator(".film")
        await expect(film).to_be_visible(timeout=60_000)
        await delivered(page)
        chapters = page.get_by_role("list", name="Chapters").get_by_role("button")
        await expect(chapters).to_have_count(2)
        await chapters.nth(1).click()
        await expect(chapters.nth(1)).to_have_attribute("aria-current", "true")
        await film.evaluate("(film) => { film.muted = true; return film.play(); }")
        await page.wait_for_function("() => document.querySelector('.film').currentTime > 4.2")
        assert await film.evaluate("(film) => film.textTracks[0].cues.length") == 2
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Everything").click()
        await (await waiting.value).save_as(tmp_path / "all.zip")
        names = zipfile.ZipFile(io.BytesIO((tmp_path / "all.zip").read_bytes())).namelist()
        assert {"deliverable.mp4", "captions.vtt", "manifest.json", "takes/shot-2.mp4", "takes/script.md"} <= {*names}
        await page.goto("/#/productions")
        await expect(page.locator(f"a[href='#/p/{production_id}'] .pill")).to_have_text("Delivered")
        post = await brief(page, "Poster for a jazz night")
        await page.get_by_role("button", name="Watch a free preview").click()
        preview = page.get_by_role("region", name="Preview")
        await expect(preview.locator("iframe")).to_be_visible(timeout=60_000)
        await expect(page.get_by_role("list", name="Storyboard").get_by_role("presentation")).to_have_count(3)
        await expect(page.get_by_text("Awaiting approval")).to_be_visible()
        await approve(page)
        await delivered(page, 60_000)  # until then a preview that looks the same may stand there
        document = page.frame_locator(".reader iframe")
        await expect(document.get_by_role("heading", name="Jazz by the sea")).to_be_visible()
        await expect(page.get_by_role("list", name="Pictures").get_by_role("img")).to_have_count(3)
        assert await document.locator("img").first.evaluate("(i) => i.decode().then(() => i.naturalWidth)") > 0
        assert post != production_id


# -- Creating ----------------------------------------------------------------------------------------------------


async def test_chips(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Text is always on; what a platform has not, or nothing makes, cannot be chosen, and its tooltip says why."""
    fake.enabled = (Modality.TEXT, Modality.IMAGE)
    allowed = {
        "Video": ("text", "image", "video", "audio"),
        "Social post": ("text", "image"),
        "Design": ("text", "image"),
        "Copy": ("text",),
        "Creative brief": ("text",),
    }
    async with visiting(browser, site.url) as page:
        await page.goto("/")
        await expect(page.locator("[data-modality=video]")).to_have_attribute("aria-disabled", "true")
        for platform, modalities in allowed.items():
            await page.get_by_role("radio", name=re.compile(f"^{platform}")).check(force=True)
            for modality in Modality:
                chip = page.locator(f"[data-modality={modality}]")
                free = modality in modalities and modality is Modality.IMAGE
                on = modality in modalities and modality in fake.enabled
                await expect(chip).to_have_attribute("aria-pressed", str(on).lower())
                if free:
                    await expect(chip).not_to_have_attribute("aria-disabled", "true")
                    continue
                await expect(chip).to_have_attribute("aria-disabled", "true")
                why = (
                    "Text is always on"
                    if modality is Modality.TEXT
                    else f"Configure a {modality} provider in Settings first"
                    if modality in modalities
                    else f"{platform} has no {modality}"
                )
                await expect(chip).to_have_accessible_description(why)
                await chip.hover()
                await expect(
                    page.get_by_role("tooltip", name=why).or_(page.locator(f"#why-{modality}"))
                ).to_be_visible()
                await chip.click(force=True)
                await expect(chip).to_have_attribute("aria-pressed", str(on).lower())
        await page.get_by_role("radio", name=re.compile("^Video")).check(force=True)
        await page.get_by_role("link", name="See what enables it").click()
        await expect(page.get_by_text("FAKE_API_KEY").first).to_be_visible()


async def test_a_refused_brief_keeps_its_words(browser: Browser, site: Site) -> None:
    """What the API refuses is said in words beside the button, and a reload loses nothing of the brief."""
    async with visiting(browser, site.url) as page:
        await page.goto("/")
        await page.get_by_label("Brief", exact=True).fill("Keep these words.")
        await page.get_by_role("radio", name=re.compile("^Copy")).check(force=True)
        await page.get_by_label("Budget").fill("much")
        await page.get_by_role("button", name="Plan it").click()
        await expect(page.get_by_role("alert")).to_contain_text("budget usd", ignore_case=True)
        await page.reload()
        await expect(page.get_by_label("Brief", exact=True)).to_have_value("Keep these words.")
        await page.get_by_label("Budget").fill("1")
        await page.get_by_role("button", name="Plan it").click()
        await expect(page.get_by_role("button", name="Approve · up to $0.03")).to_be_visible()


async def test_references(browser: Browser, site: Site) -> None:
    """Pictures are dropped, pasted or named by their address, described, and sent along with the brief."""
    picture = base64.b64encode(PNG).decode()
    bring = """([bytes, how]) => {
        const data = new DataTransfer();
        const file = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
        data.items.add(new File([file], `${how}.png`, { type: 'image/png' }));
        const at = document.querySelector('.references');
        at.dispatchEvent(how === 'drop' ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }"""
    async with visiting(browser, site.url) as page:
        await page.goto("/")
        await expect(page.locator(".references")).to_be_visible()
        shows = page.get_by_label(re.compile("^What reference . shows"))
        for number, how in enumerate(("drop", "paste"), start=1):
            await page.evaluate(bring, [picture, how])
            await expect(shows).to_have_count(number)
        await page.get_by_label("Address of a picture").fill("https://example.com/bottle.png")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(shows.nth(0)).to_have_value("drop")
        await page.get_by_role("button", name="Remove reference 2").click()
        await page.get_by_label("What reference 2 is for").fill("Keep this bottle")
        production_id = await write(page, goto=False)
        sent = (await made(site, production_id))["brief"]["references"]
    assert sent[0]["source"].startswith("stored:references/")
    assert sent[0]["name"] == "drop"
    assert sent[1] == {"source": "https://example.com/bottle.png", "name": "", "note": "Keep this bottle"}


# -- The plan ------------------------------------------------------------------------------------------------------


async def test_edit_reorder_approve(browser: Browser, site: Site) -> None:
    """Prompts are changed, cards moved by drag and by keys, dropped and added; the approval is of what is shown."""
    async with visiting(browser, site.url) as page:
        production_id = await write(page)
        await expect(page.get_by_role("button", name="Approve · up to $0.03")).to_be_visible()
        await card(page, "text-1").locator(".face").click()
        await page.get_by_label("Prompt").fill("A louder beginning")
        await page.get_by_role("button", name="Save").click()
        await expect(card(page, "text-1")).to_contain_text("A louder beginning")
        await page.go_back()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await card(page, "text-1").drag_to(card(page, "text-3"))
        await _until(page, ["text-2", "text-3", "text-1"])
        await card(page, "text-3").get_by_role("button", name=re.compile("^Move")).press("ArrowLeft")
        await _until(page, ["text-3", "text-2", "text-1"])
        await card(page, "text-2").locator(".face").click()
        await page.get_by_role("button", name="Drop it").click()
        await _until(page, ["text-3", "text-1"])
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_label("Prompt").fill("One more thing")
        await page.get_by_role("button", name="Add it to the plan").click()
        await _until(page, ["text-3", "text-1", "body-1"])
        await page.reload()
        await _until(page, ["text-3", "text-1", "body-1"])
        await page.get_by_label("Approved by").fill("Ana")
        await page.get_by_label("Spend at most").fill("0.5")
        await page.get_by_role("button", name="Approve · up to $0.50").click()
        await delivered(page)
        done = await made(site, production_id)
    assert [a["asset_id"] for a in done["assets"]] == ["text-3", "text-1", "body-1"]
    assert done["assets"][1]["prompt"] == "A louder beginning"
    assert (done["approval"]["approver"], done["budget_usd"]) == ("Ana", "0.5")


async def _until(page: Page, wanted: list[str]) -> None:
    await page.wait_for_function(
        """wanted => {
            const board = document.querySelector('.board:not([data-busy])');
            return board && [...board.children].map((card) => card.dataset.asset).join() === wanted;
        }""",
        arg=",".join(wanted),
    )


async def test_a_new_plan_and_a_rejection(browser: Browser, site: Site) -> None:
    """A plan is asked for again in words and shows them; a rejected one says why and can be begun anew."""
    async with visiting(browser, site.url) as page:
        await write(page)
        await page.get_by_role("button", name="Ask for a new plan").click()
        await page.get_by_label("What should be different?").fill("shorter")
        await page.get_by_role("button", name="Plan again").click()
        await expect(card(page, "text-1")).to_contain_text("part 1 · shorter")
        await page.get_by_role("button", name="Reject", exact=True).click()
        await page.get_by_label("Why?").fill("Not this year")
        await page.get_by_role("button", name="Reject the plan").click()
        await expect(page.get_by_text("Not this year").first).to_be_visible()
        await page.get_by_role("link", name="Start again from this brief").click()
        await expect(page.get_by_label("Brief", exact=True)).to_have_value("Say it.")


# -- For everybody -------------------------------------------------------------------------------------------------


class Hostile(FakeActivities):
    """A planner whose every word is an attack."""

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

    async def test_hostile_words_do_nothing(self, browser: Browser, site: Site) -> None:
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
            await page.get_by_text("What happened").click()
            for path in ("attention", "productions", f"p/{production_id}/text-2", "settings"):
                await show(page, path)
            found = await page.evaluate("[window.hacked ?? null, document.scripts.length]")
            assert found == [None, 2]
            assert await page.locator("main img").count() == 0


async def test_keyboard_alone(browser: Browser, site: Site) -> None:
    """The whole way from the brief to the delivery is gone with keys alone, and focus comes back where it was."""
    async with visiting(browser, site.url) as page:
        keys = page.keyboard
        await page.goto("/")
        await expect(page.get_by_role("heading", name="What shall we make?")).to_be_visible()
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
        await _until(page, ["text-2", "text-1", "text-3"])
        await _tab_to(page, ".decision .primary")
        await keys.press("Enter")
        await delivered(page)


async def _tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def test_every_view(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """No view has a serious violation of axe-core's rules in either theme, two elements of one id, or is wider than
    the window at any size."""
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
            await show(page, path)
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


async def test_many(browser: Browser, site: Site) -> None:
    """A file of briefs becomes a batch with its table, approved together; a schedule is made, run and deleted."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/batches")
        rows = b'key,text,platform,title\nb-one,"Say ""one"", loudly.",copy,One\nb-two,Say two.,copy,Two\n'
        await page.locator("input[type=file]").set_input_files(
            {"name": "briefs.csv", "mimeType": "text/csv", "buffer": rows}
        )
        await expect(page.get_by_role("cell", name='Say "one", loudly.')).to_be_visible()
        await page.get_by_role("button", name="Start the batch").click()
        await page.get_by_role("button", name=re.compile("^Approve all · up to")).click()
        await expect(page.get_by_text("2 of 2 briefs")).to_be_visible()
        await expect(page.get_by_role("row", name=re.compile("b-two Delivered"))).to_be_visible()
        await page.goto("/#/schedules")
        await page.get_by_role("button", name="New").click()
        await page.get_by_label("Name").fill("Every Monday here")
        await page.get_by_label("Brief", exact=True).fill("Say good morning.")
        await page.get_by_label("Platform").select_option("copy")
        await page.get_by_role("button", name="Make the schedule").click()
        line = page.locator(".schedule", has_text="Every Monday here")
        await expect(line).to_contain_text("Next")
        await line.get_by_role("button", name="Pause").click()
        await expect(line.get_by_role("button", name="Resume")).to_be_visible()
        await line.get_by_role("button", name="Run now").click()
        await expect(page.get_by_text("A production was started")).to_be_visible()
        await line.get_by_role("button", name="Delete").click()
        await expect(line).to_have_count(0)


async def test_show_more(browser: Browser, site: Site) -> None:
    """Lists that are longer than a page show the next one when asked."""
    async with visiting(browser, site.url) as page:

        async def smaller(route: Route) -> None:
            await route.continue_(url=route.request.url.replace("page_size=50", "page_size=1"))

        for words in ("Say one.", "Say two."):
            await write(page, words)
            await page.request.post(
                "/api/v1/batches", data={"rows": [{"brief": {"text": words}}], "defaults": {"platform": "copy"}}
            )
        await page.route("**/api/v1/*page_size=50*", smaller)
        for path in ("productions", "batches"):
            await show(page, path)
            lines = page.locator(".rows > li")
            await expect(lines).to_have_count(1)
            await page.get_by_role("button", name="Show more").click()
            await expect(lines).to_have_count(2)


# -- Signing in -----------------------------------------------------------------------------------------------


@pytest.fixture
async def locked(
    client: Client, servers: Stack, storage: Storage, fake: FakeActivities, tmp_path: Path
) -> AsyncIterator[tuple[Site, dict[str, str]]]:
    """The page of an API that asks for keys, and the keys by their names."""
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
    """The page asks for a key, says whose it is, leaves out what its role may not, and forgets it on signing out."""
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
        await page.get_by_role("button", name="Plan it").click()
        await expect(page.get_by_text("It waits for an approver.")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
        plan = page.url
        await page.reload()
        await expect(page.get_by_text("It waits for an approver.")).to_be_visible()
        assert await page.evaluate("document.cookie + JSON.stringify({ ...localStorage })") == "{}"
        await page.goto("/#/settings")
        await expect(page.get_by_text("Signed in as rita of studio: requester.")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Your API key")).to_be_focused()
        assert "rita" not in await page.locator("body").inner_text()
        await page.goto(plan)
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await sign_in(page, held["adam"])
        await page.get_by_role("button", name=re.compile("^Approve")).click()
        await delivered(page)
        production_id = plan.rpartition("/")[2]
        assert production_id.startswith("studio.")
        # A document that models wrote shows the pictures beside it, and runs nothing in the name of who looks at it.
        await storage.put_bytes(keys.deliverable_key(production_id, 1, "images/a.png"), PNG, "image/png")
        written = b'<img src="images/a.png"><script>fetch("/api/v1/session", { method: "DELETE" })</script>'
        await storage.put_bytes(keys.deliverable_key(production_id, 1, "page.html"), written, "text/html")
        async with page.expect_response("**/images/a.png") as picture:
            await page.goto(f"/api/v1/productions/{production_id}/deliverable/1/page.html")
        assert (await picture.value).status == 200
        await page.goto("/#/")
        await expect(page.get_by_role("link", name="adam")).to_be_visible()
    async with httpx.AsyncClient(base_url=site.url, headers={"Authorization": f"Bearer {held['adam']}"}) as http:
        made = (await http.get(f"/api/v1/productions/{production_id}")).json()
    assert (made["brief"]["requester"], made["approval"]["approver"]) == ("rita", "adam")

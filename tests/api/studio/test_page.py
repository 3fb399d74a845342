"""The studio page in a real browser: from a brief to a film, over failures and restarts."""

import base64
import io
import re
import zipfile
from pathlib import Path

from playwright.async_api import Browser, Route, expect

from deploy.local import Stack
from tests.api.studio.browser import (
    PNG,
    Site,
    approve,
    board_shows,
    brief,
    card,
    delivered,
    made,
    overflow,
    show,
    violations,
    visiting,
    write,
)
from tests.support.fakes import FakeActivities
from workflows.models import Modality

# -- The whole journey -----------------------------------------------------------------------------------------


async def test_from_a_brief_to_a_film(browser: Browser, local_stack: Stack, tmp_path: Path) -> None:
    """On the real stack a new user gets from an empty page to a film that plays, with captions, chapters and files."""
    async with visiting(browser, local_stack.info.api_url) as page:
        await page.goto("/")
        await expect(page.get_by_role("button", name="Create plan")).to_be_disabled()
        production_id = await brief(page, "A lighthouse at dusk", 8)
        await expect(page.get_by_role("button", name="Approve · free")).to_be_enabled()
        await expect(page.locator(".card")).to_have_count(3)
        await expect(page.locator(".part")).to_have_count(4)
        await expect(card(page, "shot-1")).to_contain_text("A keeper climbs the lighthouse at dusk")
        await approve(page)
        await expect(page.locator(":is(.card, .part)[data-status=generating]").first).to_be_visible()
        await expect(page.locator(".card[data-asset=shot-1] .frame img")).to_be_visible()
        film = page.locator(".film")
        await expect(film).to_be_visible()
        await delivered(page)
        chapters = page.get_by_role("list", name="Chapters").get_by_role("button")
        await expect(chapters).to_have_count(2)
        await chapters.nth(1).click()
        await expect(chapters.nth(1)).to_have_attribute("aria-current", "true")
        await film.evaluate("(film) => { film.muted = true; return film.play(); }")
        await page.wait_for_function("() => document.querySelector('.film').currentTime > 4.2")
        assert await film.evaluate("(film) => film.textTracks[0].cues.length") == 2
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Download all").click()
        await (await waiting.value).save_as(tmp_path / "all.zip")
        names = zipfile.ZipFile(io.BytesIO((tmp_path / "all.zip").read_bytes())).namelist()
        assert {"deliverable.mp4", "captions.vtt", "manifest.json", "takes/shot-2.mp4", "takes/script.md"} <= {*names}
        await page.get_by_text("Export for editing").click()
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Final Cut Pro").click()
        await (await waiting.value).save_as(tmp_path / "edit.zip")
        names = zipfile.ZipFile(io.BytesIO((tmp_path / "edit.zip").read_bytes())).namelist()
        assert {f"{production_id}/timeline.fcpxml", f"{production_id}/media/shot-2.mp4"} <= {*names}
        await page.goto("/#/productions")
        line = page.locator(f"a[href='#/p/{production_id}']")
        await expect(line.locator(".pill")).to_have_text("Delivered")
        picture = await line.locator("img").evaluate("(i) => i.decode().then(() => [i.naturalWidth, i.naturalHeight])")
        assert picture == [192, 108]
        post = await brief(page, "Poster for a jazz night")
        await page.get_by_role("button", name="Watch a free preview").click()
        preview = page.get_by_role("region", name="Preview")
        await expect(preview.locator("iframe")).to_be_visible()
        async with visiting(browser, local_stack.info.api_url) as approver:
            await show(approver, f"p/{post}")
            await expect(approver.get_by_role("region", name="Preview").locator("iframe")).to_be_visible()
            await expect(approver.get_by_role("button", name="Watch a free preview")).to_have_count(0)
        await expect(page.get_by_role("list", name="Storyboard").get_by_role("presentation")).to_have_count(3)
        await expect(page.get_by_text("Awaiting approval")).to_be_visible()
        await approve(page)
        await delivered(page)  # until then a preview that looks the same may be shown there
        document = page.frame_locator(".reader iframe")
        await expect(document.get_by_role("heading", name="Jazz by the sea")).to_be_visible()
        await expect(page.get_by_role("list", name="Images").get_by_role("img")).to_have_count(3)
        assert await document.locator("img").first.evaluate("(i) => i.decode().then(() => i.naturalWidth)") > 0
        assert post != production_id


# -- Creating ----------------------------------------------------------------------------------------------------


async def test_modalities_that_can_be_chosen(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Text is always on; a modality that the platform lacks, or that no provider makes, cannot be chosen, and its
    tooltip gives the reason."""
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


async def test_a_refused_brief_is_kept(browser: Browser, site: Site) -> None:
    """The message of a refusal is shown next to the button, and a reload keeps the whole brief."""
    async with visiting(browser, site.url) as page:
        await page.goto("/")
        await page.get_by_label("Brief", exact=True).fill("Keep these words.")
        await page.get_by_role("radio", name=re.compile("^Copy")).check(force=True)
        await page.get_by_label("Budget").fill("much")
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("alert")).to_contain_text("budget usd", ignore_case=True)
        await page.reload()
        await expect(page.get_by_label("Brief", exact=True)).to_have_value("Keep these words.")
        await page.get_by_label("Budget").fill("1")
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name="Approve · up to $0.03")).to_be_visible()


async def test_references(browser: Browser, site: Site) -> None:
    """Files are dropped, pasted or named by their address, described, and sent with the brief."""
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
        await page.get_by_label("Reference URL").fill("https://example.com/bottle.png")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(shows.nth(0)).to_have_value("drop")
        await page.get_by_role("button", name="Remove reference 2").click()
        await page.get_by_label("What reference 2 is for").fill("Keep this bottle")
        production_id = await write(page, goto=False)
        sent = (await made(site, production_id))["brief"]["references"]
    assert sent[0]["source"].startswith("stored:references/")
    assert sent[0]["name"] == "drop"
    named = {"source": "https://example.com/bottle.png", "name": "", "note": "Keep this bottle", "use": "material"}
    assert sent[1] == {**named, "memo": "", "extract": None}


async def test_the_language_of_a_brief_is_asked(browser: Browser, site: Site) -> None:
    """A brief in another language than the chosen one is started only after an answer, which decides the language."""
    french = "Notre boulangerie ouvre à cinq heures. Les fours sont chauds et la rue est encore sombre."
    async with visiting(browser, site.url) as page:
        question = page.get_by_text("This brief looks like French.")
        for answer, language in (("Use French", "fr"), ("Keep English", "en")):
            await page.goto("/#/")
            await page.get_by_label("Brief", exact=True).fill(french)
            await page.get_by_role("radio", name=re.compile("^Copy")).check(force=True)
            await page.get_by_role("button", name="Create plan").click()
            await expect(question).to_be_visible()
            await expect(page.get_by_role("button", name="Use French")).to_be_focused()
            await page.get_by_role("button", name=answer).click()
            await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
            started = await made(site, page.url.rpartition("/")[2])
            assert started["brief"]["languages"] == [language]
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill(french)
        await expect(question).to_be_visible()
        await page.get_by_label("Language").select_option("fr")
        await expect(question).to_have_count(0)


# -- The plan ------------------------------------------------------------------------------------------------------


async def test_edit_reorder_approve(browser: Browser, site: Site) -> None:
    """Prompts are changed, cards moved by drag and by keys, dropped and added; the approval is for the displayed
    plan."""
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
        await board_shows(page, ["text-2", "text-3", "text-1"])
        await card(page, "text-3").get_by_role("button", name=re.compile("^Move")).press("ArrowLeft")
        await board_shows(page, ["text-3", "text-2", "text-1"])
        await card(page, "text-2").locator(".face").click()
        await page.get_by_role("button", name="Remove").click()
        await board_shows(page, ["text-3", "text-1"])
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_label("Prompt").fill("One more thing")
        await page.get_by_role("button", name="Add to the plan").click()
        await board_shows(page, ["text-3", "text-1", "body-1"])
        await page.reload()
        await board_shows(page, ["text-3", "text-1", "body-1"])
        await page.get_by_label("Approved by").fill("Ana")
        await page.get_by_label("Spend at most").fill("0.5")
        await page.get_by_role("button", name="Approve · up to $0.50").click()
        await delivered(page)
        done = await made(site, production_id)
    assert [a["asset_id"] for a in done["assets"]] == ["text-3", "text-1", "body-1"]
    assert done["assets"][1]["prompt"] == "A louder beginning"
    assert (done["approval"]["approver"], done["budget_usd"]) == ("Ana", "0.5")


async def test_a_new_plan_and_a_rejection(browser: Browser, site: Site) -> None:
    """A plan is requested again with feedback and shows the feedback; a rejected one shows the reason and can be
    started again."""
    async with visiting(browser, site.url) as page:
        await write(page)
        await page.get_by_role("button", name="Request a new plan").click()
        await page.get_by_label("What should be different?").fill("shorter")
        await page.get_by_role("button", name="Plan again").click()
        await expect(card(page, "text-1")).to_contain_text("part 1 · shorter")
        await page.get_by_role("button", name="Reject", exact=True).click()
        await page.get_by_label("Reason").fill("Not this year")
        await page.get_by_role("button", name="Reject the plan").click()
        await expect(page.get_by_text("Not this year").first).to_be_visible()
        await page.get_by_role("link", name="Start again from this brief").click()
        await expect(page.get_by_label("Brief", exact=True)).to_have_value("Say it.")


async def test_batches_and_schedules(browser: Browser, site: Site) -> None:
    """A file of briefs becomes a batch with its table, approved together; a schedule is made, run and deleted."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/batches")
        rows = b'key,text,platform,title\nb-one,"Say ""one"", loudly.",copy,One\nb-two,Say two.,copy,Two\n'
        await page.locator("input[type=file]").set_input_files(
            {"name": "one-and-two.csv", "mimeType": "text/csv", "buffer": rows}
        )
        await expect(page.get_by_role("cell", name='Say "one", loudly.')).to_be_visible()
        await page.get_by_role("button", name="Start the batch").click()
        await page.get_by_role("button", name=re.compile("^Approve all · up to")).click()
        await expect(page.get_by_text("2 of 2 briefs")).to_be_visible()
        await expect(page.get_by_role("row", name=re.compile("Two b-two Delivered"))).to_be_visible()
        await expect(page.get_by_role("heading", name="one-and-two.csv")).to_be_visible()
        await expect(page.get_by_role("link", name="Download everything")).to_be_visible()
        await page.get_by_role("link", name="Batches").first.click()
        await expect(page.locator(".rows > li", has_text="one-and-two.csv")).to_be_visible()
        await page.goto("/#/batches")
        await page.locator("input[type=file]").set_input_files(
            {"name": "a-series.csv", "mimeType": "text/csv", "buffer": rows.replace(b"Say", b"Sing")}
        )
        await page.get_by_label("A series: one plan, one approval, one budget").check()
        await expect(page.get_by_label("Where each row is one picture: the catalogue")).to_be_visible()
        await page.get_by_role("button", name="Plan the series").click()
        await page.get_by_role("link", name="Two", exact=True).click()
        await page.get_by_role("link", name="open the series").click()
        await page.get_by_role("button", name=re.compile("^Approve all · up to")).click()
        await expect(page.get_by_text("2 of 2 parts · 6 assets")).to_be_visible()
        await expect(page.get_by_role("button", name="Raise the budget")).to_be_disabled()
        await expect(page.get_by_label("Budget of the series")).to_be_visible()
        assert await violations(page) == []
        await page.set_viewport_size({"width": 390, "height": 800})
        assert await overflow(page) == 0
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto("/#/schedules")
        await page.get_by_role("button", name="New").click()
        await page.get_by_label("Name").fill("Every Monday here")
        await page.get_by_label("Brief", exact=True).fill("Say good morning.")
        await page.get_by_label("Platform").select_option("copy")
        await page.get_by_role("button", name="Create schedule").click()
        line = page.locator(".schedule", has_text="Every Monday here")
        await expect(line).to_contain_text("Next")
        await page.get_by_role("button", name="New").click()
        await page.get_by_label("Name").fill("A film of the month")
        await page.get_by_label("Brief", exact=True).fill("Show the month.")
        await page.get_by_label("Platform").select_option("video")
        await page.get_by_label("When").select_option("cron")
        await page.get_by_label("Cron expression").fill("30 7 1 * *")
        await page.get_by_label("Time zone").select_option("Asia/Tokyo")
        await page.get_by_label("Language").select_option("ja")
        await page.get_by_role("radio", name="9:16").check(force=True)
        await page.get_by_label("Length in seconds").fill("45")
        await page.get_by_role("button", name="Create schedule").click()
        film = page.locator(".schedule", has_text="A film of the month")
        await expect(film).to_contain_text("Video · 30 7 1 * * · Asia/Tokyo · Japanese · 9:16 · 45 s")
        await expect(film).to_contain_text("7:30")
        await film.get_by_role("button", name="Delete").click()
        await expect(film).to_have_count(0)
        await line.get_by_role("button", name="Pause").click()
        await expect(line.get_by_role("button", name="Resume")).to_be_visible()
        await line.get_by_role("button", name="Run now").click()
        await expect(page.get_by_text("A production was started")).to_be_visible()
        await line.get_by_role("button", name="Delete").click()
        await expect(line).to_have_count(0)


async def test_show_more(browser: Browser, site: Site) -> None:
    """Lists that are longer than a page show the next one on request."""
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

"""A production on the page: in progress, waiting for a person, changed after its delivery."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.api.studio.browser import Site, approve, card, delivered, made, overflow, violations, visiting, write
from tests.support.fake_film import Film
from tests.support.fakes import FakeActivities
from tests.support.stack import use_s3


async def test_reload_and_restart(browser: Browser, site: Site, fake: FakeActivities, client: Client) -> None:
    """During a production a reload, and an API that is killed and restarted, lose nothing; meanwhile the page reports
    it."""
    fake.jobs = True
    fake.hold("text-2")
    async with visiting(browser, site.url) as page:
        await write(page)
        await approve(page)
        await expect(card(page, "text-2")).to_contain_text("50%")
        await expect(page.get_by_text("2 of 3 assets")).to_be_visible()
        await page.reload()
        await expect(card(page, "text-2")).to_contain_text("50%")
        await expect(card(page, "text-1")).to_contain_text("Done")
        await site.stop()
        await expect(page.get_by_text("Reconnecting")).to_be_visible()
        await site.start()
        await expect(page.get_by_text("Reconnecting")).to_have_count(0)
        fake.release("text-2")
        await delivered(page)
        await page.go_back()
        await expect(page.get_by_role("heading", name="New production")).to_be_visible()


async def test_the_plan_streams_in(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """While a language model writes the plan, the finished part is shown, over a reload too."""
    fake.hold("planning")
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill("Say it.")
        await page.get_by_role("button", name="Create plan").click()
        so_far = page.get_by_role("list", name="The plan so far").get_by_role("listitem")
        await expect(so_far).to_have_count(1)
        await expect(so_far).to_contain_text("<b>First</b>")
        await expect(page.get_by_text("1 asset so far")).to_be_visible()
        await page.reload()
        await expect(so_far).to_contain_text("It begins wi")
        fake.release("planning")
        await expect(page.locator(".card[data-asset]")).to_have_count(3)
        await expect(so_far).to_have_count(0)
        fake.hold("planning")
        await page.get_by_role("button", name="Request a new plan").click()
        await page.get_by_label("What should be different?").fill("Shorter")
        await page.get_by_role("button", name="Plan again").click()
        await expect(so_far).to_have_count(1)
        await expect(page.get_by_role("list", name="Storyboard")).to_have_count(0)
        fake.release("planning")
        await expect(card(page, "text-1")).to_contain_text("Shorter")


async def test_fallbacks_and_their_price(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Before it is approved, an asset shows which models replace its own when that fails, and their prices."""
    fake.others = ("verse", "prose")
    async with visiting(browser, site.url) as page:
        await write(page)
        await card(page, "text-2").locator(".face").click()
        words = "it is made by fake verse ($0.00 to $0.01), otherwise by fake prose ($0.00 to $0.01)"
        await expect(page.get_by_role("dialog")).to_contain_text(words)
        await page.get_by_role("button", name="Close", exact=True).click()
        await approve(page)
        await delivered(page)
        await card(page, "text-2").locator(".face").click()
        await expect(page.locator(".take")).to_have_count(1)
        await expect(page.get_by_role("dialog")).not_to_contain_text("fails permanently")


@pytest.mark.trial
async def test_no_worker(
    browser: Browser, client: Client, servers: Stack, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no worker responds, the page names the command that starts one, and continues without a reload when there
    is one."""
    use_s3(monkeypatch, servers)
    fake = FakeActivities()
    fake.hold("text-1")
    site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
    await site.start()
    async with visiting(browser, site.url) as page:
        async with fake.working(client):
            await write(page)
            await approve(page)
            await expect(page.get_by_text("2 of 3 assets")).to_be_visible()
        await expect(page.get_by_text("No worker is responding")).to_be_visible()
        fake.release("text-1")
        async with fake.working(client):
            await delivered(page)
            await expect(page.get_by_text("No worker is responding")).to_have_count(0)
    await site.stop()


async def test_failure_answer_regenerate_select(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """A failure is answered where it is shown; then takes are requested, compared and chosen."""
    fake.fail = {"text-2"}
    async with visiting(browser, site.url, width=390) as page:
        production_id = await write(page, title="Fails first")
        await page.get_by_role("button", name="Terms").click()
        await page.get_by_label("Spend at most").fill("1")
        await approve(page)
        await expect(card(page, "text-2")).to_contain_text("Generation failed")
        await expect(page).to_have_title(re.compile(r"^\(\d+\) "))
        fake.fail = set()
        await page.get_by_role("link", name="Attention").click()
        entry = page.locator(".entry", has_text="Fails first")
        await expect(entry).to_contain_text("text-2 cannot be made")
        await entry.get_by_role("button", name="Change the prompt").click()
        await entry.get_by_label("Prompt").fill("Say it more kindly")
        await entry.get_by_role("button", name="Make it from this prompt").click()
        await expect(entry).to_have_count(0)
        await page.goto(f"/#/p/{production_id}/text-2")
        await delivered(page)
        takes = page.locator(".take")
        await expect(takes).to_have_count(1)
        await expect(takes.first).to_contain_text("Say it more kindly")
        await page.get_by_role("radio", name="New prompt").check()
        await page.get_by_role("textbox", name="Prompt").fill("Sing it")
        await page.get_by_role("spinbutton", name="Takes").fill("2")
        await page.get_by_role("button", name="Make 2 takes · up to $0.02").click()
        await expect(takes).to_have_count(3)
        await expect(takes.nth(2)).to_contain_text("Sing it")
        await expect(takes.nth(0)).to_contain_text("$0.01")
        first = takes.nth(0).get_by_role("button", name=re.compile("^Use take"))
        await expect(first).to_be_enabled()
        await first.click()
        await expect(takes.nth(0)).to_contain_text("In use")
        await delivered(page)
        await page.get_by_role("button", name="Close", exact=True).click()
        await expect(card(page, "text-2")).to_contain_text("3 takes")
        done = await made(site, production_id)
    text = next(a for a in done["assets"] if a["asset_id"] == "text-2")
    assert (text["prompt"], text["takes"], done["deliverable"]["revision"]) == ("Say it more kindly", 3, 3)


async def test_pause_and_resume(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """While the production is paused, running takes finish and nothing else starts, over a reload, until a person
    resumes it."""
    fake.hold("text-2")
    async with visiting(browser, site.url) as page:
        await write(page)
        await made_from(page, "text-3", "text-2")
        await page.get_by_label("Spend at most").fill("1")
        await approve(page)
        await expect(page.get_by_text("1 of 3 assets")).to_be_visible()
        await page.get_by_role("button", name="Pause").click()
        await expect(status(page)).to_have_text("Pausing")
        await lower_budget(page)
        fake.release("text-2")
        await expect(status(page)).to_have_text("Paused")
        await page.reload()
        await expect(card(page, "text-3")).to_contain_text("Paused")
        assert ("text-3", 1) not in fake.produced
        await page.get_by_role("button", name="Resume").first.click()
        await delivered(page)


async def lower_budget(page: Page) -> None:
    """Lower the budget too far, then to the price of the plan, in a narrow window."""
    size = page.viewport_size
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.get_by_role("button", name="Lower the budget").click()
    await page.get_by_label("Spend at most, in total").fill("0.001")
    await page.get_by_role("button", name="Lower it to").click()
    await expect(page.get_by_text("the lowest possible budget now is").first).to_be_visible()
    assert await violations(page) == []
    assert await overflow(page) <= 0
    await page.get_by_label("Spend at most, in total").fill("0.03")
    await page.get_by_role("button", name="Lower it to $0.03").click()
    await expect(page.get_by_text("reserved of $0.03")).to_be_visible()
    assert size is not None
    await page.set_viewport_size(size)


async def test_two_people_and_unknown_prices(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Unknown prices need a tick before the plan can be approved, with a budget and without, and the page shows that;
    the second of two people releases the plan."""
    fake.unknown = True
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_text("Approval", exact=True).click()
        await page.get_by_label("Required approvers").fill("2")
        await page.get_by_label("Budget").fill("1")
        production_id = await write(page, goto=False)
        button = page.get_by_role("button", name=re.compile("^Approve"))
        await expect(button).to_be_disabled()
        await expect(page.get_by_text("Some prices are not published. Tick the box")).to_be_visible()
        await page.get_by_label(re.compile("^Also spend on text-1, text-2, and text-3")).check()
        await page.get_by_label("Approved by").fill("Ana")
        await button.click()
        await expect(page.get_by_text("1 of 2 people have approved: Ana.")).to_be_visible()
        await page.get_by_label("Approved by").fill("Ben")
        await button.click()
        await delivered(page)
        done = await made(site, production_id)
        assert done["approval"]["approver"] == "Ben"
        await write(page, title="Of unknown price")
        await page.goto("/#/attention")
        entry = page.locator(".entry", has_text="Of unknown price")
        await entry.get_by_role("link", name="View the plan").first.click()
        await expect(page.get_by_role("heading", name="Of unknown price", level=1)).to_be_visible()  # no list
        await expect(button).to_be_disabled()
        await page.get_by_label(re.compile("^Also spend on text-1, text-2, and text-3")).check()
        await button.click()
        await expect(page.get_by_text("1 of 3 assets")).to_be_visible()  # the cost is known now, and needs a decision


class TestStillsFirst:
    @pytest.fixture
    def fake(self) -> FakeActivities:
        return Film()

    async def test_stills_before_video(self, browser: Browser, site: Site, fake: FakeActivities) -> None:
        """The stills wait for an approval before any video is paid for; another still requires another approval."""
        async with visiting(browser, site.url) as page:
            await page.goto("/#/")
            await page.get_by_label("Brief", exact=True).fill("Show it.")
            await page.get_by_text("Approval", exact=True).click()
            await page.get_by_label("Approve the stills before any video is generated").check()
            await page.get_by_role("button", name="Create plan").click()
            await page.get_by_label("Spend at most").fill("1")
            await approve(page)
            stills = page.get_by_role("button", name=re.compile("^Approve the stills"))
            await expect(stills).to_be_visible()
            await card(page, "still-1").locator(".face").click()
            await page.get_by_role("button", name=re.compile("^Make a take")).click()
            await expect(page.locator(".take")).to_have_count(2)
            await page.get_by_role("button", name="Close", exact=True).click()
            await expect(stills).to_be_visible()
            assert ("shot-1", 1) not in fake.produced
            await stills.click()
            await delivered(page)
        assert fake.produced.count(("shot-1", 1)) == 1


async def test_another_model(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """The plan shows the model and the price of each asset; another model is chosen there and makes it."""
    fake.others = ("other-words",)
    async with visiting(browser, site.url) as page:
        production_id = await write(page)
        await card(page, "text-2").locator(".face").click()
        await page.get_by_label("Made by").select_option("fake/other-words")
        await expect(page.get_by_role("dialog")).to_contain_text("Not saved yet")
        assert (await made(site, production_id))["plan"]["assets"][1]["model"] == "words"
        await page.get_by_role("button", name="Save").click()
        await expect(card(page, "text-2")).to_contain_text("other-words")
        await page.get_by_role("button", name="Close", exact=True).click()
        await approve(page)
        await delivered(page)
        done = await made(site, production_id)
    assert [a["model"] for a in done["assets"]] == ["words", "other-words", "words"]


async def test_an_ambiguous_submission(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """A submission that may have been paid for is never repeated without a person, who names the job or submits
    again."""
    fake.doubt = {"text-1", "text-2"}
    async with visiting(browser, site.url) as page:
        await write(page)
        await approve(page)
        first, second = (page.locator(".waiting", has_text=asset_id) for asset_id in ("text-1", "text-2"))
        await expect(second).to_be_visible()
        fake.doubt = set()
        await first.get_by_role("button", name="Adopt a job").click()
        await first.get_by_label("Provider job ID").fill("job-7")
        await first.get_by_role("button", name="Adopt this job").click()
        await expect(first).to_have_count(0)
        again = second.get_by_role("button", name="Submit again · up to $0.01 more")
        await expect(again).to_have_count(0)  # the budget has no room for one more
        await second.get_by_role("button", name="Raise the budget").click()
        await second.get_by_label("Total budget (USD)").fill("0.05")
        await second.get_by_role("button", name="Set the budget").click()
        await expect(page.get_by_text("of $0.05").first).to_be_visible()
        await again.click()
        await delivered(page)
    assert [order for order in fake.orders if order] == ["job-7"]
    assert sorted(fake.produced).count(("text-1", 1)) == 2


async def test_a_persons_own_file(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """A file is uploaded for an asset that no provider makes; the dependents of an older take are made again."""
    fake.fail = {"text-1"}
    async with visiting(browser, site.url, width=390) as page:
        production_id = await write(page)
        await made_from(page, "text-3", "text-2")
        await approve(page)
        waiting = page.locator(".waiting", has_text="text-1")
        await waiting.locator("input[type=file]").set_input_files(
            {"name": "mine.txt", "mimeType": "text/plain", "buffer": b"My own words."}
        )
        await delivered(page)
        await card(page, "text-2").locator(".face").click()
        await page.get_by_role("button", name=re.compile("^Make")).click()
        await expect(page.locator(".take")).to_have_count(2)
        await delivered(page)
        await page.get_by_role("button", name="Close", exact=True).click()
        await expect(card(page, "text-3")).to_contain_text("Stale")
        assert await overflow(page) <= 0
        await page.get_by_role("button", name="Make it again · up to $0.01 · raises the budget to $0.04").click()
        await expect(page.locator(".card", has_text="Stale")).to_have_count(0)
        await delivered(page)
        done = await made(site, production_id)
    assert [a["takes"] for a in done["assets"]] == [1, 2, 2]
    assert done["assets"][0]["cost_usd"] == "0"


async def made_from(page: Page, asset_id: str, source: str) -> None:
    """Edit the plan so that one asset depends on another."""
    await card(page, asset_id).locator(".face").click()
    await page.get_by_text("Made from the brief alone").click()
    await page.get_by_role("checkbox", name=source).check()
    await expect(page.get_by_text(f"Made from {source}")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(card(page, asset_id)).to_contain_text(f"From {source}")
    await page.get_by_role("button", name="Close", exact=True).click()


def status(page: Page) -> Locator:
    return page.locator(".production > .head .pill")

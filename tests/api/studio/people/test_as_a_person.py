"""What a person does and a test that fills fields does not: letters, pastes from Office, double clicks, Enter, Back, a
lost network."""

import re

from playwright.async_api import Browser, Page, Route, expect

from tests.api.studio.browser import Site, approve, board_shows, card, made, visiting, write
from tests.support.fakes import FakeActivities

APPROVE = re.compile("^Approve")
FILE = "const data = new DataTransfer(); data.items.add(new File(['Say it.'], name));"


async def retype(page: Page, label: str, text: str) -> None:
    await page.get_by_label(label).click()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(text)


async def test_elements_stay_where_they_are(browser: Browser, site: Site) -> None:
    """A field stays the same element, with the focus, while elements before it come and go and its siblings move."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/settings")
        kept = await page.evaluate(
            """async () => {
                const { html, render } = await import('/studio/lib/dom.js');
                const root = document.body.appendChild(document.createElement('div'));
                const draw = (order, more) => render(root, html`
                  ${more && html`<div class="note">More</div>`}${more && 'Words'}
                  <div class="field"><input id="typed"></div>
                  ${order.map((each) => html`<p key=${each}><button id=${each}>${each}</button></p>`)}
                `);
                draw('abc'.split(''), false);
                const typed = document.getElementById('typed');
                typed.focus();
                draw('abc'.split(''), true);
                draw('abc'.split(''), false);
                const found = [document.activeElement === typed];
                for (const order of ['bca', 'cab', 'acb', 'bxa', 'ba']) {
                  document.getElementById('b').focus();
                  draw(order.split(''), false);
                  found.push(document.activeElement.id === 'b', root.textContent === order);
                }
                root.remove();
                return found;
            }"""
        )
    assert kept == [True] * 11


async def test_a_brief_is_typed_and_pasted(browser: Browser, site: Site) -> None:
    """A warning does not interrupt the typing; what a person has unfolded stays unfolded; a paste from Office brings no
    picture of its text; a file may be dropped on any part of the form; no field makes a phone zoom."""
    async with visiting(browser, site.url, width=390) as page:

        async def fail(route: Route) -> None:
            await arrived.wait_for()
            await route.fulfill(status=503, json={"title": "Stopped", "detail": "The API is being updated."})

        arrived = page.locator("#brief")
        await page.route("**/api/v1/platforms", fail)
        await page.goto("/#/")
        brief = page.get_by_label("Brief", exact=True)
        await brief.press_sequentially("A lighth")
        await expect(page.get_by_text("The API is being updated.")).to_be_visible()
        await page.keyboard.type("ouse.")
        await expect(brief).to_have_value("A lighthouse.")
        for summary, label, typed in (("Approval", "Required approvers", "2"), ("Models and reuse", "Planner", "o")):
            await page.get_by_text(summary, exact=True).click()
            await retype(page, label, typed)
            await page.keyboard.press("Backspace")
            await expect(page.get_by_label(label)).to_be_focused()
        await page.unroute_all()
        await expect(page.get_by_text("The API is being updated.")).to_have_count(0)
        for types, count in ((["text/plain", "text/html"], 0), (["text/plain"], 1)):
            await page.evaluate(
                f"""([name, types]) => {{ {FILE} for (const type of types) data.setData(type, 'Say it.');
                    const event = {{ clipboardData: data, bubbles: true, cancelable: true }};
                    document.getElementById('brief').dispatchEvent(new ClipboardEvent('paste', event)); }}""",
                [f"{count}.txt", types],
            )
            await expect(page.locator(".references li")).to_have_count(count)
        dropped = await page.evaluate(
            f"""(name) => {{ {FILE} const event = {{ dataTransfer: data, bubbles: true, cancelable: true }};
                return [['dragover', 'h1'], ['drop', 'h1'], ['drop', '.logo']].map(([what, at]) =>
                  document.querySelector(at).dispatchEvent(new DragEvent(what, event))); }}""",
            "2.txt",
        )
        assert dropped == [False] * 3  # the browser does not open the file instead
        await expect(page.locator(".references li")).to_have_count(2)
        fields = page.locator("input, select, textarea")
        sizes = await fields.evaluate_all("(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize))")
        assert min(sizes) >= 16


async def test_amounts_as_people_write_them(browser: Browser, site: Site) -> None:
    """A limit is read with a comma, a currency and separators; what is ambiguous or no number is explained and
    sends nothing; what is typed stays as it is typed, and over a reload until the approval."""
    async with visiting(browser, site.url) as page:
        production_id = await write(page)
        decide = page.get_by_role("button", name=APPROVE)
        most = page.get_by_label("Spend at most")
        explained = page.get_by_text("Write an amount like 12.50 or 1000.")
        for typed, shown in (
            ("1,5", "$1.50"),
            ("$12.50 USD", "$12.50"),
            ("1,000.25", "$1,000.25"),
            ("1.000,25", "$1,000.25"),
            ("1,000,000", "$1,000,000.00"),
            ("0,125", "$0.13"),
            ("\uff11\uff12", "$12.00"),
        ):
            await retype(page, "Spend at most", typed)
            await expect(decide).to_have_text(f"Approve · up to {shown}")
            await expect(most).to_have_value(typed)
            await expect(explained).to_have_count(0)
        for typed in ("1,000", "ten", "1,2,3"):
            await retype(page, "Spend at most", typed)
            await expect(explained).to_be_visible()
            await expect(decide).to_be_disabled()
        await retype(page, "Spend at most", "0,9")
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.type("4")
        await page.keyboard.type("5")
        await expect(most).to_have_value("0,459")
        await page.reload()
        await expect(decide).to_have_text("Approve · up to $0.46")
        await decide.click()
        await expect(page.get_by_role("region", name="Deliverable")).to_be_visible()
    approved = await made(site, production_id)
    assert approved["budget_usd"] in ("0.459", "0.4590")


async def test_keys_and_clicks(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Each press of an arrow key moves a card, whose handle keeps the focus; Enter sends a form of one line; a double
    click sends once; Back after a closed sheet does not open it again."""
    fake.fail = {"text-2"}
    async with visiting(browser, site.url) as page:
        keys = page.keyboard
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        production_id = await write(page)
        grip = card(page, "text-3").locator(".grip")
        await grip.focus()
        await keys.press("ArrowLeft")
        await keys.press("ArrowLeft")
        await board_shows(page, ["text-3", "text-1", "text-2"])
        await expect(grip).to_be_focused()
        await keys.press("ArrowRight")
        await keys.press("ArrowRight")
        await board_shows(page, ["text-1", "text-2", "text-3"])
        await expect(grip).to_be_focused()
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_role("dialog").get_by_label("Prompt").press_sequentially("Say goodbye")
        await page.get_by_role("dialog").get_by_label("Label").press_sequentially("End")
        await keys.press("Enter")
        await board_shows(page, ["text-1", "text-2", "text-3", "body-1"])
        await retype(page, "Spend at most", "2")
        await approve(page)
        await page.get_by_role("button", name="Lower the budget").click()
        await page.get_by_label("Spend at most, in total").press_sequentially("1,5")
        await keys.press("Enter")
        await expect(page.locator(".meters")).to_contain_text("of $1.50")
        await page.goto(f"/?sheet#/p/{production_id}/text-1")
        again = page.get_by_role("dialog").get_by_role("button", name=re.compile("^Make a take"))
        await expect(page.locator(".take")).to_have_count(1)
        for click in (1, 2):
            await again.dispatch_event("click", {"detail": click})
            await expect(page.locator(".take")).to_have_count(2)
            await expect(again).to_be_enabled()
        await keys.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.go_back()
        await expect(page).not_to_have_url(re.compile("text-1$"))
    assert len([each for each in sent if each.endswith("/regenerate")]) == 1


async def test_a_view_that_cannot_be_loaded(browser: Browser, site: Site) -> None:
    """A view whose files do not arrive is reported, with a button that loads the page again; the brief is kept."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).press_sequentially("Kept")
        await page.route("**/views/settings.js", lambda route: route.abort())
        await page.get_by_role("link", name="Settings").click()
        await expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
        await page.unroute_all()
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name="Settings")).to_be_visible()
        await page.get_by_role("link", name="Create").click()
        await expect(page.get_by_label("Brief", exact=True)).to_have_value("Kept")

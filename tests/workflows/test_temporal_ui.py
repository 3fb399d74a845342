"""The views and actions of an engineer in Temporal's own UI, in a real browser, and with its command line.

Pictures are saved in out/screens/. `test_operations.py` has the commands in the gate.
"""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Locator, Page, expect
from temporalio.client import Client

from tests import ROOT
from tests.api.studio.browser import CHROMIUM, MISSING, SCREENS, SIZES, browsing
from tests.support.situation import STUCK, Situation, situation
from tests.support.waiting import WITHIN, eventually, until
from tests.workflows.operations import AFTER_AN_OUTAGE, DOES, READS, Before, commands
from workflows import keys

COLUMNS = (keys.STATUS_ATTRIBUTE, keys.PLATFORM_ATTRIBUTE, keys.COST_ATTRIBUTE, keys.REQUESTER_ATTRIBUTE)
LIST = "/namespaces/default/workflows"
BY_PROVIDER = 'GreenlightProviders="openai" AND GreenlightCostUsd>=0.01'
PATIENCE_MS = 1_000 * WITHIN
"""Each page of Temporal's UI loads and starts some megabytes of scripts, on a machine that runs other tests."""

pytestmark = pytest.mark.trial
needs_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason=MISSING)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Situation]:
    SCREENS.mkdir(parents=True, exist_ok=True)
    with situation(tmp_path_factory.mktemp("ui") / "home") as found:
        yield found


@pytest.fixture(scope="module")
async def engineer(studio: Situation) -> AsyncIterator[Page]:
    """A window of a new user. All tests use this page: its process has compiled the megabytes of the UI's
    scripts, and a new page would compile them again in a second of CPU."""
    async with browsing() as browser:
        context = await browser.new_context(
            base_url=studio.ui, viewport=SIZES[1280], locale="en-US", reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_MS)
        yield await context.new_page()


@pytest.fixture
async def page(engineer: Page) -> AsyncIterator[Page]:
    expect.set_options(timeout=PATIENCE_MS)
    yield engineer
    await engineer.goto("about:blank")


async def picture(page: Page, name: str) -> None:
    await page.screenshot(path=SCREENS / f"temporal-{name}.png")


async def opened(page: Page, production_id: str, tab: str = "") -> None:
    """Open a run by its address, as `greenlight show` links to it, and one of its tabs."""
    await page.goto(f"{LIST}/{keys.workflow_id(production_id)}")
    await page.wait_for_url("**/timeline")
    await expect(page.get_by_role("button", name=re.compile("^Event ")).first).to_be_visible()
    if tab:
        await turn_to(page, tab)


async def turn_to(page: Page, tab: str) -> None:
    await page.get_by_role("tab", name=tab).or_(page.get_by_role("link", name=tab)).first.click()


def frame(page: Page, heading: str) -> Locator:
    """A part of User Metadata, which the UI renders as a document of its own."""
    return (
        page.locator("iframe")
        .nth(["Summary", "Details", "Current Details"].index(heading))
        .content_frame.locator("body")
    )


@needs_browser
async def test_the_list_has_our_columns(page: Page, studio: Situation) -> None:
    """Columns are added by hand as in the guide; each production shows its status, platform, cost and requester."""
    await page.goto(LIST)
    await page.get_by_role("button", name="Configure Columns").click()
    for name in COLUMNS:
        await page.get_by_role("button", name=f"Add {name} column").click()
    for name in ("Run ID", "Type", "End"):
        await page.get_by_role("button", name=f"Remove {name} column").click()
    await page.get_by_test_id("drawer-close-button").click()
    rows = {
        studio.film: ("producing", "video", "0.0", "ana"),
        studio.waiting: ("awaiting_approval", "design", "0", "ben"),
        studio.refused: ("needs_attention", "social_post", "0", "carla"),
        studio.limited: ("producing", "social_post", "0", "carla"),
        studio.failed: ("failed", "design", "0", "ben"),
    }
    for production_id, cells in rows.items():
        row = page.get_by_role("row").filter(has_text=production_id)
        for cell in cells:
            await expect(row.get_by_text(cell, exact=cell != "0.0").first).to_be_visible()
    await picture(page, "list")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('GreenlightStatus="needs_attention"', "refused"),
        ('GreenlightAttention="approval"', "waiting"),
        ('GreenlightTenant="north"', "film"),
        (BY_PROVIDER, "film"),
    ],
)
async def test_a_filter_finds_productions(studio: Situation, query: str, found: str) -> None:
    """A list filter of a search attribute finds exactly the productions that match it."""
    client = await Client.connect(studio.stack.info.temporal_address)
    expected = [keys.workflow_id(getattr(studio, found))]

    async def found_as_expected() -> bool | None:
        """The server updates its lists after a run; until then an attribute has the value before."""
        return [run.id async for run in client.list_workflows(query)] == expected or None

    await eventually(found_as_expected, query)


@needs_browser
async def test_a_filter_is_part_of_the_address(page: Page, studio: Situation) -> None:
    """A list filter in the address shows exactly the productions that match it."""
    await page.goto(f"{LIST}?query={quote(BY_PROVIDER)}")
    await expect(page.get_by_role("row").filter(has_text="production-")).to_have_count(1)
    await expect(page.get_by_role("row").filter(has_text=studio.film)).to_be_visible()


@needs_browser
async def test_a_stuck_run_is_listed_as_failing(page: Page) -> None:
    """The list's tab of failures shows a run whose workflow task fails repeatedly."""
    await page.goto(LIST)
    await page.get_by_role("button", name="Failures").or_(page.get_by_text("Failures")).first.click()
    await expect(page.get_by_role("row").filter(has_text="production-")).to_have_count(1)
    await expect(page.get_by_role("row").filter(has_text=STUCK)).to_be_visible()
    await picture(page, "stuck")


@needs_browser
async def test_a_producing_run_shows_its_progress(page: Page, studio: Situation) -> None:
    """Activities have the names of their assets, details show the progress of each asset, a job shows its id and
    percent."""
    await opened(page, studio.film)
    for summary in ("shot-1 · video · previz", "still-2 · image · openai"):
        await expect(page.get_by_text(summary).first).to_be_visible()
    await picture(page, "timeline")

    await turn_to(page, "User Metadata")
    await expect(frame(page, "Summary")).to_have_text("video · Harbour", use_inner_text=True)
    await expect(frame(page, "Details")).to_contain_text("A fishing boat leaves the harbour at dawn.")
    table = frame(page, "Current Details")
    await expect(table.get_by_role("heading", name="producing")).to_be_visible()
    await expect(table.locator("td").filter(has_text="previz · previz-animatic-job")).to_be_visible()
    await expect(
        table.get_by_role("row", name=re.compile(r"still-2 openai .* completed, take 1 .* 0\.01"))
    ).to_be_visible()
    assert "&" not in await table.inner_text()
    await picture(page, "details")

    await turn_to(page, "Pending Activities")
    for words in (r'"job_id": "previz-\d+-600000"', r'"progress": 0\.\d+', '"type": "StillRunning"', "shot-1/1"):
        await expect(page.get_by_text(re.compile(words)).first).to_be_visible()
    await expect(page.get_by_text("Stack Trace")).to_have_count(0)
    await picture(page, "pending")

    await turn_to(page, "Event History")
    await page.get_by_text("Compact", exact=True).first.click()
    for summary in ("shot-2 · video · previz", "plan the video"):  # scheduled, started and completed are one line
        await expect(page.get_by_role("row").filter(has_text=summary)).to_have_count(1)
    await picture(page, "history")


@needs_browser
async def test_the_ui_shows_why_an_asset_waits(page: Page, studio: Situation) -> None:
    """A waiting attempt shows the reason, with the vendor's own message and delay."""
    await opened(page, studio.limited, "Pending Activities")
    for words in ('"type": "rate_limited"', "visual/1", "Rate limit reached", "nextRetryDelay"):
        await expect(page.get_by_text(words).first).to_be_visible()
    await picture(page, "rate-limited")


@needs_browser
async def test_a_failed_production_shows_its_remedy(page: Page, studio: Situation) -> None:
    """A production that failed shows the failure and how to fix it."""
    await opened(page, studio.failed, "User Metadata")
    await expect(frame(page, "Current Details")).to_contain_text("references/lost")
    await picture(page, "failed")


def test_the_commands_of_the_guide(studio: Situation, tmp_path: Path) -> None:
    """Every `temporal` command of workflows/README.md has the described effect, and no vendor is paid twice for it."""
    env = {**studio.stack.env, "ID": studio.film, "EVENT": studio.before_update(studio.film, "decide")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env["PYTHONPATH"] = str(ROOT)
    left = [*READS, *DOES]
    for variables, command in commands():
        name = next(words for words in left if words in command)
        left.remove(name)
        if name == AFTER_AN_OUTAGE:
            studio.vendor.calm()
        before = Before(studio) if name in DOES else None
        script = variables + command.replace("1 hour ago", "1 second ago")
        done = subprocess.run(
            ["sh", "-euc", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=WITHIN, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        if before:
            DOES[name](studio, before)
        else:
            READS[name](studio, done.stdout)
    assert left == []


async def send(page: Page, what: str, name: str, data: str) -> None:
    """*Send a Signal* or *Send an Update* of the menu, to the run that is shown."""
    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name=what).click()
    dialog = page.get_by_role("dialog").locator("visible=true")
    await dialog.get_by_test_id(re.compile("(signal|update)-select-button")).click()
    await dialog.get_by_role("option", name=name).click()
    await dialog.get_by_label("Data").fill(data)
    await dialog.get_by_test_id("confirm-modal-button").click()
    await expect(dialog).to_have_count(0)
    await page.goto("about:blank")  # the timeline of an open run draws all the time


async def shown(page: Page, production_id: str) -> str:
    """The input with this name in User Metadata."""
    await opened(page, production_id, "User Metadata")
    text = await frame(page, "Current Details").locator("pre").inner_text()
    return text.replace("your name", "ana")


@needs_browser
async def test_deciding_in_the_ui(page: Page, studio: Situation) -> None:
    """The JSON that User Metadata shows approves when it is sent as a signal, and answers a refusal when it is sent as
    an update."""
    refused = await shown(page, studio.refused)
    await expect(frame(page, "Current Details")).to_contain_text("content_refused")
    await picture(page, "refused")
    await send(page, "Send an Update", "resolve", refused)
    until(lambda: studio.studio.get(studio.refused).status != "needs_attention", "it is made again")

    approval = await shown(page, studio.waiting)
    await picture(page, "waiting")
    await send(page, "Send a Signal", "approve", approval)
    until(lambda: studio.studio.get(studio.waiting).status != "awaiting_approval", "it was approved")

"""A real browser for the studio page."""

import asyncio
import base64
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import httpx
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    StorageState,
    ViewportSize,
    async_playwright,
    expect,
)
from temporalio.client import Client

from api.__main__ import Server, server
from api.app import create_app
from api.settings import Settings
from tests import ROOT
from tests.support.waiting import WITHIN

_SHELL: Final = Path("/usr/bin/chromium-headless-shell")
CHROMIUM: Final = _SHELL if _SHELL.exists() else Path("/usr/bin/chromium")
"""Debian's package `chromium-headless-shell`, which takes two thirds of the CPU time of `chromium`, or the latter."""
MISSING: Final = f"there is no {_SHELL}: apt install chromium-headless-shell"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES: Final[dict[int, ViewportSize]] = {
    390: {"width": 390, "height": 844},
    1280: {"width": 1280, "height": 800},
    1920: {"width": 1920, "height": 1080},
}
PATIENCE_MS: Final = 1_000 * WITHIN
Theme = Literal["light", "dark"]
SERIOUS: Final = ("serious", "critical")
SCREENS: Final = ROOT / "out" / "screens"

_WRONG: Final = "wrong: "
WATCH: Final = f"""
const report = (what) => console.error('{_WRONG}' + what);
document.addEventListener('securitypolicyviolation', (e) => report(`${{e.violatedDirective}} ${{e.blockedURI}}`));
let focused = null;
document.addEventListener('focusin', (e) => {{ focused = e.target; }});
new MutationObserver(() => {{
  if (!focused?.id || focused.isConnected) return;
  if (document.getElementById(focused.id)) report(`#${{focused.id}} is another element while a person uses it`);
  focused = null;
}}).observe(document, {{ childList: true, subtree: true }});
"""
"""Reports to the console what breaks the page's policy, and an element that has the focus and is rendered as a new one:
a person who types into it loses what comes next."""


@asynccontextmanager
async def browsing(*more: str) -> AsyncIterator[Browser]:
    """
    Args:
        more: Command line flags of Chromium.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more], timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            await browser.close()


_LEFT: Final[dict[tuple[Browser, str, bool], Page]] = {}
"""The pages that tests have left, by their browser, address and policy: a new page costs 2 s of CPU."""


@asynccontextmanager
async def visiting(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    theme: Theme = "light",
    bypass_csp: bool = False,
    known: StorageState | None = None,
) -> AsyncIterator[Page]:
    """A page of a new user, or of one with the local storage `known`; leaving it fails when a script failed, a dialog
    opened, the policy was violated or a field in use was made anew."""
    key, kept = (browser, url, bypass_csp), False
    page = None if known else _LEFT.pop(key, None)
    if page:
        await _forget_user(page)
    else:
        page = await _new_page(browser, url, bypass_csp, known)
    await page.set_viewport_size(SIZES[width])
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    wrong: list[str] = []

    def failed(error: Error) -> None:
        wrong.append(f"script: {error}")

    async def dialog(opened: Dialog) -> None:
        wrong.append(f"dialog: {opened.message}")
        await opened.dismiss()

    def logged(message: ConsoleMessage) -> None:
        if message.text.startswith(_WRONG):
            wrong.append(message.text.removeprefix(_WRONG))

    page.on("pageerror", failed)
    page.on("console", logged)
    page.on("dialog", dialog)
    try:
        yield page
        await page.evaluate("null")  # what was logged before it has arrived
        assert wrong == []
        kept = known is None and key not in _LEFT
    finally:
        page.remove_listener("pageerror", failed)
        page.remove_listener("console", logged)
        page.remove_listener("dialog", dialog)
        if kept:
            await page.unroute_all()
            await page.goto("about:blank")
            _LEFT[key] = page
        else:
            await page.context.close()


async def _new_page(browser: Browser, url: str, bypass_csp: bool, known: StorageState | None) -> Page:
    context = await browser.new_context(base_url=url, bypass_csp=bypass_csp, storage_state=known, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    return page


async def _forget_user(page: Page) -> None:
    """Delete all that a page has stored, from a document of its origin that runs no script."""
    await page.context.clear_cookies()
    await page.goto("/healthz")
    await page.evaluate("() => (localStorage.clear(), sessionStorage.clear())")


class Site:
    """The API on one port, which can be stopped and started again as in a deployment.

    Each site has the port of the one before it, if that is free: so the page of the one before it can be used again.
    """

    _last_port: ClassVar[int] = 0

    def __init__(self, client: Client | None, environ: Mapping[str, str]) -> None:
        self._client = client
        self._settings = Settings.read({"GREENLIGHT_OPEN": "true", **environ})
        self._port = 0
        self._server: Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        try:
            self._listener = listener = socket.create_server(("127.0.0.1", self._port or Site._last_port))
        except OSError:
            if self._port:
                raise
            self._listener = listener = socket.create_server(("127.0.0.1", 0))
        self._port = Site._last_port = listener.getsockname()[1]
        self._server = server(self._settings, create_app(self._settings, self._client))
        self._task = asyncio.create_task(self._server.serve([listener]))

    async def stop(self) -> None:
        if self._server and self._task:
            self._server.should_exit = True
            await self._task
            self._listener.close()


async def overflow(page: Page) -> int:
    """The number of pixels by which the page is wider than its window without the scroll bar.

    Raises:
        AssertionError: it is wider; the message names the elements that reach beyond the window.
    """
    html = "document.documentElement"
    wide: float = await page.evaluate(f"{html}.scrollWidth - {html}.getBoundingClientRect().width")
    if round(wide) > 0:
        beyond: list[str] = await page.evaluate(
            f"""[...document.querySelectorAll("body *")]
            .filter((each) => each.getBoundingClientRect().right > {html}.getBoundingClientRect().width + 1)
            .map((each) => `${{each.tagName}}.${{each.className}} ${{(each.textContent ?? "").trim().slice(0, 60)}}`)"""
        )
        raise AssertionError(f"{round(wide)} pixels too wide: {'; '.join(beyond[:8])}")
    return round(wide)


async def violations(page: Page, *rules: str) -> list[str]:
    """The serious violations that axe-core finds, by all of its rules or by these, as `rule: element`."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(f"() => {{ {AXE_SCRIPT} }}")
    asked = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = await page.evaluate("(asked) => axe.run(document, asked)", asked)
    return [
        f"{v['id']}: {v['nodes'][0]['target']} {v['nodes'][0]['failureSummary']}"
        for v in found["violations"]
        if v["impact"] in SERIOUS
    ]


async def twins(page: Page) -> list[str]:
    """Ids that more than one element has: styles and labels would apply to the wrong one."""
    ids: list[str] = await page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    return [each for each, times in Counter(ids).items() if times > 1]


_LOADS: Final = count()


async def show(page: Page, path: str) -> None:
    """Open a view by its address after the hash, as a bookmark does, and wait until it is complete."""
    await page.goto(f"/?{next(_LOADS)}#/{path}")  # another query, so that the whole page is loaded
    await expect(page.locator("main h1").first).to_be_visible()
    await expect(page.get_by_text(re.compile("^Loading"))).to_have_count(0)


async def painted(page: Page) -> None:
    """Pictures and films in the window are loaded."""
    await page.wait_for_function(
        """() => [...document.querySelectorAll('img, .film')].every((media) => {
            const { top, bottom } = media.getBoundingClientRect();
            const there = media.complete || (media.readyState > 3 && media.networkState === media.NETWORK_IDLE);
            return there || bottom < 0 || top > innerHeight;
        })"""
    )
    for frame in page.frames[1:]:
        await frame.wait_for_load_state("load")


async def send(page: Page, words: str = "Say it.", title: str = "Said") -> None:
    """Fill the form with a brief of a person, and send it."""
    await page.get_by_label("Brief", exact=True).fill(words)
    await page.get_by_role("radio", name=re.compile("^Copy")).check(force=True)
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Create plan").click()


async def write(page: Page, words: str = "Say it.", title: str = "Said", *, goto: bool = True) -> str:
    """Plan a brief of a person and return the production's id."""
    if goto:
        await page.goto("/#/")
    await send(page, words, title)
    await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
    return page.url.rpartition("/")[2]


def card(page: Page, asset_id: str) -> Any:
    """The card of an asset, or its line on the card of its shot."""
    return page.locator(f":is(.card, .part)[data-asset='{asset_id}']")


async def made(site: Site, production_id: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        return dict((await http.get(f"/api/v1/productions/{production_id}")).json())


async def brief(page: Page, example: str, seconds: int | None = None) -> str:
    """Plan an example and return the production's id."""
    await page.goto("/#/")
    await page.get_by_role("button", name=example).click()
    if seconds:
        await page.get_by_label("Length").fill(str(seconds))
    await page.get_by_role("button", name="Create plan").click()
    await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
    return page.url.rpartition("/")[2]


async def delivered(page: Page) -> None:
    """Wait until the displayed production has ended."""
    await expect(page.locator(".production > .head .pill")).to_have_text("Delivered")


async def approve(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("^Approve")).click()


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def board_shows(page: Page, wanted: list[str]) -> None:
    await page.wait_for_function(
        """wanted => {
            const board = document.querySelector('.board:not([data-busy])');
            return board && [...board.children].map((card) => card.dataset.asset).join() === wanted;
        }""",
        arg=",".join(wanted),
    )

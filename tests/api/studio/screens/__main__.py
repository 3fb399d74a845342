"""`python -m tests.api.studio.screens` takes pictures of every view, with `--readme` also for the README."""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.async_api import ViewportSize, expect

from deploy.local import running_stack
from tests import ROOT
from tests.api.studio.browser import (
    CHROMIUM,
    MISSING,
    SCREENS,
    SIZES,
    Theme,
    approve,
    brief,
    browsing,
    delivered,
    painted,
    show,
    visiting,
)
from tests.support.stack import hermetic, new_home

STORYBOARD_HEIGHT: Final = 900
README: Final = {
    "studio-plan": "storyboard-1280-light",
    "studio-live": "live-1280-light",
    "studio-takes": "takes-1280-light",
}
"""The pictures of the README in deploy/pictures/ -> the views that they show."""
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")


async def pictures(url: str, folder: Path, widths: Sequence[int] = tuple(SIZES)) -> None:
    """Write `<view>-<width>-<theme>.png` of each view into the folder."""
    async with browsing() as browser:
        async with visiting(browser, url) as page:
            await page.goto("/#/settings")
            await page.get_by_label("Your name").fill("Ana")
            film = await brief(page, "A lighthouse at dusk")
            await approve(page)
            await expect(page.locator(".film")).to_be_visible()
            await page.goto(f"/#/p/{film}/still-1")
            await page.get_by_role("spinbutton", name="Takes").fill("2")
            await page.get_by_role("button", name=re.compile("^Make 2 takes")).click()
            await expect(page.locator(".take")).to_have_count(3)
            await page.get_by_role("button", name="Close", exact=True).click()
            await delivered(page)
            post = await brief(page, "Poster for a jazz night")
            await approve(page)
            await expect(page.locator(".reader")).to_be_visible()
            plan = await brief(page, "A lighthouse at dusk")
            await page.get_by_role("button", name="Watch a free preview").click()
            await expect(page.locator(".film")).to_be_visible()
            await brief(page, "Night train, three reasons")
            live = await brief(page, "A lighthouse at dusk", 30)
            await page.locator(".card[data-asset=shot-2] > .face").click()
            await page.get_by_label("Made by").select_option("previz/previz-animatic-job")
            await page.get_by_text("Parameters").click()
            await page.get_by_label("job_seconds").fill("600")
            await page.get_by_role("button", name="Save").click()
            await expect(page.locator(".board[data-busy]")).to_have_count(0)
            await page.get_by_role("button", name="Close", exact=True).click()
            await approve(page)
            await expect(page.locator(".working .tabular")).to_be_visible()
            await expect(page.locator("[data-status]:not([data-status=completed])")).to_have_count(1)
            known = await page.context.storage_state()
        views = {
            "create": "",
            "plan": f"p/{plan}",
            "storyboard": f"p/{plan}",
            "asset": f"p/{plan}/shot-1",
            "live": f"p/{live}",
            "film": f"p/{film}",
            "takes": f"p/{film}/still-1",
            "document": f"p/{post}",
            "productions": "productions",
            "batches": "batches",
            "schedules": "schedules",
            "attention": "attention",
            "settings": "settings",
        }
        for width in widths:
            for theme in THEMES:
                async with visiting(browser, url, width=width, theme=theme, known=known) as page:
                    for name, path in views.items():
                        size = SIZES[width]
                        if name == "storyboard":  # below the preview
                            size = ViewportSize(width=width, height=STORYBOARD_HEIGHT)
                        await page.set_viewport_size(size)
                        await show(page, path)
                        if name == "storyboard":
                            await page.locator(".board").evaluate("(board) => scrollTo(0, board.offsetTop - 120)")
                        await painted(page)
                        await page.screenshot(path=folder / f"{name}-{width}-{theme}.png")


def main() -> int:
    if not CHROMIUM.exists():
        print(MISSING, file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "home")
        with running_stack(home, ports="free", environ=hermetic(os.environ)) as stack:
            SCREENS.mkdir(parents=True, exist_ok=True)
            asyncio.run(pictures(stack.info.api_url, SCREENS))
    if "--readme" in sys.argv:
        for picture, view in README.items():
            shutil.copy(SCREENS / f"{view}.png", ROOT / "deploy" / "pictures" / f"{picture}.png")
    print(f"See {SCREENS}")  # noqa: T201 - a command's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())

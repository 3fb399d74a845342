"""Files that are brought to the page: which are used, which are refused, and what is said about them."""

import json
import re

from playwright.async_api import Browser, FilePayload, expect

from api.cli.batch_file import COLUMNS
from api.routes import studio_page
from tests import ROOT
from tests.api.studio.browser import PNG, Site, approve, made, visiting, write
from tests.support.fakes import FakeActivities
from workflows.brief import MAX_REFERENCES


def file(name: str, content: bytes, media_type: str = "text/csv") -> FilePayload:
    return {"name": name, "mimeType": media_type, "buffer": content}


async def test_bad_references_are_named(browser: Browser, site: Site) -> None:
    """Of several files those that cannot be used are named with the reason, and the others are kept."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        shows = page.get_by_label(re.compile("^What reference . shows"))
        chooser = page.locator(".references input[type=file]")
        await chooser.set_input_files(
            [
                file("one.png", PNG, "image/png"),
                file("broken.bin", b"\x00\x01\x02 nothing known", "application/octet-stream"),
                file("empty.txt", b"", "text/plain"),
                file("two.png", PNG, "image/png"),
            ]
        )
        await expect(shows).to_have_count(2)
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("“broken.bin” is of no known type")
        await expect(alert).to_contain_text("“empty.txt” is empty")
        names = [f"{n}.png" for n in range(MAX_REFERENCES)]
        await chooser.set_input_files([file(name, PNG, "image/png") for name in names])
        await expect(shows).to_have_count(MAX_REFERENCES)
        for name in names[-2:]:
            await expect(alert).to_contain_text(f"“{name}” does not fit the brief any more")
        production_id = await write(page, goto=False)
        sent = (await made(site, production_id))["brief"]["references"]
    assert [each["name"] for each in sent] == ["one", "two", *(str(n) for n in range(MAX_REFERENCES - 2))]


async def test_a_bad_file_leaves_the_good_one(browser: Browser, site: Site) -> None:
    """A file of briefs that cannot be used is named with the reason, and the good file before it stays."""
    bad = {
        "columns.csv": (b"text,languages\nSay it.,de\n", "there is no column “languages”"),
        "cells.csv": (b"text\nSay it, loudly.\n", "row 1 has more cells"),
        "lines.jsonl": (b'{"text": "Say it."}\n[1]\n', "line 2 is not a JSON object"),
        "letters.csv": ("text\nSchön.\n".encode("latin-1"), "it is not UTF-8 text"),
        "briefs.pdf": (b"%PDF", "it is neither .csv nor .jsonl"),
    }
    async with visiting(browser, site.url) as page:
        await page.goto("/#/batches")
        chooser = page.locator("input[type=file]")
        rows = b"text;platform;duration_seconds;language;modalities\nSag es; video; 4,5 ;de;text image\n"
        await chooser.set_input_files(file("good.csv", rows))
        await expect(page.get_by_role("heading", name="good.csv: 1 brief")).to_be_visible()
        for name, (content, why) in bad.items():
            await chooser.set_input_files(file(name, content))
            await expect(page.get_by_role("alert")).to_contain_text(f"“{name}”: {why}")
            await expect(page.get_by_role("heading", name="good.csv: 1 brief")).to_be_visible()
        async with page.expect_request("**/api/v1/batches") as sent:
            await page.get_by_role("button", name="Start the batch").click()
        brief = json.loads((await sent.value).post_data or "")["rows"][0]["brief"]
    fields = {"duration_seconds": "4.5", "languages": ["de"], "modalities": ["text", "image"]}
    assert brief == {"text": "Sag es", "platform": "video", **fields}


async def test_a_refused_upload_is_named(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """The name of an uploaded file that cannot be used stands in its error."""
    fake.fail = {"text-1"}
    async with visiting(browser, site.url) as page:
        await write(page)
        await approve(page)
        waiting = page.locator(".waiting", has_text="text-1")
        await waiting.locator("input[type=file]").set_input_files(file("broken.txt", b"My own words.", "text/plain"))
        await expect(waiting.get_by_role("alert")).to_contain_text("“broken.txt”")


def test_one_list_of_columns() -> None:
    """The page, the command and the guide name the same columns of a file of briefs, in the same order."""
    script = (studio_page.FOLDER / "create" / "brief_file.js").read_text()
    listed = re.search(r"COLUMNS = \[(.*?)\]", script, re.DOTALL)
    assert listed
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == COLUMNS
    guide = " ".join((ROOT / "workflows" / "README.md").read_text().split())
    assert f"The columns are {', '.join(COLUMNS[:-1])} and {COLUMNS[-1]}" in guide

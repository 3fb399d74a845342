"""The API's responses to a browser: the page, its files, and media of takes and deliverables."""

import gzip
import io
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import httpx

from activities.storage.bucket import Storage
from api.routes import studio_page
from deploy.local import Stack
from tests.api.studio.browser import Site
from tests.support.fakes import FakeActivities
from tests.support.waiting import WITHIN

MOST_BYTES = 152_000
MOST_FIRST_BYTES = 31_500

EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)"', re.MULTILINE)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_import_names_an_export() -> None:
    """A module of the page imports only what the other module exports: otherwise a view stays empty."""
    texts = {path: path.read_text("utf-8") for path in studio_page.FOLDER.rglob("*.js")}
    exports = {path: set(EXPORT.findall(text)) for path, text in texts.items()}
    missing = [
        f"{path.name}: {name.strip()} from {source}"
        for path, text in texts.items()
        for names, source in IMPORT.findall(text)
        for name in names.split(",")
        if name.strip() and name.strip() not in exports.get((path.parent / source).resolve(), ())
    ]
    assert missing == []
    assert len(texts) > 50


async def test_the_page_is_served(site: Site, servers: Stack) -> None:
    """Browsers receive the page with a strict policy, other clients the JSON; files are cached, those of this version
    without another request, and no other file is served."""
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        page = await http.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        json = await http.get("/")
        script = await http.get("/studio/app.js")
        again = await http.get("/studio/app.js", headers={"If-None-Match": script.headers["etag"]})
        versioned = await http.get(f"/studio/{studio_page.version()}app.js")
        older = await http.get("/studio/v-0123456789ab/app.js")
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
    assert all(address and address.startswith(f"/studio/{studio_page.version()}") for address in loaded)
    assert "immutable" in versioned.headers["cache-control"]
    assert older.headers["cache-control"] == script.headers["cache-control"] == "no-cache"
    assert versioned.text == older.text == script.text


def test_the_page_is_light() -> None:
    """All files of the page together are below 151 kB compressed, parse no markup and name no other host."""
    files = [path for path in studio_page.FOLDER.rglob("*") if path.is_file()]
    assert {".html", ".js", ".css", ".svg"} == {path.suffix for path in files}
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MOST_BYTES
    parsing = r"https?://\w|innerHTML|outerHTML|insertAdjacent|document\.write|\beval\("
    for path in files:
        words = path.read_text().replace("http://www.w3.org/", "")
        assert not re.search(parsing, words), path.name


def test_the_first_view_is_light() -> None:
    """The page names every file that its first view loads, so that none waits for another one; together they are below
    31.5 kB compressed."""
    page = (studio_page.FOLDER / studio_page.PAGE).read_text()
    named = {*re.findall(r'(?:href|src)="/studio/([^"]+)"', page)}
    for name in sorted(named):
        path = studio_page.FOLDER / name
        imports = re.findall(r'^(?:import|\}) [^;]*?"(\.[^"]+)";', path.read_text(), re.MULTILINE)
        loaded = {(path.parent / each).resolve().relative_to(studio_page.FOLDER).as_posix() for each in imports}
        assert loaded <= named, name
    files = [studio_page.FOLDER / name for name in (studio_page.PAGE, *named)]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MOST_FIRST_BYTES


async def test_bytes_through_the_api(site: Site, fake: FakeActivities, storage: Storage, tmp_path: Path) -> None:
    """Files of a deliverable and texts of takes are served sandboxed by the API; the archive omits missing files."""
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
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

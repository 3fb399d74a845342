"""The API reference for people, and its examples, which run against a real API."""

import asyncio
import re
import runpy
from html import unescape
from pathlib import Path

import pytest

from api.app import create_app
from api.openapi.reference import SNIPPETS, reference_page
from api.settings import Settings
from tests.support.servers.serving import Api

FOLDER = Path(__file__).parents[3] / "api" / "openapi" / "snippets"


def test_every_operation_is_described() -> None:
    """Each operation has its own article with a sentence, a command and the meaning of its parameters."""
    described = create_app(Settings()).openapi()
    page = reference_page(described)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            article = page.partition(f'<article id="{operation["operationId"]}">')[2].partition("</article>")[0]
            assert path in unescape(article), f"{method} {path}"
            assert re.search(r"<p>[A-Z`].*[.:)]</p>", article), f"{method} {path}"
            assert "curl -s" in article
    assert not re.search(r"(src|href)=\"https?:", page)
    assert "<script" not in page


async def test_the_page_is_served_with_a_policy(api: Api) -> None:
    """It may load styles from its own address and nothing else, and they are served."""
    answer = await api.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src" not in (policy := answer.headers["content-security-policy"])
    assert policy.startswith("default-src 'none'")
    for style in re.findall(r'<link rel="stylesheet" href="([^"]+)">', answer.text):
        assert (await api.http.get(style)).status_code == 200


@pytest.mark.parametrize("name", ["sync_client", "async_client"])
async def test_an_example_runs(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The examples of the clients deliver their productions as printed."""
    assert name in SNIPPETS
    monkeypatch.setenv("GREENLIGHT_URL", str(api.http.base_url))
    await asyncio.to_thread(runpy.run_path, str(FOLDER / f"{name}.py"), None, "__main__")
    assert "delivered" in capsys.readouterr().out

"""The tab Evaluations in a browser, with the product's own workers."""

import re
from decimal import Decimal

import httpx
import pytest
from playwright.async_api import Browser, expect
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.api.evaluations.conftest import PATH, working
from tests.api.studio.browser import Site, overflow, show, twins, violations, visiting
from tests.support.stack import use_s3
from tests.support.vendor import Vendor
from tests.support.waiting import WITHIN, eventually

CASES = '{"id": "boat", "modality": "image", "prompt": "A red boat on the sea"}'


async def test_evaluations_on_a_phone(client: Client, servers: Stack, storage: Storage, browser: Browser) -> None:
    """The list and a measured evaluation fit a phone, and axe finds nothing."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
        async with working(client, storage, Vendor()):
            await site.start()
            try:
                await _start(site)
                async with visiting(browser, site.url, width=390) as page:
                    for path in ("evaluations", "evaluations/e-phone"):
                        await show(page, path)
                        await expect(page.get_by_text(re.compile("Phone")).first).to_be_visible()
                        assert await overflow(page) <= 0
                        assert await violations(page) == []
                        assert await twins(page) == []
            finally:
                await site.stop()


async def _start(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        body = {"cases": CASES, "models": ["previz-storyboard", "vendor/gift"], "title": "Phone", "requester": "ana"}
        answer = await http.post(PATH, json={**body, "evaluation_id": "e-phone"})
        assert answer.status_code == 202, answer.text
        assert Decimal(answer.json()["view"]["high_usd"]) == 0

        async def listed() -> bool | None:
            page = (await http.get(PATH, params={"prefix": "e-phone"})).json()
            return [e["status"] for e in page["evaluations"]] == ["done"] or None

        await eventually(listed)

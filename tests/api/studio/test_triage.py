"""Many pending decisions on the page: found by their reason and batch, and answered at once."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.api.studio.browser import Site, overflow, show, violations, visiting
from tests.support.fakes import FakeActivities
from tests.support.waiting import WITHIN, eventually

ROWS = 12


async def planned_batch(http: httpx.AsyncClient) -> dict[str, Any]:
    """A batch whose plans wait for approval, each for 0.03 USD; two are edited: one is expensive, one unpriced."""
    rows = [{"key": f"row-{n}", "brief": {"text": f"Say {n}.", "title": f"Said {n}"}} for n in range(ROWS)]
    started = await http.post("/api/v1/batches", json={"rows": rows, "defaults": {"platform": "copy"}})
    batch_id = started.json()["batch_id"]

    async def planned() -> dict[str, Any] | None:
        found = (await http.get(f"/api/v1/batches/{batch_id}")).json()
        return dict(found) if found["totals"]["statuses"] == {"awaiting_approval": ROWS} else None

    batch = await eventually(planned)
    for row, model in zip(batch["rows"], ("dear", "dark"), strict=False):
        path = f"/api/v1/productions/{row['production_id']}"
        digest = (await http.get(path)).json()["plan"]["digest"]
        edit = {"op": "change", "asset_id": "text-1", "model": model}
        edited = await http.patch(f"{path}/plan", json={"plan_digest": digest, "edits": [edit]})
        assert edited.status_code == 200, edited.text
    return batch


@pytest.mark.parametrize("width", [390, 1280])
async def test_many_answers_at_once(browser: Browser, site: Site, fake: FakeActivities, width: int) -> None:
    """The plans of one batch up to a price are approved at once, and what failed in them is answered at once; what is
    left out is named, and stays."""
    fake.prices = {"dear": Decimal("0.90"), "dark": None}
    fake.fail = {"text-2"}
    many = ROWS - 2
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        batch = await planned_batch(http)
        batch_id = batch["batch_id"]

        async def statuses() -> dict[str, int]:
            return dict((await http.get(f"/api/v1/batches/{batch_id}")).json()["totals"]["statuses"])

        async def all_delivered() -> bool | None:
            return (await statuses()).get("delivered") == many or None

        async with visiting(browser, site.url, width=width, bypass_csp=True) as page:
            await show(page, "attention")
            await page.get_by_label("Batch").select_option(batch_id)
            await expect(page.locator(".entry")).to_have_count(ROWS)
            many_answers = page.get_by_role("region", name="Answer many")
            await many_answers.get_by_label("Approve all plans up to").fill("0.10")
            await expect(many_answers).to_contain_text("1 above $0.10")
            await expect(many_answers).to_contain_text("1 of unknown price")
            assert await violations(page) == []
            assert await overflow(page) <= 0
            await many_answers.get_by_role("button", name=f"Approve {many} plans · up to $0.30").click()
            await expect(page.get_by_text(f"{many} of {many} answered.")).to_be_visible()
            await page.get_by_role("button", name=f"Generation failed {many}").click()
            await many_answers.get_by_role("button", name=f"Continue without {many} assets").click()
            await many_answers.get_by_role("button", name=f"Yes: Continue without {many} assets").click()
            await expect(page.locator(".entry")).to_have_count(0)
            assert await eventually(all_delivered)
            await page.get_by_role("button", name="All", exact=False).first.click()
            await expect(page.locator(".entry")).to_have_count(2)


async def test_a_refused_answer(browser: Browser, site: Site) -> None:
    """A plan that was changed meanwhile is refused and named; the others of the same answer are approved."""
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        batch = await planned_batch(http)
        async with visiting(browser, site.url) as page:
            await show(page, "attention")
            await page.get_by_label("Batch").select_option(batch["batch_id"])
            many_answers = page.get_by_role("region", name="Answer many")
            await many_answers.get_by_label("Approve all plans up to").fill("5")
            await expect(many_answers.get_by_role("button", name=f"Approve {ROWS} plans")).to_be_visible()
            rejected = batch["rows"][-1]["production_id"]
            await http.post(f"/api/v1/productions/{rejected}/reject", json={"rejecter": "ana"})
            await many_answers.get_by_role("button", name=f"Approve {ROWS} plans").click()
            await expect(page.get_by_text(f"{ROWS - 1} of {ROWS} answered.")).to_be_visible()
            await expect(page.get_by_role("alert")).to_contain_text(f"Said {ROWS - 1}")

"""Many pending decisions on the page: found by their reason and batch, and answered at once."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Locator, expect

from tests.api.studio.browser import SIZES, Site, overflow, show, violations, visiting
from tests.support.fakes import FakeActivities
from tests.support.waiting import WITHIN, eventually

ROWS = 7
COPY = {"platform": "copy"}


async def planned_batch(http: httpx.AsyncClient, name: str = "Said", rows: int = ROWS, *models: str) -> dict[str, Any]:
    """A batch whose plans wait for approval, each for 0.03 USD, but the first ones, which are edited to these models:
    one is expensive and one unpriced."""
    briefs = [{"key": f"row-{n}", "brief": {"text": f"Say {n}.", "title": f"{name} {n}"}} for n in range(rows)]
    body = {"rows": briefs, "defaults": {"platform": "copy"}, "file": f"{name}.csv"}
    batch_id = (await http.post("/api/v1/batches", json=body)).json()["batch_id"]

    async def planned() -> dict[str, Any] | None:
        found = (await http.get(f"/api/v1/batches/{batch_id}")).json()
        return dict(found) if found["totals"]["statuses"] == {"awaiting_approval": rows} else None

    batch = await eventually(planned)
    for row, model in zip(batch["rows"], models or ("expensive", "unlisted"), strict=False):
        path = f"/api/v1/productions/{row['production_id']}"
        digest = (await http.get(path)).json()["plan"]["digest"]
        edit = {"op": "change", "asset_id": "text-1", "model": model}
        edited = await http.patch(f"{path}/plan", json={"plan_digest": digest, "edits": [edit]})
        assert edited.status_code == 200, edited.text
    return batch


async def test_many_answers_at_once(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """The plans of one batch up to a price are approved at once, and what failed in them is answered at once; what is
    left out is named, and stays."""
    fake.prices = {"expensive": Decimal("0.90"), "unlisted": None}
    fake.fail = {"text-2"}
    many = ROWS - 2
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        batch = await planned_batch(http)
        batch_id = batch["batch_id"]

        async def statuses() -> dict[str, int]:
            return dict((await http.get(f"/api/v1/batches/{batch_id}")).json()["totals"]["statuses"])

        async def all_delivered() -> bool | None:
            return (await statuses()).get("delivered") == many or None

        async with visiting(browser, site.url, width=390, bypass_csp=True) as page:
            await show(page, "attention")
            await page.get_by_label("Batch").select_option(batch_id)
            await expect(page.locator(".entry")).to_have_count(ROWS)
            many_answers = page.get_by_role("region", name="Answer many")
            await many_answers.get_by_label("Approve all plans up to").fill("0.10")
            await expect(many_answers).to_contain_text("1 above $0.10")
            await expect(many_answers).to_contain_text("1 of unknown price")
            long = "document.querySelectorAll('option').forEach((each) => (each.textContent += ' long'.repeat(40)))"
            await page.evaluate(long)  # as the name of a batch may be
            for width in (1280, 390):
                await page.set_viewport_size(SIZES[width])
                assert await violations(page) == []
                assert await overflow(page) <= 0
            await many_answers.get_by_role("button", name=f"Approve {many} plans · up to ${many * 0.03:.2f}").click()
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


class Person:
    """Someone who works with the page; counts the actions."""

    def __init__(self) -> None:
        self.actions = 0

    async def click(self, target: Locator) -> None:
        self.actions += 1
        await target.click()

    async def type(self, target: Locator, text: str) -> None:
        self.actions += 1
        await target.fill(text)

    async def choose(self, target: Locator, value: str) -> None:
        self.actions += 1
        await target.select_option(value)


@pytest.mark.trial
async def test_forty_decisions_in_under_ten_actions(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """Forty productions of two batches and of none wait for three reasons; a person answers all that can be answered
    with fewer than ten actions. What is left out is named, and nothing costs more than the person chose."""
    fake.prices = {"expensive": Decimal("0.90"), "unlisted": None}
    ana = Person()
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        spring = await planned_batch(http, "Spring", 16, "expensive", "expensive", "unlisted")
        autumn = await planned_batch(http, "Autumn", 14, "expensive")
        fake.fail = {"text-2"}
        single = [await http.post("/api/v1/productions", json={"text": f"One {n}.", **COPY}) for n in range(10)]
        ids = [each.json()["production_id"] for each in single]

        async def found(production_id: str) -> dict[str, Any]:
            return dict((await http.get(f"/api/v1/productions/{production_id}")).json())

        async def all_pending() -> bool | None:
            entries = (await http.get("/api/v1/attention")).json()["entries"]
            failed = [each for each in entries if each["waiting"]["reason"] == "asset_failed"]
            return (len(entries), len(failed)) == (40, 1) or None

        async def all_planned() -> bool | None:
            return all([(await found(each))["status"] == "awaiting_approval" for each in ids]) or None

        assert await eventually(all_planned)
        digest = (await found(ids[0]))["plan"]["digest"]
        await http.post(f"/api/v1/productions/{ids[0]}/approve", json={"plan_digest": digest})
        assert await eventually(all_pending)
        fake.fail = set()
        async with visiting(browser, site.url) as page:
            await show(page, "attention")
            await expect(page.locator(".entry")).to_have_count(40)
            many_answers = page.get_by_role("region", name="Answer many")
            limit = many_answers.get_by_label("Approve all plans up to")
            await ana.type(limit, "0.10")
            await expect(many_answers).to_contain_text("Left out: 3 above $0.10 and 1 of unknown price.")
            await ana.click(many_answers.get_by_role("button", name="Approve 35 plans · up to $1.05"))
            await expect(page.locator(".entry")).to_have_count(5)
            await ana.click(page.get_by_role("button", name="Try again"))
            await expect(page.locator(".entry")).to_have_count(4)
            await ana.choose(page.get_by_label("Batch"), spring["batch_id"])
            await ana.type(limit, "1")
            await expect(many_answers).to_contain_text("Left out: 1 of unknown price.")
            await ana.click(many_answers.get_by_role("button", name="Approve 2 plans · up to $1.84"))
            await expect(page.locator(".entry")).to_have_count(1)
            await ana.choose(page.get_by_label("Batch"), autumn["batch_id"])
            await ana.click(page.get_by_role("button", name="Reject", exact=True))
            await ana.click(page.get_by_role("button", name="Reject the plan"))
            await expect(page.locator(".entry")).to_have_count(0)
        assert ana.actions < 10
        rows = [each["production_id"] for each in (*spring["rows"], *autumn["rows"])]
        unknown, rejected, expensive = rows[2], rows[16], rows[:2]

        async def all_answered() -> bool | None:
            entries = (await http.get("/api/v1/attention")).json()["entries"]
            return [each["production_id"] for each in entries] == [unknown] or None

        assert await eventually(all_answered)
        assert (await found(rejected))["status"] == "rejected"
        for production_id in {*rows, *ids} - {unknown, rejected}:
            approved = await found(production_id)
            assert Decimal(approved["budget_usd"]) == Decimal("0.92" if production_id in expensive else "0.03")
            assert approved["status"] in ("producing", "finishing", "delivered")

"""A file of keys of one test."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from api.auth import key_file
from deploy.local import Stack
from tests.api.auth.tenants import COPY, HOLDERS, LIMITS, PNG, House, Property, bodies, routes
from tests.support.servers.serving import serving
from tests.support.stack import use_s3
from tests.support.waiting import eventually


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "keys.toml"


@pytest.fixture(scope="module")
async def house(local_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The worker of the whole stack, with an API of its own that requires keys."""
    routes(), bodies()  # they take a second, in which the server would not respond
    file = tmp_path_factory.mktemp("tenants") / "keys.toml"
    held = {name: key_file.create(file, name, tenant, roles) for name, (tenant, roles) in HOLDERS.items()}
    environ = {**local_stack.env, **LIMITS, "GREENLIGHT_API_KEYS": str(file)}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, local_stack)
        async with serving(None, environ) as api:
            yield House(api, held, file)


@pytest.fixture(scope="module")
async def acme(house: House) -> Property:
    """A delivered production with pictures, a delivered batch, a schedule and a picture of acme.

    The names are new for each module, because the modules of one test process share the whole stack.
    """
    spring, yearly = f"spring-{uuid4().hex[:8]}", f"yearly-{uuid4().hex[:8]}"
    production_id, digest = await house.planned("rita", title="Secret of acme", platform="design")
    assert (await house.approve("adam", production_id, digest)).status_code == 200
    rows = {"batch_id": spring, "rows": [{"brief": COPY}]}
    batch = await house.ask("rita", "POST", "/batches", json=rows)
    body = {"schedule_id": yearly, "brief": COPY, "cron": "0 9 1 1 *"}
    schedule = await house.ask("olga", "POST", "/schedules", json=body)
    reference = await house.ask("rita", "POST", "/references", content=PNG)
    delivered = await house.until("rita", production_id, "delivered")
    row = (await house.ask("rita", "GET", f"/batches/{spring}")).json()["rows"][0]["production_id"]
    await house.until("rita", row, "awaiting_approval")

    async def admitted() -> bool | None:
        return (await house.ask("adam", "POST", f"/batches/{spring}/admit", json={})).status_code == 200 or None

    await eventually(admitted)
    await house.until("rita", row, "delivered")

    async def reported() -> bool | None:
        found = await house.ask("rita", "GET", f"/batches/{spring}")
        assert found.status_code in (200, 503), found.text  # 503: no worker answered in time
        return (found.status_code == 200 and found.json()["rows"][0]["status"] == "delivered") or None

    await eventually(reported)
    return Property(
        production=production_id,
        asset=delivered["assets"][0]["asset_id"],
        batch=batch.json()["batch_id"],
        schedule=schedule.json()["schedule_id"],
        reference=reference.json()["source"],
    )

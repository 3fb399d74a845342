"""Changes of the settings file that a running worker takes over: keys of vendors, and rates."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.providers.registry import PROVIDERS, vendor
from activities.settings import ActivitySettings
from activities.settings_file import RATES, SettingsUnreadable, add_settings, read_settings
from deploy.local import _leave_to_file
from tests.support.waiting import eventually
from worker.live import follow, rates
from worker.live.follow import Follower
from worker.live.pool import WorkerPool
from worker.live.providers import KeyChange, LiveProviders
from worker.settings import WorkerSettings
from workflows import keys
from workflows.runtime.redaction import redact

OLD, NEW = "sk-old-000000000000000000", "sk-new-111111111111111111"


class FakeWorker:
    """Runs until it is shut down."""

    def __init__(self, provider: str) -> None:
        self.task_queue = keys.provider_queue(provider)
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        await self._stopped.wait()

    async def shutdown(self) -> None:
        self._stopped.set()


def make(provider: str) -> Worker:
    return cast(Worker, FakeWorker(provider))


def test_a_file_and_a_mounted_secret_are_read_alike(tmp_path: Path) -> None:
    """Both name variables; one of the environment takes precedence, and logs hide the values at once."""
    file, folder = tmp_path / ".env", tmp_path / "secret"
    file.write_text(f"# keys\nOPENAI_API_KEY='{OLD}'\n{RATES}=openai=2\nGREENLIGHT_PLANNER=template\n")
    (folder / "..data").mkdir(parents=True)
    for name, value in {"OPENAI_API_KEY": f"{OLD}\n", RATES: "openai=2", "GREENLIGHT_PLANNER": "template"}.items():
        (folder / name).write_text(value)
    assert read_settings(file) == read_settings(folder)
    assert OLD not in redact(f"refused {OLD}")
    environ = {RATES: "openai=5", "GREENLIGHT_PLANNER": ""}
    merged = add_settings(file, environ)
    assert merged == {"OPENAI_API_KEY": OLD, RATES: "openai=5", "GREENLIGHT_PLANNER": "template"}
    assert environ == {RATES: "openai=5", "GREENLIGHT_PLANNER": "template"}, "a live variable stays in the file"
    assert read_settings(tmp_path / "none") == {}
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsUnreadable, match="GREENLIGHT_SETTINGS_FILE"):
        read_settings(file)


def test_the_stack_leaves_the_keys_of_its_file_to_the_worker(tmp_path: Path) -> None:
    """A key from .env is not in the environment of the worker, where it could not change; another one is."""
    file = tmp_path / ".env"
    file.write_text(f"OPENAI_API_KEY={OLD}\nANTHROPIC_API_KEY={OLD}\n")
    env = {"GREENLIGHT_SETTINGS_FILE": str(file)}
    secrets = {"OPENAI_API_KEY": OLD, "ANTHROPIC_API_KEY": NEW}
    _leave_to_file(env, secrets)
    assert secrets == {"ANTHROPIC_API_KEY": NEW}


def test_providers_follow_their_keys() -> None:
    """A provider gets a key, another one, and none; the others and what has begun with an old key are not touched."""
    providers = LiveProviders(ActivitySettings(), {"ANTHROPIC_API_KEY": OLD})
    anthropic = providers["anthropic"]
    assert providers.update({"ANTHROPIC_API_KEY": OLD}) == KeyChange()
    assert providers.update({"ANTHROPIC_API_KEY": OLD, "OPENAI_API_KEY": OLD}) == KeyChange(added=("openai",))
    openai = providers["openai"]
    seen = iter(providers)
    assert providers.update({"ANTHROPIC_API_KEY": OLD, "OPENAI_API_KEY": NEW}) == KeyChange(changed=("openai",))
    assert providers["openai"] is not openai
    assert providers["anthropic"] is anthropic
    assert providers.update({"ANTHROPIC_API_KEY": OLD}) == KeyChange(removed=("openai",))
    assert set(seen) == {"anthropic", "openai", "previz"}
    assert set(providers) == {"anthropic", "previz"}


@pytest.fixture
async def following(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Follower, str]]:
    """A follower of a file, and the name of a provider that no other test has: its task queue keeps its rate."""
    name = f"vendor{uuid4().hex[:6]}"
    monkeypatch.setitem(PROVIDERS, name, vendor("activities.providers.anthropic:Anthropic", "LIVE_TEST_KEY"))
    monkeypatch.setattr("activities.providers.registry.registered", lambda: PROVIDERS)
    for module in ("activities.settings_file", "worker.live.providers"):
        monkeypatch.setattr(f"{module}.registered", lambda: PROVIDERS)
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.05)
    path = tmp_path / ".env"
    path.write_text("")
    pool = WorkerPool([make("previz")])
    providers = LiveProviders(ActivitySettings(), {})
    yield Follower(path, {}, providers, pool, client, WorkerSettings(), make), name
    await pool.shutdown()
    await pool.ended()


async def rate_of(client: Client, provider: str) -> float | None:
    limit = (await rates._config(client, keys.provider_queue(provider))).queue_rate_limit
    return limit.rate_limit.requests_per_second if limit.HasField("rate_limit") else None


async def test_a_running_worker_takes_over_the_file(
    client: Client, following: tuple[Follower, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A new key starts a worker of its queue, a rate is enforced by Temporal, and both can be taken back; an invalid
    file changes nothing, and no value is logged."""
    caplog.set_level(logging.INFO)
    follower, name = following
    queue = keys.provider_queue(name)
    task = asyncio.create_task(follower.follow())

    async def has_rate(rate: float) -> bool | None:
        return True if await rate_of(client, name) == pytest.approx(rate) else None

    async def polls(expected: bool) -> bool | None:
        if task.done():
            task.result()
        return True if (queue in follower.pool.queues) is expected else None

    follower.path.write_text(f"LIVE_TEST_KEY={NEW}\n{RATES}={name}=2.5\n")
    await eventually(lambda: polls(True))
    await eventually(lambda: has_rate(2.5))
    follower.path.write_text(f"LIVE_TEST_KEY={NEW}\n{RATES}={name}=fast\n")
    await eventually(lambda: _logged(caplog, "stays as it was"))
    assert await has_rate(2.5)
    follower.path.write_text(f"LIVE_TEST_KEY={NEW}\n")
    await eventually(lambda: has_rate(rates.UNLIMITED))
    follower.path.write_text("\n")
    await eventually(lambda: polls(False))
    follower.path.unlink()
    assert name not in follower.providers
    assert NEW not in caplog.text
    assert not task.done()
    task.cancel()


async def _logged(caplog: pytest.LogCaptureFixture, text: str) -> bool | None:
    return text in caplog.text or None


async def test_a_worker_that_starts_corrects_an_earlier_rate(client: Client) -> None:
    """A rate that an earlier worker left on the queue follows the settings of the next start, and one that an operator
    set stays."""
    ours, theirs = (f"vendor{uuid4().hex[:6]}" for _ in range(2))
    await rates.apply_rates(client, [ours], {ours: 5}, starting=True)
    assert await rate_of(client, ours) is None  # its own polls have it
    await rates.apply_rates(client, [ours], {ours: 5}, starting=False)
    await rates.apply_rates(client, [ours], {ours: 2}, starting=True)
    assert await rate_of(client, ours) == pytest.approx(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rates, "REASON", "maintenance")
        await rates._set(client, keys.provider_queue(theirs), 1)
    await rates.apply_rates(client, [theirs], {theirs: 9}, starting=False)
    assert await rate_of(client, theirs) == pytest.approx(1)

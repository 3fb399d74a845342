"""The deep check: each vendor's key by a free request, and real requests to every part of an installation."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from activities import diagnosis
from activities.diagnosis import Wrong
from activities.errors import ProviderError
from activities.provenance.self_made import self_made_certificate
from activities.providers.protocol import KeyChecker, Provider
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from api.cli.main import app
from deploy.local import Stack
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Emulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from tests.support.product import previz_workers
from tests.support.servers.serving import serving
from tests.support.vendors import env_of
from workflows.servers.diagnosis import Diagnoses

VENDORS: dict[str, Callable[[], Emulator]] = {
    "openai": OpenAIEmulator,
    "anthropic": AnthropicEmulator,
    "google": GoogleEmulator,
    "replicate": ReplicateEmulator,
    "runway": RunwayEmulator,
}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_key_is_checked_for_free(vendor: str) -> None:
    """An accepted key passes, and a refused one is reported without it; the vendor bills neither."""
    with VENDORS[vendor]() as emulator:
        env = env_of(vendor, emulator)
        wrong = {name: "wrong-key-0123456789abcdef" if "BASE" not in name else url for name, url in env.items()}
        accepted, refused = (build_providers(ActivitySettings(), each)[vendor] for each in (env, wrong))
        assert isinstance(accepted, KeyChecker)
        assert isinstance(refused, KeyChecker)
        await accepted.check_key()
        with pytest.raises(ProviderError) as caught:
            await refused.check_key()
        assert "wrong-key" not in str(caught.value)
        for provider in (accepted, refused):
            await provider.close()
        assert emulator.billed_usd == 0
        assert emulator.submissions == []


async def test_the_command_reports_each_part(client: Client, servers: Stack, storage: Storage) -> None:
    """`doctor --deep` shows a workflow, the bucket, the clocks, the disk and the attributes as working, names the key
    that its vendor refuses, and then exits with 1."""
    with OpenAIEmulator() as emulator:
        env = {**env_of("openai", emulator), "OPENAI_API_KEY": "wrong-key-0123456789abcdef"}
        vendors: dict[str, Provider] = {"openai": build_providers(ActivitySettings(previz=False), env)["openai"]}
        async with (
            previz_workers(client, servers, storage, vendors=vendors),
            serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api,
        ):
            found = Diagnoses.model_validate((await api.http.post("/api/v1/diagnosis")).json()).found
            command = ["--url", str(api.http.base_url), "doctor", "--deep"]
            shown = await asyncio.to_thread(CliRunner().invoke, app, command)
        await vendors["openai"].close()
    problems = {each.part: each.problem for each in found}
    assert {part for part, problem in problems.items() if problem} == {"key of openai"}
    assert "wrong-key" not in str(found)
    assert set(problems) >= {
        "workflow",
        "bucket",
        "conditional writes",
        "bucket's clock",
        "Temporal's clock",
        "search attributes",
        "disk",
    }
    assert shown.exit_code == 1
    assert "key of openai" in shown.stdout
    assert "started and finished in" in shown.stdout


async def test_what_is_wrong_is_named(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong clock, a full disk and a certificate that ends soon are problems with their figures."""
    now = datetime.now(UTC)
    folder = tmp_path_factory.mktemp("c2pa")
    chain, _ = self_made_certificate(folder)
    assert "valid until" in await diagnosis._check_own(str(chain))
    monkeypatch.setattr(diagnosis, "EXPIRES_SOON", timedelta(days=100_000))
    monkeypatch.setattr(diagnosis, "MIN_FREE_BYTES", 1 << 60)
    for check, expected in (
        (diagnosis._check_clock(now - timedelta(hours=1), now), "3,600 s ahead of"),
        (diagnosis._check_clock(now + timedelta(minutes=5), now), "300 s behind"),
        (diagnosis._check_disk(folder), "GB free"),
        (diagnosis._check_own(str(chain)), "renew it"),
    ):
        with pytest.raises(Wrong, match=expected):
            await check

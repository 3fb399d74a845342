"""A job that a person wants to adopt is checked first: it belongs to this account, and matches the model and the prompt
of the asset.

The unmodified SDK sends its requests to the vendor's emulator.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from activities.errors import AuthenticationFailed, InvalidRequest, ProviderUnavailable, RateLimited
from activities.providers.protocol import Job, Provider, Request
from activities.providers.registry import PROVIDERS
from tests.emulators.base import Emulator, Reply
from tests.emulators.google import GoogleEmulator
from tests.support.vendors import KINDS, Kindred, env_of
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality


@dataclass(frozen=True)
class Way:
    """The facts of a job that a vendor reports, apart from its existence.

    Attributes:
        other: Another model of the vendor for the same kind of asset; "" where the vendor reports no model.
        prompt: The vendor reports the prompt.
        unknown: An id in the vendor's own form that no job has.
    """

    kindred: Kindred
    other: str
    prompt: bool
    unknown: str = "no-such-job"
    enterprise: bool = False


VEO: Final = Kindred("google", "veo-3.1-generate-001", Modality.VIDEO, GoogleEmulator, job=True)
WAYS: Final = {
    "openai-image-job": Way(KINDS["openai-image-job"], "gpt-image-2.5-sunburst@responses", prompt=True),
    "google-video": Way(KINDS["google-video"], "gemini-omni-1.1-flash", prompt=True),
    "google-veo": Way(
        VEO,
        "veo-3.1-generate-preview",
        prompt=False,
        unknown="publishers/google/models/veo-3.1-generate-001/operations/none",
        enterprise=True,
    ),
    "replicate-image": Way(KINDS["replicate-image"], "black-forest-labs/flux-1.1-pro", prompt=True),
    "runway-video": Way(KINDS["runway-video"], "", prompt=False),
}
every = pytest.mark.parametrize("name", WAYS)


def request(way: Way, prompt: str = "A lighthouse.", model: str = "") -> Request:
    kindred = way.kindred
    asset = Asset(
        asset_id="a",
        asset_type=kindred.modality,
        role="body",
        prompt=prompt,
        provider=kindred.vendor,
        model=model or kindred.model,
    )
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    return Request("p/a/1", 1, brief, asset, 1, [], Path("/nonexistent"))


def env(way: Way, emulator: Emulator) -> dict[str, str]:
    if isinstance(emulator, GoogleEmulator) and way.enterprise:
        return emulator.enterprise_env
    return env_of(way.kindred.vendor, emulator)


@asynccontextmanager
async def running(way: Way) -> AsyncIterator[tuple[Provider, Emulator, Job]]:
    """A provider, its vendor, and a job that the provider submitted."""
    with way.kindred.emulator() as emulator:
        provider = PROVIDERS[way.kindred.vendor].build(env(way, emulator))
        try:
            job = await provider.submit(request(way))
            assert isinstance(job, Job)
            yield provider, emulator, Job(job.id)
        finally:
            await provider.close()


def test_every_job_vendor_has_a_row() -> None:
    """Each way of making a take by a job has a row here."""
    assert {name for name, kindred in KINDS.items() if kindred.job} <= set(WAYS)


@every
async def test_the_job_of_the_take_is_accepted(name: str) -> None:
    """A job of this account with the asset's model and prompt is accepted, with read requests only."""
    async with running(WAYS[name]) as (provider, emulator, job):
        await provider.check_adoptable(request(WAYS[name]), job)
        assert (emulator.count("submit"), emulator.count("cancel"), len(emulator.submissions)) == (1, 0, 1)
        assert emulator.problems == []


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.prompt])
async def test_a_job_of_another_prompt_is_refused(name: str) -> None:
    """When the vendor reports the prompt, a different one is refused, with both prompts in the message."""
    async with running(WAYS[name]) as (provider, _, job):
        with pytest.raises(InvalidRequest, match=r"job_id: .*prompt 'A lighthouse\.'.*'A harbour\.'"):
            await provider.check_adoptable(request(WAYS[name], prompt="A harbour."), job)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.other])
async def test_a_job_of_another_model_is_refused(name: str) -> None:
    """When the vendor reports the model, a different one is refused."""
    async with running(WAYS[name]) as (provider, _, job):
        with pytest.raises(InvalidRequest, match=r"job_id: .*model"):
            await provider.check_adoptable(request(WAYS[name], model=WAYS[name].other), job)


@every
async def test_a_job_of_another_account_is_refused(name: str) -> None:
    """An id that the vendor does not have, or does not show to this key, is refused, and the message names the
    variable."""
    way = WAYS[name]
    variable = PROVIDERS[way.kindred.vendor].variables[0]
    async with running(way) as (provider, emulator, job):
        with pytest.raises(InvalidRequest, match=f"job_id: .*{way.unknown}.*account of {variable}"):
            await provider.check_adoptable(request(way), Job(way.unknown))
        emulator.say(Reply(403, {"error": {"code": 403, "message": "no"}, "detail": "no"}), on="poll")
        with pytest.raises(InvalidRequest, match=f"job_id: .*account of {variable}"):
            await provider.check_adoptable(request(way), job)


@every
async def test_an_unreachable_vendor_is_not_a_wrong_id(name: str) -> None:
    """When the vendor is down, slow or refuses the key, the error is not that of a wrong id."""
    way = WAYS[name]
    async with running(way) as (provider, emulator, job):
        for fault in ("drop_before", "gateway", "error", "overload"):
            emulator.meet(fault, on="poll")
            with pytest.raises(ProviderUnavailable):
                await provider.check_adoptable(request(way), job)
        emulator.meet("throttle", on="poll")
        with pytest.raises(RateLimited):
            await provider.check_adoptable(request(way), job)
        wrong = {**env(way, emulator), PROVIDERS[way.kindred.vendor].variables[0]: "wrong"}
        locked_out = PROVIDERS[way.kindred.vendor].build(wrong)
        with pytest.raises(AuthenticationFailed):
            await locked_out.check_adoptable(request(way), job)
        await locked_out.close()


async def test_a_prediction_with_deleted_input_is_checked_by_its_model() -> None:
    """Replicate deletes the input after an hour: then the model is still checked, and the prompt is not."""
    way = WAYS["replicate-image"]
    async with running(way) as (provider, emulator, job):
        vars(emulator)["predictions"][0].removed = True
        await provider.check_adoptable(request(way, prompt="A harbour."), job)
        with pytest.raises(InvalidRequest, match="model"):
            await provider.check_adoptable(request(way, model=way.other), job)


async def test_a_job_id_of_another_family_is_refused() -> None:
    """An Omni interaction is not adopted for Veo, nor a Veo operation for Omni; the vendor receives no request."""
    way = WAYS["google-veo"]
    with GoogleEmulator() as emulator:
        provider = PROVIDERS["google"].build(emulator.enterprise_env)
        for model, job in ((way.kindred.model, Job("v1_1")), ("gemini-omni-1.2-flash", Job(way.unknown))):
            with pytest.raises(InvalidRequest, match="not a job of"):
                await provider.check_adoptable(request(way, model=model), job)
        assert emulator.calls == []
        await provider.close()


@pytest.mark.parametrize("name", ["openai-speech", "anthropic-text", "google-image"])
async def test_a_synchronous_model_has_no_job(name: str) -> None:
    """A synchronous model has no job to adopt, and the message names the alternative."""
    way = Way(KINDS[name], "", prompt=False)
    with way.kindred.emulator() as emulator:
        provider = PROVIDERS[way.kindred.vendor].build(env_of(way.kindred.vendor, emulator))
        with pytest.raises(InvalidRequest, match=r"job_id: .*resubmit"):
            await provider.check_adoptable(request(way), Job("job-1"))
        assert emulator.calls == []
        await provider.close()


async def test_previz_accepts_only_its_own_jobs() -> None:
    """The id shows that a job is previz's, and the model has to be the one that has jobs."""
    kindred = Kindred("previz", "previz-animatic-job", Modality.VIDEO, GoogleEmulator, job=True)
    way = Way(kindred, "previz-animatic", prompt=False)
    provider = PROVIDERS["previz"].build({})
    job = await provider.submit(request(way))
    assert isinstance(job, Job)
    await provider.check_adoptable(request(way), job)
    for wanted, wrong in ((request(way), replace(job, id="task-1")), (request(way, model=way.other), job)):
        with pytest.raises(InvalidRequest, match="job_id"):
            await provider.check_adoptable(wanted, wrong)

"""previz: real media without key and network, the same bytes for the same request, PREVIZ on every output."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.errors import InvalidRequest
from activities.media.facts import probe
from activities.providers.previz import animatic as previz_video
from activities.providers.previz import narration, provider
from activities.providers.previz.provider import Previz
from activities.providers.previz.sound.music import TEMPI
from activities.providers.protocol import Claim, Finished, Job, Request, Running
from activities.providers.registry import PROVIDERS, build_providers, build_report
from activities.settings import ActivitySettings
from tests.activities.providers.previz.support import MODELS, made
from workflows.models import Modality


@pytest.mark.parametrize("model", [m for m in MODELS if m != "previz-animatic-job"])
async def test_same_request_same_bytes(ask: Callable[..., Request], model: str) -> None:
    """Two attempts of one request make the same bytes, of the media type that the catalogue names."""
    parameters = {"previz-animatic": {"seconds": 0.5}, "previz-music": {"seconds": 2}}.get(model, {})
    first, again = [await made(ask(model, parameters=parameters)) for _ in range(2)]
    assert first.read_bytes() == again.read_bytes()
    offer = next(o for o in Previz({}).offers() if o.model == model)
    probe(first, offer.media_type)


async def test_text_has_the_tag_and_the_brief(ask: Callable[..., Request]) -> None:
    """Placeholder text has PREVIZ first and last, and contains the text of the brief."""
    text = (await made(ask("previz-text"))).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line]
    assert "PREVIZ" in lines[0]
    assert "PREVIZ" in lines[-1]
    assert "It has stood for long." in text


@pytest.mark.parametrize(
    ("model", "parameters", "named"),
    [
        ("previz-narration", {"rate": 20}, "parameters.rate"),
        ("previz-narration", {"rate": "fast"}, "parameters.rate"),
        ("previz-narration", {"voice": "valyrian"}, "parameters.voice"),
        ("previz-narration", {"voice": "en+nobody"}, "parameters.voice"),
        ("previz-narration", {"voice": 3}, "parameters.voice"),
        ("previz-music", {"seconds": 181}, "parameters.seconds"),
        ("previz-music", {"bpm": "fast"}, "parameters.bpm"),
        ("previz-sounds", {"seconds": -1}, "parameters.seconds"),
        ("previz-animatic", {"seconds": 0}, "parameters.seconds"),
        ("previz-animatic", {"seconds": True}, "parameters.seconds"),
        ("previz-animatic", {"at_least": 61}, "parameters.at_least"),
        ("previz-animatic-job", {"job_seconds": -1}, "parameters.job_seconds"),
        ("previz-animatic-job", {"seconds": float("nan")}, "parameters.seconds"),
    ],
)
async def test_bad_parameters_are_named(
    ask: Callable[..., Request], model: str, parameters: dict[str, Any], named: str
) -> None:
    """A parameter that cannot be applied is refused by its name, with the accepted values."""
    with pytest.raises(InvalidRequest, match=named):
        await Previz({}).submit(ask(model, parameters=parameters))


async def test_job_is_polled_by_its_id_alone(ask: Callable[..., Request]) -> None:
    """A job's id is sufficient for any worker to poll its progress and to get the animatic at its end."""
    request = ask("previz-animatic-job", parameters={"job_seconds": 600, "seconds": 0.5})
    job = await Previz({}).submit(request)
    assert isinstance(job, Job)
    polled = await Previz({}).poll(request, Job(job.id))
    assert isinstance(polled, Running)
    assert polled.progress is not None
    assert 0 <= polled.progress < 0.1
    assert polled.poll_after is not None
    begun = int(job.id.split("-")[1])
    half = await Previz({}).poll(request, Job(f"previz-{begun - 300_000}-600000"))
    assert isinstance(half, Running)
    assert half.progress == pytest.approx(0.5, abs=0.01)
    done = await Previz({}).poll(request, Job(f"previz-{begun - 600_000}-600000"))
    assert isinstance(done, Finished)
    assert done.media_type == "video/mp4"
    await Previz({}).cancel(job)
    assert await Previz({}).recover(Claim(request, datetime.now(UTC))) is None


@pytest.mark.parametrize("job_id", ["", "previz-", "previz-1-2-3", "runway-12-13", "previz-1e9-5", "previz-١-٢"])
async def test_foreign_job_ids_are_refused(ask: Callable[..., Request], job_id: str) -> None:
    """An id that previz did not create is refused by its field."""
    with pytest.raises(InvalidRequest, match="job_id"):
        await Previz({}).poll(ask("previz-animatic-job"), Job(job_id))


def test_registry_enables_by_settings() -> None:
    """previz is enabled unless it is switched off, and then every modality names the variable that enables it."""
    enabled = build_providers(ActivitySettings(previz=True), {})
    assert list(enabled) == ["previz"]
    whole = build_report(enabled, "template")
    assert set(whole.enabled_providers) == set(Modality)
    assert whole.reasons == {}
    assert {m.price for p in whole.providers for m in p.models if p.enabled} == {"free"}
    nothing = build_report(build_providers(ActivitySettings(previz=False), {}), "template")
    assert all("GREENLIGHT_PREVIZ" in nothing.reasons[m] for m in Modality)
    assert [p.provider for p in nothing.providers] == list(PROVIDERS)
    assert all(p.reason and not p.enabled for p in nothing.providers)
    assert {"set GREENLIGHT_PREVIZ=true for previz"} <= set(nothing.missing[Modality.IMAGE])


def test_the_catalogue_lists_the_models_of_the_provider() -> None:
    """The catalogue's previz models are exactly those that the provider makes."""
    assert {o.model for o in Previz({}).offers()} == {*MODELS, "previz-illustrated"}


def test_catalogue_and_provider_agree_on_ranges() -> None:
    """The catalogue's range of a number is the one that previz accepts, and is described."""
    limits = {
        "rate": narration.RATE,
        "seconds": previz_video.SECONDS,
        "at_least": previz_video.SECONDS,
        "job_seconds": provider.JOB_SECONDS,
        "bpm": TEMPI,
    }
    sounds = {"previz-music": provider.MUSIC_SECONDS, "previz-sounds": provider.SOUND_SECONDS}
    offers = Previz({}).offers()
    rules = [
        (o.model, name, rule)
        for o in offers
        for name, rule in o.rules.items()
        if rule.type == "number" and not rule.choices
    ]
    assert {name for _, name, _ in rules} == set(limits)
    for model, name, rule in rules:
        assert (rule.min, rule.max) == (sounds.get(model, limits[name]) if name == "seconds" else limits[name])
    words = {name: text for o in offers for name, text in o.parameters.items()}
    assert words["rate"] == "speed of speech (words a minute, 80 to 400); default: 165"

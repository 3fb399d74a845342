"""OpenAI's offers, parameters and environment variables, and the emulator against the vendor's own types."""

import json
from datetime import date
from typing import Any

import pytest
from pydantic import JsonValue

from activities.catalogue.loader import load_offers, problem_with
from activities.errors import ContentRefused
from activities.providers.openai.provider import OpenAI
from activities.providers.protocol import Job
from tests.activities.providers.openai.support import AUDIO, FLARE, IMAGE, JOB_MODEL, TEXT, Asks, at, made, offer
from tests.emulators import specs
from tests.emulators.base import Call, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_bodies import fields_of

TODAY = date(2026, 11, 20)


@specs.needs_vendor_data
async def test_the_emulator_responds_as_the_vendor_does(asks: Asks) -> None:
    """Emulated responses have the form of the vendor's own types."""
    forms = {
        "/v1/images/generations": "images.response",
        "/v1/responses": "responses.response",
        "/v1/chat/completions": "chat.completions.response",
        "/v1/moderations": "moderations.response",
        "/v1/audio/transcriptions": "audio.transcriptions.response.json",
    }
    seen: set[str] = set()
    wrong: list[str] = []

    class Watched(OpenAIEmulator):
        def answer(self, call: Call) -> Reply:
            reply = super().answer(call)
            path = "/v1/responses" if call.path.startswith("/v1/responses") else call.path
            seen.add(path)
            wrong.extend(specs.violations(f"sdk-derived/openai/{forms[path]}.json", json.loads(reply.data)))
            return reply

    with Watched() as vendor:
        vendor.polls = 1
        openai = at(vendor)
        await made(openai, asks(FLARE, IMAGE))
        await made(openai, asks("gpt-6-luna", TEXT))
        await made(openai, asks("gpt-transcribe", TEXT, asks.given(AUDIO)))
        await openai.moderate(["kill"])
        asked = asks(JOB_MODEL, IMAGE)
        job = await openai.submit(asked)
        assert isinstance(job, Job)
        await openai.poll(asked, job)
        vendor.meet("refuse")
        refused = await openai.submit(asked)
        assert isinstance(refused, Job)
        with pytest.raises(ContentRefused):
            await openai.poll(asked, refused)
        await openai.close()
    assert seen == set(forms)
    assert wrong == []


def test_retired_models_name_their_replacement() -> None:
    """A retired model cannot be planned, and names its replacement; a model with a retirement date reports it."""
    offers = {o.model: o for o in OpenAI({"OPENAI_API_KEY": "k"}).offers()}
    for model in ("dall-e-2", "dall-e-3", "gpt-image-1"):
        assert "use gpt-image-2.5-" in (problem_with(offers[model], TODAY) or "")
    for model in ("gpt-image-1.5", "gpt-image-1-mini"):
        assert (offers[model].retires, problem_with(offers[model], TODAY)) == (date(2026, 12, 1), None)
    assert offers["whisper-1"].replacement == ("gpt-transcribe",)
    assert offers["tts-1"].unknown
    assert offers[FLARE].retires is None


def test_a_compatible_server_retires_no_model(vendor: OpenAIEmulator) -> None:
    """Behind another server's address a retired model stays available; OpenAI's own addresses change nothing."""
    assert all(o.retires is None and not o.replacement for o in at(vendor).offers())
    for address in ("https://api.openai.com/v1", "https://eu.api.openai.com/v1", ""):
        theirs = OpenAI({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": address})
        assert problem_with(offer(theirs, "dall-e-3", IMAGE), TODAY) is not None


SENT_AS = {"max_tokens": "max_completion_tokens", "effort": "reasoning_effort", "format": "response_format"}
BY_PATH = {"task"}


async def test_every_parameter_of_the_catalogue_is_sent(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A parameter that the catalogue offers is sent to the vendor with the chosen value."""
    documented = [(listed, name, rule) for listed in load_offers("openai") for name, rule in listed.rules.items()]
    assert len(documented) > 50
    for listed, name, rule in documented:
        shown = {IMAGE} if name == "detail" else set()
        inputs = [asks.given(m) for m in sorted(listed.requires | shown)]
        value: JsonValue = rule.choices[-1] if rule.choices else rule.max if rule.type == "number" else "fr"
        value = "1024x1024" if name == "size" and not rule.choices else value
        value = int(value) if isinstance(value, float) else value
        await openai.submit(asks(listed.model, listed.modality, *inputs, parameters={name: value}))
        body: dict[str, Any] = fields_of(vendor.calls[-1])
        body = {**body, **(body["tools"][0] if "tools" in body else {})}
        if name in BY_PATH:
            assert vendor.calls[-1].path == "/v1/audio/translations"
        elif name == "detail":
            (picture,) = (part for part in body["messages"][-1]["content"] if part["type"] == "image_url")
            assert picture["image_url"]["detail"] == value
        elif name == "keywords":
            assert body[name] == [value]
        else:
            expected = "json" if (name, value) == ("format", "text") else value
            assert body[SENT_AS.get(name, name)] == expected, (listed.model, name)


async def test_organisation_and_project_come_from_the_workers_environment(
    vendor: OpenAIEmulator, asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's variables are read from the given environment, and not from that of the process."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/of-the-process")
    for env in ({}, {"OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj-1"}):
        openai = at(vendor, **env)
        await made(openai, asks("gpt-6-luna", TEXT))
        await openai.close()
    names = ("openai-organization", "openai-project")
    assert [tuple(c.headers.get(n) for n in names) for c in vendor.calls] == [(None, None), ("org-1", "proj-1")]

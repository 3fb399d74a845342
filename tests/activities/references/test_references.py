"""Pictures that a brief brings along: taken in before any model is asked, planned with, shown to models, and kept."""

import asyncio
import base64
import dataclasses
import hashlib
import io
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from pydantic import ValidationError
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer
from typer.testing import CliRunner

from activities.catalogue.loader import offers_of
from activities.catalogue.pricing import quote, shown
from activities.egress import Outward
from activities.planning.pricing import price
from activities.planning.questions.inquiry import call_of, seen_by
from activities.planning.template import draft
from activities.production import Activities
from activities.providers.google.provider import Google
from activities.providers.openai.provider import OpenAI
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.providers.registry import PROVIDERS, build_providers
from activities.providers.replicate.provider import Replicate
from activities.references import ingest
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from api.cli.main import app
from deploy.local import Stack
from tests.activities.test_addresses import Named, certificate, named
from tests.api.test_problems import problem
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, names, refusal, snapshot, until, update
from tests.support.receiver import Got, Receiver, answer, receiving
from tests.support.serving import Api, serving
from tests.support.stack import use_s3
from tests.support.vendors import KINDS, env_of
from worker.__main__ import make_workers
from worker.settings import WorkerSettings
from workflows import keys
from workflows.activity_io import PLAN_INVALID, REFERENCE_REFUSED, DraftPlan, InputTake, ProduceAsset, TakeInReferences
from workflows.events import Snapshot
from workflows.models import Asset, Brief, Media, Modality, Plan, Platform, Reference
from workflows.production.state.policies import PlanProblem, check_plan
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, PlanEdit
from workflows.runtime.data_converter import data_converter

__all__ = ["named"]
MAGENTA = (255, 0, 200)
HOST = "pictures.example"


def picture(form: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, MAGENTA).save(buffer, form)
    return buffer.getvalue()


def brought(*sources: str) -> tuple[Reference, ...]:
    return tuple(Reference(source=source, name="bottle", note="keep the label") for source in sources)


def media(width: int = 1024, height: int = 1024, size: int = 100_000) -> Media:
    return Media(key="k", bytes=size, sha256="0" * 64, media_type="image/png", width=width, height=height)


@dataclasses.dataclass
class Desk:
    """Where pictures are stored or served, and taken in from."""

    storage: Storage
    production_id: str = dataclasses.field(default_factory=lambda: uuid4().hex)

    async def stored(self, data: bytes) -> str:
        key = keys.REFERENCES + uuid4().hex
        await self.storage.put_bytes(key, data, "application/octet-stream")
        return keys.STORED + key

    async def take_in(self, *sources: str, attempt: int = 1) -> tuple[Media, ...]:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        activities = Activities(self.storage, {}, ActivitySettings())
        request = TakeInReferences(production_id=self.production_id, references=brought(*sources))
        return await environment.run(activities.take_in_references, request)

    async def refused(self, *sources: str, attempt: int = 1, final: bool = True) -> str:
        with pytest.raises(ApplicationError) as caught:
            await self.take_in(*sources, attempt=attempt)
        assert (caught.value.type, caught.value.non_retryable) == (REFERENCE_REFUSED, final)
        return caught.value.message


@pytest.fixture
def desk(storage: Storage) -> Desk:
    return Desk(storage)


@pytest.fixture
async def site(named: Named, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """An https server on this machine, which alone may be fetched from."""
    serving_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving_tls.load_cert_chain(certificate(HOST, tmp_path))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(tmp_path / "certificate.pem")
    monkeypatch.setattr(ingest, "Outward", lambda **_: Outward({HOST}, tls))
    async with receiving(serving_tls) as receiver:
        named(["127.0.0.1"])
        yield receiver


def served(data: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(data) + data


def at(site: Receiver, path: str = "/a.png") -> str:
    return f"https://{HOST}:{site.port}{path}"


# Taking in


async def test_pictures_are_kept(desk: Desk, site: Receiver) -> None:
    """A stored and a fetched picture are kept with their hashes and sizes; a second run asks nobody."""
    png, jpeg = picture(), picture("JPEG", (90, 30))

    def say(got: Got) -> bytes:
        return served(jpeg) if got.target == "/b" else answer(302, location="/b")

    site.answer = say
    sources = await desk.stored(png), at(site)
    first, second = found = await desk.take_in(*sources)
    assert (first.key, second.key) == tuple(
        f"productions/{desk.production_id}/references/{name}" for name in ("1.png", "2.jpg")
    )
    assert [(m.media_type, m.width, m.height, m.bytes, m.sha256) for m in found] == [
        ("image/png", 60, 40, len(png), hashlib.sha256(png).hexdigest()),
        ("image/jpeg", 90, 30, len(jpeg), hashlib.sha256(jpeg).hexdigest()),
    ]
    kept = await desk.storage.get_bytes(second.key)
    assert kept is not None
    assert kept[0] == jpeg
    site.answer = lambda _: answer(404)
    assert await desk.take_in(*sources, attempt=2) == found
    assert len(site.got) == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (served(b"<html>Please log in</html>"), "no picture that opens; give PNG, JPEG or WebP"),
        (served(picture()[:60]), "export it again"),
        (served(b"\x89PNG" + bytes(2_000)), "larger than 1,000 bytes; give it in a smaller size"),
        (answer(404), f"{HOST} answered HTTP 404; give an address that needs no login"),
        (answer(302, location="/again"), f"{HOST} redirects more than 3 times"),
        (answer(302, location="http://169.254.169.254/latest"), "169.254.169.254 is http: nothing is fetched"),
        (answer(302, location="https://10.1.2.3/a.png"), "10.1.2.3 is in a private network"),
        (answer(302, location="ftp://10.1.2.3/a.png"), "is ftp: nothing is fetched"),
    ],
)
async def test_what_is_fetched_has_to_be_a_picture(
    desk: Desk, site: Receiver, named: Named, monkeypatch: pytest.MonkeyPatch, said: bytes, words: str
) -> None:
    """Pages, broken and too large files, and redirects into our network are refused, naming the reference."""
    named(*[["127.0.0.1"]] * (1 if b"location" in said and b"/again" not in said else 4), ["10.1.2.3"])
    monkeypatch.setattr(ingest, "MAX_REFERENCE_BYTES", 1_000)
    monkeypatch.setattr(ingest, "_TOO_LARGE", ingest._TOO_LARGE.replace("20,000,000", "1,000"))
    site.answer = lambda _: said
    message = await desk.refused(await desk.stored(picture()), at(site))
    assert message.startswith("references[1] (bottle): ")
    assert words in message
    assert await desk.storage.head(keys.reference_key(desk.production_id, 2, "png")) is None


@pytest.mark.parametrize("source", ["https://127.0.0.1/a.png", "https://[::1]/a.png", "https://169.254.169.254/a"])
async def test_no_brief_makes_us_read_our_own_network(desk: Desk, source: str) -> None:
    """An address in a private network is not fetched, and the file can be posted instead."""
    message = await desk.refused(source)
    assert "private network" in message
    assert "post the file to /api/v1/references" in message


async def test_an_outage_is_waited_for_a_moment(desk: Desk, site: Receiver) -> None:
    """A server that fails is asked again a few times, as its address may be mistyped and somebody waits."""
    site.answer = lambda _: answer(503)
    await desk.refused(at(site), final=False)
    assert "HTTP 503; try again later" in await desk.refused(at(site), attempt=ingest.ATTEMPTS)
    site.answer = lambda _: b""
    await desk.refused(at(site), final=False)
    assert "check the address" in await desk.refused(at(site), attempt=ingest.ATTEMPTS)


async def test_what_is_not_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that nothing is stored under, and a stored file that is too large, are refused with the remedy."""
    assert "post the file" in await desk.refused("stored:references/nothing")
    source = await desk.stored(picture())
    monkeypatch.setattr(ingest, "MAX_REFERENCE_BYTES", 10)
    assert "smaller size" in await desk.refused(source)


# The brief


@pytest.mark.parametrize(
    "source",
    [
        "http://example.com/a.png",
        "https://",
        "https:///a.png",
        "file:///etc/passwd",
        "stored:productions/p/plan/1.json",
        "stored:references/../productions/p/plan/1.json",
        "stored:references/",
        "references/a",
    ],
)
def test_sources_are_checked_at_the_door(source: str) -> None:
    """A reference is an https address or a key under `references/`, and no path leads out of there."""
    with pytest.raises(ValidationError):
        Reference(source=source)


def test_a_brief_brings_eight_at_most() -> None:
    """Nine references are refused."""
    assert (
        len(Brief(text="x", platform=Platform.COPY, references=brought(*["https://x.example/a"] * 8)).references) == 8
    )
    with pytest.raises(ValidationError, match="at most 8"):
        Brief(text="x", platform=Platform.COPY, references=brought(*["https://x.example/a"] * 9))


# Plans


def still(*needs: str, provider: str = "previz", model: str = "previz-storyboard", name: str = "still-1") -> Asset:
    return Asset(
        asset_id=name,
        asset_type=Modality.IMAGE,
        role="still",
        prompt="a lighthouse",
        provider=provider,
        model=model,
        depends_on=needs,
    )


def brief(count: int = 2, **more: Any) -> Brief:
    fields = {"text": "A lighthouse at dusk. It shines.", "platform": "video", "duration_seconds": 8, **more}
    return Brief.model_validate(fields | {"references": brought(*["https://x.example/a"] * count)})


def test_a_plan_names_references() -> None:
    """Exactly the brief's references can be depended on, and no asset may be called like one."""
    check_plan(brief(), Plan.of("x", [still("reference-1", "reference-2")]))
    for plan in (Plan.of("x", [still("reference-3")]), Plan.of("x", [still(name="reference-1")])):
        with pytest.raises(PlanProblem, match="reference-"):
            check_plan(brief(), plan)
    check_plan(brief(0), Plan.of("x", [still(name="reference-1")]))


@pytest.mark.parametrize(
    ("provider", "model", "words"),
    [
        ("google", "imagen-4.0-generate-001", "takes no pictures; drop reference-1 and reference-2"),
        ("replicate", "black-forest-labs/flux-1.1-pro", "depends_on: 2 pictures; black-forest-labs/flux-1.1-pro takes"),
        ("replicate", "black-forest-labs/flux-2-pro", ""),
        ("openai", "gpt-image-2", ""),
    ],
)
def test_models_are_shown_what_they_take(provider: str, model: str, words: str) -> None:
    """More pictures than a model takes are refused when the plan is priced, not cut when it is made."""
    providers: dict[str, Provider] = {
        "google": Google({"GOOGLE_GENAI_USE_ENTERPRISE": "true", "GOOGLE_CLOUD_PROJECT": "p"}),
        "openai": OpenAI({"OPENAI_API_KEY": "k"}),
        "replicate": Replicate({"REPLICATE_API_TOKEN": "k"}),
    }
    plan = Plan.of("x", [still("reference-1", "reference-2", provider=provider, model=model)])
    if not words:
        alone = price(Plan.of("x", [still(provider=provider, model=model)]), providers)
        priced = price(plan, providers, references=[media(), media()])
        assert priced.assets[0].depends_on == ("reference-1", "reference-2")
        assert (priced.high_usd > alone.high_usd) == (provider == "openai")  # which bills what it is shown by the token
        return
    with pytest.raises(ApplicationError) as caught:
        price(plan, providers, references=[media(), media()])
    assert caught.value.type == PLAN_INVALID
    assert words in caught.value.message


def drafted(asked: Brief, *providers: Provider) -> Plan:
    request = DraftPlan(production_id="p", brief=asked, references=tuple(media() for _ in asked.references))
    return draft(request, {p.name: p for p in providers})


def test_the_template_shows_references_to_pictures() -> None:
    """Every still is made from all references and says what they are for; shots come from their stills."""
    plan = drafted(brief(), Previz({}))
    stills = [a for a in plan.assets if a.role == "still"]
    assert {a.depends_on for a in stills} == {("reference-1", "reference-2")}
    assert all("Picture 2: bottle; keep the label." in a.prompt for a in stills)
    assert plan.by_id["shot-1"].depends_on == ("narration-1", "still-1")
    assert plan.warnings == ()


def test_the_template_says_what_it_cannot_use() -> None:
    """Without stills the shots are made from references; what no model is shown is warned of."""
    shots = drafted(brief(1, modalities=["text", "video"]), Previz({}))
    assert shots.by_id["shot-1"].depends_on == ("reference-1",)
    flux = Replicate({"REPLICATE_API_TOKEN": "k"})
    few = drafted(brief(3, platform="social_post"), flux, Previz({}))
    assert few.by_id["visual"].depends_on == ("reference-1", "reference-2")
    assert any(w.startswith("reference-3 is not used: ") for w in few.warnings)
    none = drafted(brief(1, platform="copy"), Previz({}))
    assert any(w.startswith("reference-1 is not used: ") for w in none.warnings)


# Models


SEEING = [name for name in KINDS if name != "openai-speech"]


@pytest.mark.parametrize("kind", SEEING)
async def test_references_reach_the_vendor(kind: str, storage: Storage) -> None:
    """The bytes of a reference are in the request to every vendor whose model takes pictures."""
    way, data, production_id = KINDS[kind], picture(), uuid4().hex
    kept = await Desk(storage, production_id).take_in(await Desk(storage).stored(data))
    with way.emulator() as vendor:
        provider = PROVIDERS[way.vendor].build(env_of(way.vendor, vendor))
        asset = still("reference-1", provider=way.vendor, model=way.model)
        plan = price(
            Plan.of("x", [asset.model_copy(update={"asset_type": way.modality})]), {way.vendor: provider}, "", (), kept
        )
        asked = ProduceAsset(
            production_id=production_id,
            brief=Brief(text="x", platform=Platform.VIDEO),
            asset=plan.assets[0],
            take=1,
            inputs=tuple(InputTake.of_references(kept).values()),
        )
        activities = Activities(storage, {way.vendor: provider}, ActivitySettings())
        try:
            if way.job:
                with pytest.raises(ApplicationError, match="next look"):
                    await ActivityEnvironment().run(activities.produce_asset, asked)
            else:
                take = await ActivityEnvironment().run(activities.produce_asset, asked)
                assert take.inputs == {"reference-1": 1}
        finally:
            await provider.close()
        body = vendor.submissions[0].body
        assert any(written in body for written in (data, base64.b64encode(data), base64.urlsafe_b64encode(data)))
        assert vendor.problems == []


@pytest.fixture
def post_by_claude() -> Callable[[dict[str, Any]], str]:
    """The answer of a model that plans a post from a reference."""

    def asset(asset_id: str, kind: str, provider: str, model: str, *needs: str) -> dict[str, Any]:
        words = {"original": "a wish", "prompt": "the words", "label": asset_id, "role": asset_id}
        made = {"asset_id": asset_id, "asset_type": kind, "provider": provider, "model": model}
        return {**words, **made, "parameters": [], "depends_on": list(needs)}

    def say(_: dict[str, Any]) -> str:
        post = asset("post", "text", "anthropic", "claude-haiku-5-5")
        visual = asset("visual", "image", "previz", "previz-storyboard", "reference-1")
        return json.dumps({"title": "Post", "assets": [post, visual], "warnings": []})

    return say


def test_what_a_planner_sees_is_paid_for() -> None:
    """A question with pictures costs what the vendor's formula says of them, for models that see and for no others."""
    claude = next(o for o in offers_of("anthropic") if o.model == "claude-sonnet-5-5")
    seen = seen_by(claude, [media(1500, 1000), media(size=30_000_000), media()])
    assert seen == [media(1500, 1000)]
    asset = call_of(claude, 1_000, "plan")
    more = quote(claude, asset, list(shown(seen).values())).high_usd - quote(claude, asset).high_usd
    assert more == pytest.approx(Decimal("0.0040"), abs=Decimal("0.0001"))  # 2,000 tokens at 2 USD a million
    assert seen_by(dataclasses.replace(claude, input_image=""), [media()]) == ()


async def test_the_planner_sees_references(storage: Storage, post_by_claude: Callable[[dict[str, Any]], str]) -> None:
    """A model that plans is told of the references as data and shown as many as fit; the question costs accordingly."""
    from tests.emulators.anthropic import AnthropicEmulator

    desk = Desk(storage)
    kept = await desk.take_in(await desk.stored(picture(size=(1500, 1000))))
    unseen = kept[0].model_copy(update={"bytes": 20_000_000})
    asked = brief(2, platform="social_post")
    request = DraftPlan(production_id=desk.production_id, brief=asked, references=(*kept, unseen))
    with AnthropicEmulator(post_by_claude) as vendor:
        settings = ActivitySettings(planner="anthropic/claude-sonnet-5-5")
        providers = build_providers(settings, env_of("anthropic", vendor))
        try:
            plan = await ActivityEnvironment().run(Activities(storage, providers, settings).draft_plan, request)
        finally:
            await asyncio.gather(*(p.close() for p in providers.values()))
    assert plan.by_id["visual"].depends_on == ("reference-1",)
    content = vendor.submissions[0].json["messages"][0]["content"]
    assert [part["type"] for part in content] == ["image", "text"]
    assert base64.b64decode(content[0]["source"]["data"]) == picture(size=(1500, 1000))
    told = json.loads(content[1]["text"].partition("\n\n")[2])["references"]
    assert [each["id"] for each in told] == ["reference-1", "reference-2"]
    assert told[0] == {"id": "reference-1", "name": "bottle", "note": "keep the label", "width": 1500, "height": 1000}
    assert "## References" in vendor.submissions[0].json["system"]


# A whole production


@pytest.fixture
async def studio(client: Client, servers: Stack, storage: Storage) -> AsyncIterator[Api]:
    """The API over the product's own activities, with previz alone."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        settings, providers = ActivitySettings(), {"previz": Previz({})}
        activities = Activities(storage, providers, settings)
        async with AsyncExitStack() as stack:
            for worker in make_workers(client, activities, providers, WorkerSettings(graceful_shutdown_seconds=0)):
                await stack.enter_async_context(worker)
            yield await stack.enter_async_context(serving(client, {"GREENLIGHT_BUCKET": "tests"}))


async def test_a_post_is_made_from_references(studio: Api, site: Receiver, client: Client, storage: Storage) -> None:
    """A posted and a fetched picture are planned with, drawn into the frame and kept in the manifest."""
    site.answer = lambda _: served(picture("JPEG"))
    posted = (await studio.http.post("/api/v1/references", content=picture())).json()
    assert posted["bytes"] == len(picture())
    sources = [{"source": posted["source"], "name": "bottle"}, {"source": at(site)}]
    production_id = await studio.delivered(platform="social_post", references=sources, modalities=["image"])
    found = await storage.get_bytes(keys.manifest_key(production_id))
    assert found is not None
    manifest = Snapshot.model_validate_json(found[0])
    assert [m.key.rpartition("/")[2] for m in manifest.references] == ["1.png", "2.jpg"]
    state = manifest.assets["visual"]
    assert state.take is not None
    assert state.take.inputs == {"reference-1": 1, "reference-2": 1}
    frame = await storage.get_bytes(state.take.media.key)
    assert frame is not None
    with Image.open(io.BytesIO(frame[0])) as drawn:
        whole = drawn.convert("RGB").tobytes()
    near = sum(whole[i] > 240 and whole[i + 1] < 16 and whole[i + 2] > 184 for i in range(0, len(whole), 3))
    assert near > 4_000
    again = await studio.http.post(f"/api/v1/productions/{production_id}/assets/visual/regenerate", json={})
    assert again.status_code == 202, again.text
    await studio.events(production_id, manifest.events[-1].id)
    view = await studio.get(production_id)
    assert [(a["takes"], a["stale"]) for a in view["assets"] if a["asset_id"] == "visual"] == [(2, False)]
    handle = client.get_workflow_handle(keys.workflow_id(production_id))
    replayer = Replayer(workflows=[ProductionWorkflow], data_converter=data_converter)
    await replayer.replay_workflow(await handle.fetch_history())


async def test_a_preview_shows_references(studio: Api) -> None:
    """The free preview of a plan is made from the same references."""
    posted = (await studio.http.post("/api/v1/references", content=picture())).json()
    sources = [{"source": posted["source"]}]
    production_id, _ = await studio.planned(platform="social_post", references=sources, modalities=["image"])
    started = await studio.http.post(f"/api/v1/productions/{production_id}/preview")
    assert (await studio.events(started.json()["production_id"]))[-1].name == "done"
    takes = await studio.http.get(f"/api/v1/productions/{started.json()['production_id']}/assets/visual/takes")
    assert takes.json()["takes"][0]["inputs"] == {"reference-1": 1}


async def test_a_bad_reference_ends_planning(studio: Api) -> None:
    """Planning fails with the reference's name and the remedy, before anything is drafted."""
    production_id = await studio.start(references=[{"source": "stored:references/gone"}])
    failed = await studio.until(production_id, "plan_failed")
    assert "references[0]: there is no 'references/gone'" in failed.data["data"]["reason"]
    assert (await studio.get(production_id))["status"] == "failed"


async def test_references_are_fetched_once(productions: Productions, client: Client) -> None:
    """A revision, an edit and another take name the same references, which are never taken in again."""
    async with FakeActivities(assets=1).working(client):
        handle, plan = await productions.planned(references=[{"source": "https://x.example/a.png"}])
        edit = EditOp(op="change", asset_id="text-1", depends_on=("reference-1",))
        wrong = EditOp(op="change", asset_id="text-1", depends_on=("reference-2",))
        asked = PlanEdit(plan_digest=plan.digest, edits=(wrong,))
        assert (await refusal(update(handle, ProductionWorkflow.edit_plan, asked))).kind == "invalid_edit"
        asked = PlanEdit(plan_digest=plan.digest, edits=(edit,))
        edited = await update(handle, ProductionWorkflow.edit_plan, asked)
        approval = Approval(plan_digest=edited.digest, approver="ana")
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await until(handle, "delivered")
        assert seen.assets["text-1"].takes[0].inputs == {"reference-1": 1}
        assert names(await snapshot(handle))[-1] == "done"
    history = await handle.fetch_history()
    types = [e.activity_task_scheduled_event_attributes.activity_type.name for e in history.events]
    assert types.count("take_in_references") == 1


# Over HTTP and by the command


@pytest.fixture
async def api(client: Client, servers: Stack) -> AsyncIterator[Api]:
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with FakeActivities().working(client), serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


async def test_posting_a_picture(api: Api, storage: Storage) -> None:
    """A picture is stored under its own key; what is none, empty or too large is refused and not kept."""
    answered = await api.http.post("/api/v1/references", content=picture("WEBP"))
    assert answered.status_code == 201
    source = answered.json()["source"]
    kept = await storage.get_bytes(source.removeprefix("stored:"))
    assert kept is not None
    assert kept[0] == picture("WEBP")
    Reference(source=source)
    before = storage._admin.list_objects_v2(Bucket="tests", Prefix=keys.REFERENCES)["KeyCount"]
    for wrong in (b"%PDF-1.7 and so on", b""):
        assert "no picture" in problem(await api.http.post("/api/v1/references", content=wrong), 422).detail
    too_much: list[bytes | AsyncIterator[bytes]] = [b"x" * 20_000_001, large()]
    for content in too_much:
        assert "20,000,000 bytes" in problem(await api.http.post("/api/v1/references", content=content), 413).detail
    assert storage._admin.list_objects_v2(Bucket="tests", Prefix=keys.REFERENCES)["KeyCount"] == before


async def large() -> AsyncIterator[bytes]:
    for _ in range(21):
        yield b"x" * 1_000_000


async def test_the_door_names_the_reference(api: Api) -> None:
    """A brief with a reference that can be none is answered with the field and what it may be."""
    body = {"text": "x", "platform": "copy", "references": [{"source": "https://x.example/a"}, {"source": "/etc/x"}]}
    found = problem(await api.http.post("/api/v1/productions", json=body), 422)
    assert found.errors[0].field == "references[1].source"
    assert "https://" in found.errors[0].remedy


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "bottle.png").write_bytes(picture())
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


async def test_references_by_the_command(api: Api, files: Path) -> None:
    """--reference sends a file and names an address; what is missing or no picture starts nothing."""

    async def plan(*arguments: str) -> Any:
        command = ["--url", str(api.http.base_url), "plan", "Say it.", "--platform", "copy", "--json", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    done = await plan("--reference", str(files / "bottle.png"), "--reference", "https://x.example/a.png")
    assert done.exit_code == 0, done.output
    first, second = json.loads(done.stdout)["brief"]["references"]
    assert first["source"].startswith("stored:references/")
    assert (first["name"], second["source"]) == ("bottle", "https://x.example/a.png")
    missing = await plan("--reference", "nothing.png")
    assert missing.exit_code == 2
    assert "there is no file 'nothing.png'" in " ".join(missing.output.split())
    wrong = await plan("--reference", str(files / "notes.txt"))
    assert wrong.exit_code == 1
    assert "no picture" in wrong.output
    nine = await plan(*["--reference", "https://x.example/a.png"] * 9)
    assert "at most 8" in " ".join(nine.output.split())

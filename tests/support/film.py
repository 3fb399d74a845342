"""A production as its caller uses it: started, planned, watched, and read in the bucket afterwards."""

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import boto3
from botocore.config import Config
from pydantic import JsonValue

from activities.takes.ledger import Entry
from api.client.client import GreenlightClient
from api.views.production import PlanView, StreamEvent
from deploy.home import StackInfo
from deploy.s3 import REGION
from tests.support.stack import CREDENTIALS
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import Event, Snapshot
from workflows.requests import Approval, EditOp, PlanEdit

BRIEF: Final = Brief(
    title="Harbour",
    text="A fishing boat leaves the harbour at dawn. Gulls follow it past the pier.",
    platform=Platform.VIDEO,
    duration_seconds=8,
    requester="ana",
)
"""Two shots of four seconds: the shortest film that has a cut."""


def planned(client: GreenlightClient, brief: Brief) -> tuple[str, PlanView]:
    """Start a production and wait for its plan."""
    production_id = client.start(brief).production_id
    event = next(e for e in client.events(production_id) if e.name in ("plan_ready", "plan_failed"))
    plan = client.get(production_id).plan
    assert plan is not None, event.data
    return production_id, plan


def as_job(client: GreenlightClient, production_id: str, plan: PlanView, asset_id: str, seconds: float) -> PlanView:
    """Edit a plan: one shot becomes a long job of its provider."""
    edit = EditOp(op="change", asset_id=asset_id, model="previz-animatic-job", parameters={"job_seconds": seconds})
    return client.edit_plan(production_id, PlanEdit(plan_digest=plan.digest, edits=(edit,), editor="ana"))


def approval(plan: PlanView) -> Approval:
    return Approval(plan_digest=plan.digest, approver="ana")


def manifest_of(client: GreenlightClient, production_id: str, folder: Path) -> Snapshot:
    """The newest manifest, downloaded over HTTP."""
    path = client.download_manifest(production_id, folder / f"{production_id}-manifest.json")
    return Snapshot.model_validate_json(path.read_bytes())


def logged_data(event: Event | StreamEvent) -> dict[str, JsonValue]:
    """The data of an event as the log holds it: without the plan's assets, which streams add."""
    return {name: value for name, value in event.data.items() if name != "plan_assets"}


def in_the_log(events: Sequence[StreamEvent]) -> list[Event]:
    """The events of a stream that belong to the log: those with an id."""
    logged = [event for event in events if event.id is not None]
    return [
        Event.model_validate(e.model_dump(exclude={"production_id", "resume_id"}) | {"data": logged_data(e)})
        for e in logged
    ]


class Watcher:
    """Follows a production in a thread, as another service would, and keeps every event."""

    def __init__(self, url: str, production_id: str) -> None:
        self.events: list[StreamEvent] = []
        self._client = GreenlightClient(url)
        self._production_id = production_id
        self._news = threading.Condition()
        self._ended = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._follow, name=f"watcher of {production_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _follow(self) -> None:
        try:
            for event in self._client.events(self._production_id):
                with self._news:
                    self.events.append(event)
                    self._news.notify_all()
        except Exception as error:  # the test raises it
            self._error = error
        finally:
            with self._news:
                self._ended = True
                self._news.notify_all()

    def saw(self, name: str, asset_id: str | None = None, count: int = 1) -> bool:
        return sum(e.name == name and e.asset_id == asset_id for e in self.events) >= count

    def until(self, name: str, asset_id: str | None = None, *, count: int = 1) -> None:
        """Wait until `count` events of this name arrived."""
        with self._news:
            self._news.wait_for(lambda: self._ended or self.saw(name, asset_id, count), WITHIN)
            assert self.saw(name, asset_id, count), f"no {name} {asset_id or ''} within {WITHIN:g} s: {self._told()}"

    def all(self) -> list[StreamEvent]:
        """Every event, once the server has ended the stream."""
        with self._news:
            assert self._news.wait_for(lambda: self._ended, WITHIN), f"no end within {WITHIN:g} s: {self._told()}"
        if self._error:
            raise self._error
        return self.events

    def _told(self) -> list[tuple[int | None, str, str | None]]:
        return [(e.id, e.name, e.asset_id) for e in self.events]


class Bucket:
    """The bucket of an embedded stack, read from outside."""

    def __init__(self, info: StackInfo) -> None:
        self._name = info.bucket
        self._client = boto3.client(
            "s3",
            endpoint_url=info.s3_endpoint,
            aws_access_key_id=CREDENTIALS.access_key,
            aws_secret_access_key=CREDENTIALS.secret_key,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )

    def objects(self, production_id: str) -> dict[str, tuple[str, datetime]]:
        """Key -> (ETag, last modified) of everything that a production has stored."""
        return self._list(f"{keys.production_prefix(production_id)}/")

    def segments(self, production_id: str) -> dict[str, tuple[str, datetime]]:
        """The same for the encoded parts of its film."""
        return self._list(keys.film_prefix(production_id))

    def _list(self, prefix: str) -> dict[str, tuple[str, datetime]]:
        answer = self._client.list_objects_v2(Bucket=self._name, Prefix=prefix)
        assert not answer["IsTruncated"]
        return {o["Key"]: (o["ETag"], o["LastModified"]) for o in answer.get("Contents", ())}

    def read(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self._name, Key=key)["Body"].read()

    def ledger(self, production_id: str, asset_id: str, take: int = 1) -> Entry:
        return Entry.model_validate_json(self.read(ledger_key(production_id, asset_id, take)))


def ledger_key(production_id: str, asset_id: str, take: int = 1) -> str:
    return f"{keys.take_prefix(production_id, asset_id, take)}/ledger.json"


def known_keys(manifest: Snapshot) -> set[str]:
    """Every object that a manifest names, and the words of narrations, without ledgers and earlier revisions."""
    production_id, made, plan = manifest.production_id, manifest.deliverable, manifest.plan
    assert made is not None
    assert plan is not None
    takes = [take for state in manifest.assets.values() for take in state.takes]
    return {
        keys.plan_key(production_id, plan.digest),
        keys.manifest_key(production_id),
        keys.deliverable_key(production_id, made.revision, "manifest.json"),
        *(file.media.key for file in made.files),
        *(take.media.key for take in takes),
        *(keys.data_key(take.media.key) for take in takes if take.model == "previz-narration"),
    }

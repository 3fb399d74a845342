"""The guarantees that hold for every production at the end of a trial, whatever happened in it."""

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

from temporalio.api.enums.v1 import PendingActivityState, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError

from activities.takes.ledger import Entry
from api.views.production import StreamEvent
from tests.chaos.audit.money import balance
from tests.chaos.audit.records import Audit, money, orphans, reasons
from tests.chaos.people.person import Person
from tests.chaos.people.watcher import Watcher
from tests.chaos.scenario import ProductionScript
from tests.chaos.servers.stack import Running
from tests.chaos.servers.vendors import Vendors
from tests.support.film import Bucket, logged_data
from tests.support.productions import snapshot as read_snapshot
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.events import Event, ProductionStatus, Snapshot
from workflows.runtime.data_converter import data_converter

BROKEN: Final = frozenset(
    {
        WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
        WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
    }
)
IMPORT_LOCK: Final = re.compile(r"importlib\._bootstrap>.*\bin acquire\b", re.S)
"""CPython 3.11: a finalizer that imports while its thread takes an import lock breaks that import with a KeyError. The
workflow task is then retried, with the same result (https://github.com/python/cpython/issues/106176)."""
CLOSES_WITHIN: Final = 120
"""Seconds from the end of a production to that of its run."""
ANSWERS_WITHIN: Final = WITHIN
"""Seconds for a query of the whole record; normally some hundredths."""


class AuditedBucket(Bucket):
    """The bucket, with the reads that an audit needs."""

    def is_free_take(self, key: str) -> bool:
        """Whether the object's metadata is the record of a take without a ledger."""
        return "sha256" in self._client.head_object(Bucket=self._name, Key=key)["Metadata"]

    def broken_off(self) -> list[str]:
        """Keys of multipart uploads that were neither completed nor aborted."""
        return [u["Key"] for u in self._client.list_multipart_uploads(Bucket=self._name).get("Uploads", ())]


class Unresponsive(Exception):
    """A production cannot be audited: its run does not respond to a query."""


async def audited(running: Running, script: ProductionScript, person: Person, vendors: Vendors) -> Audit:
    """Compare one production with the vendors' bills, the bucket, Temporal and the events of its watchers.

    Raises:
        Unresponsive: its run does not respond; the message has the reason.
    """
    info, production_id = running.info, person.production_id
    client = await Client.connect(info.temporal_address, data_converter=data_converter)
    run = client.get_workflow_handle(keys.workflow_id(production_id))
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            snapshot = await read_snapshot(run)
    except (TimeoutError, RPCError, WorkflowQueryFailedError) as error:
        raise Unresponsive(
            f"{production_id} does not answer: {error!r} {await _failed_tasks(client, run.id)}"
        ) from None
    bucket = AuditedBucket(info)
    stored = bucket.objects(production_id)
    entries = {
        (parts[3], int(parts[5])): Entry.model_validate_json(bucket.read(key))
        for key in stored
        if (parts := key.split("/"))[-1] == "ledger.json"
    }
    audit = Audit(production_id, snapshot, entries, was_reset=person.was_reset)
    await _temporal(audit, client)
    reasons(audit)
    bills = [b for b in vendors.bills() if b.owner.production == script.name]
    audit.accounts = balance(
        snapshot,
        entries,
        bills,
        highest_budget_usd=person.requests.highest_budget_usd,
        allows_unknown=script.allows_unknown,
        was_reset=person.was_reset,
    )
    for problem in audit.accounts.problems:
        audit.wrong(problem)
    money(audit, script.name, vendors)
    _jobs(audit, script, vendors)
    _objects(audit, stored, bucket)
    prefix = f"{keys.production_prefix(production_id)}/"
    for key in (overwritten := running.proxy.overwritten(prefix)):
        audit.wrong(f"{key} was written again with other content")
    audit.overwritten = overwritten
    audit.orphans = orphans(audit, stored, bucket.is_free_take) + bucket.broken_off()
    for key in audit.orphans:
        audit.wrong(f"nothing explains {key}")
    audit.evidence = {
        "script": vars(script),
        "did": person.requests.did,
        "refused": person.requests.refused,
        "bills": bills,
        "ledgers": {f"{i}/{n}": json.loads(e.model_dump_json(exclude_defaults=True)) for (i, n), e in entries.items()},
        "snapshot": json.loads(snapshot.model_dump_json()),
        "written": [vars(w) for w in list(running.proxy.written) if w.key.startswith(prefix)],
    }
    if not person.was_reset:  # its event ids begin again with a lower number
        for watcher in person.watchers:
            _watched(audit, watcher)
    return audit


def _jobs(audit: Audit, script: ProductionScript, vendors: Vendors) -> None:
    """No take has the job of another asset, and no job that could be found runs on after a cancel."""
    owners = {(b.vendor, b.job_id): b.owner for b in vendors.bills() if b.job_id}
    for asset_id, state in audit.snapshot.assets.items():
        for take in state.takes:
            owner = owners.get((take.provider, take.job_id or ""))
            if owner and (owner.production, owner.asset_id) != (script.name, asset_id):
                audit.wrong(f"FOREIGN JOB: {asset_id}/{take.number} is job {take.job_id} of {owner}")
    known = {e.job_id for e in audit.entries.values()}
    if audit.snapshot.status is ProductionStatus.CANCELLED:
        # Models that are in no catalogue get no seed, so their jobs cannot be found.
        own = [b for b in vendors.replicate.bills() if b.owner.production == script.name and b.owner.seed is not None]
        lost = [b for b in own if b.job_id not in known]
        audit.ran_on = len(lost)
        for bill in lost:
            audit.wrong(
                f"RAN ON: {bill.owner.asset_id} was cancelled, and {bill.job_id} at {bill.vendor} ran to its end"
            )


async def _temporal(audit: Audit, client: Client) -> None:
    """No activity is pending, the run is closed if the production is, and no workflow task failed."""
    run = client.get_workflow_handle(keys.workflow_id(audit.production_id))
    described = await run.describe()
    for _ in range(CLOSES_WITHIN if audit.snapshot.status.closed else 0):
        if described.status is not WorkflowExecutionStatus.RUNNING:
            break
        await asyncio.sleep(1)  # the run still writes its manifest
        described = await run.describe()
    for pending in described.raw_description.pending_activities:
        if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED:
            continue  # the production does not wait until the activity reads the cancel
        audit.wrong(f"activity {pending.activity_id} is still pending, attempt {pending.attempt}")
    closed = audit.snapshot.status.closed
    if described.status is not (WorkflowExecutionStatus.COMPLETED if closed else WorkflowExecutionStatus.RUNNING):
        audit.wrong(f"is {audit.snapshot.status} and its run is {described.status}")
    for words in await _failed_tasks(client, run.id):
        audit.wrong(f"a workflow task failed: {words}")


async def _failed_tasks(client: Client, workflow_id: str) -> list[str]:
    """Why workflow tasks failed, in all runs; without those that the query guard failed, by which it repairs a run."""
    found = []
    async for each in client.list_workflows(f'WorkflowId = "{workflow_id}"'):
        history = await client.get_workflow_handle(workflow_id, run_id=each.run_id).fetch_history()
        failures = (event.workflow_task_failed_event_attributes for event in history.events)
        broken = (failed.failure for failed in failures if failed.cause in BROKEN)
        found += [failure.message for failure in broken if not IMPORT_LOCK.search(failure.stack_trace)]
    return [words for words in found if words != keys.QUERY_REFUSED]


def _objects(audit: Audit, stored: Mapping[str, object], bucket: AuditedBucket) -> None:
    """Every take and every file of the deliverable is stored as recorded, and the manifest equals the record."""
    snapshot = audit.snapshot
    media = [t.media for s in snapshot.assets.values() for t in s.takes]
    media += [f.media for f in snapshot.deliverable.files] if snapshot.deliverable else []
    for each in media:
        content = bucket.read(each.key) if each.key in stored else None
        found = hashlib.sha256(content).hexdigest() if content is not None else "nothing"
        if found != each.sha256 or content is None or len(content) != each.bytes:
            audit.lost += 1
            audit.wrong(f"LOST: {each.key} should be {each.sha256}, {each.bytes} bytes, and is {found}")
    if snapshot.status.closed:
        manifest = Snapshot.model_validate_json(bucket.read(keys.manifest_key(audit.production_id)))
        audit.drifted = manifest.events != snapshot.events
        kept, known = (list(map(_told, s.events)) for s in (manifest, snapshot))
        if kept != known or manifest.assets != snapshot.assets:
            audit.wrong(f"the manifest is not the record: {set(kept) ^ set(known) or 'another order, or other assets'}")


def _watched(audit: Audit, watcher: Watcher) -> None:
    events = audit.snapshot.events
    for problem in watcher.problems:
        audit.wrong(problem)
    if not watcher.caught_up(len(events), seconds=WITHIN):
        audit.wrong(f"a watcher saw {watcher.last} of {len(events)} events")
    pairs = zip(watcher.seen, events, strict=False)
    if different := [(_told(w), _told(e)) for w, e in pairs if _told(w) != _told(e)]:
        audit.wrong(f"a watcher saw other events than the log holds: {different}")


def _told(event: Event | StreamEvent) -> tuple[int | None, str, str | None, str]:
    """An event without its time."""
    return event.id, event.name, event.asset_id, json.dumps(logged_data(event), sort_keys=True)

"""What has to hold of every production when a trial is over, whatever happened in it."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError

from activities.ledger import Entry
from activities.ledger_take import RESUBMITTED
from api.views import StreamEvent
from deploy.home import StackInfo
from tests.chaos.vendors import Billed, Vendors
from tests.chaos.watching import Watcher
from tests.film import Bucket
from workflows import keys
from workflows.converter import data_converter
from workflows.events import AttentionReason, Event, ProductionStatus, Snapshot
from workflows.models import ZERO, digest_of

TRUE_KINDS: Final[Mapping[AttentionReason, frozenset[str]]] = {
    "asset_failed": frozenset(
        {"job_failed", "job_cancelled", "provider_unavailable", "overloaded", "quota_exhausted", "submission_unknown"}
    ),
    "content_refused": frozenset({"content_refused"}),
    "output_unusable": frozenset({"output_unusable"}),
}
"""Reason -> the failures that the vendors of a trial can really cause."""
BROKEN: Final = frozenset(
    {
        WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
        WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
    }
)


ANSWERS_WITHIN: Final = 20.0
"""Seconds for a whole record; some hundredths when all is well."""


class Shelf(Bucket):
    """The bucket, with what else an audit asks of it."""

    def is_free_take(self, key: str) -> bool:
        """Whether the object carries the record that a take without a ledger has."""
        return "sha256" in self._client.head_object(Bucket=self._name, Key=key)["Metadata"]

    def broken_off(self) -> list[str]:
        """Uploads whose parts lie about unseen."""
        return [u["Key"] for u in self._client.list_multipart_uploads(Bucket=self._name).get("Uploads", ())]


class Silent(Exception):
    """A production cannot be audited: its run does not answer."""


@dataclass
class Audit:
    """What was found of one production; `problems` are broken promises, each in a line."""

    production_id: str
    snapshot: Snapshot
    entries: dict[tuple[str, int], Entry]
    problems: list[str] = field(default_factory=list)
    attention: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    unflagged: int = 0
    lost: int = 0
    drifted: bool = False
    """Whether the record gives events another time than it did when they happened: a run that was replayed."""
    orphans: list[str] = field(default_factory=list)

    def in_doubt_usd(self, *, undecided: bool = False) -> Decimal:
        """What submissions may cost of which nobody knows whether they are billed; only those that wait for a person
        where they are to be `undecided`."""
        doubtful = [(i, e) for (i, _), e in self.entries.items() if e.is_open and not e.last.billed_usd]
        states = self.snapshot.assets
        waiting = {i for i, s in states.items() if s.attention == "ambiguous_submission"}
        return sum((e.price_usd for i, e in doubtful if not undecided or i in waiting), ZERO)

    def wrong(self, what: str) -> None:
        self.problems.append(f"{self.production_id}: {what}")


async def audited(info: StackInfo, name: str, production_id: str, vendors: Vendors, watchers: list[Watcher]) -> Audit:
    """Hold one production against the vendors' books, the bucket, Temporal and what its watchers saw.

    Raises:
        Silent: its run does not answer, and says why.
    """
    client = await Client.connect(info.temporal_address, data_converter=data_converter)
    run = client.get_workflow_handle(keys.workflow_id(production_id))
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            snapshot: Snapshot = await run.query("snapshot", result_type=Snapshot)
    except (TimeoutError, RPCError, WorkflowQueryFailedError) as error:
        raise Silent(f"{production_id} does not answer: {error!r} {await _failed_tasks(client, run.id)}") from None
    bucket = Shelf(info)
    stored = bucket.objects(production_id)
    entries = {
        (parts[3], int(parts[5])): Entry.model_validate_json(bucket.read(key))
        for key in stored
        if (parts := key.split("/"))[-1] == "ledger.json"
    }
    audit = Audit(production_id, snapshot, entries)
    await _temporal(audit, client)
    _status(audit)
    money(audit, name, vendors)
    _objects(audit, stored, bucket)
    audit.orphans = orphans(audit, stored, bucket.is_free_take) + bucket.broken_off()
    for key in audit.orphans:
        audit.wrong(f"nothing explains {key}")
    for watcher in watchers:
        _watched(audit, watcher)
    return audit


async def _temporal(audit: Audit, client: Client) -> None:
    """Nothing is under way, the run is as closed as the production, and no workflow task failed."""
    run = client.get_workflow_handle(keys.workflow_id(audit.production_id))
    described = await run.describe()
    for pending in described.raw_description.pending_activities:
        audit.wrong(f"activity {pending.activity_id} is still pending, attempt {pending.attempt}")
    closed = audit.snapshot.status.closed
    if described.status is not (WorkflowExecutionStatus.COMPLETED if closed else WorkflowExecutionStatus.RUNNING):
        audit.wrong(f"is {audit.snapshot.status} and its run is {described.status}")
    for words in await _failed_tasks(client, run.id):
        audit.wrong(f"a workflow task failed: {words}")


async def _failed_tasks(client: Client, workflow_id: str) -> list[str]:
    """Why workflow tasks failed, in all runs."""
    found = []
    async for each in client.list_workflows(f'WorkflowId = "{workflow_id}"'):
        history = await client.get_workflow_handle(workflow_id, run_id=each.run_id).fetch_history()
        failures = (event.workflow_task_failed_event_attributes for event in history.events)
        found += [failed.failure.message for failed in failures if failed.cause in BROKEN]
    return found


def _status(audit: Audit) -> None:
    snapshot = audit.snapshot
    if snapshot.status in (ProductionStatus.DELIVERED, ProductionStatus.CANCELLED):
        return
    if snapshot.status is not ProductionStatus.NEEDS_ATTENTION:
        audit.wrong(f"ended as {snapshot.status}: {snapshot.error}")
        return
    whole = snapshot.waiting
    waiting = {i: s for i, s in snapshot.assets.items() if s.attention}
    if whole is None and not waiting:
        audit.wrong("needs attention, and nothing says for what")
    if whole:
        audit.attention[whole.reason] += 1
        true = {"paused": snapshot.paused is not None, "stills_to_approve": snapshot.gate == "waiting"}
        if not true.get(whole.reason, False):
            audit.wrong(f"waits for {whole.reason}: {whole.message}")
    for asset_id, state in waiting.items():
        assert state.attention
        audit.attention[state.attention] += 1
        if state.waiting is None:
            audit.wrong(f"{asset_id} waits for {state.attention} without an item")
        if why := untrue(audit, asset_id):
            audit.wrong(f"{asset_id} waits for {state.attention} ({state.error}), but {why}")


def untrue(audit: Audit, asset_id: str) -> str:
    """Why the reason for which an asset waits is none; empty where it is true."""
    state = audit.snapshot.assets[asset_id]
    reason, entry = state.attention, audit.entries.get((asset_id, state.next_take))
    if reason == "ambiguous_submission":
        return "" if entry and entry.is_open else f"its ledger says {entry.state if entry else 'nothing'}"
    if reason == "budget_short":
        return "" if audit.snapshot.budget_usd is not None else "there is no budget"
    if reason is None or state.error_kind not in TRUE_KINDS.get(reason, ()):
        return f"no vendor gave cause for {state.error_kind!r}"
    return "" if entry and entry.final else f"its ledger says {entry.state if entry else 'nothing'}"


def money(audit: Audit, name: str, vendors: Vendors) -> None:
    """Every billed submission is in a ledger; one of a take that is billed again is flagged there."""
    flags: Counter[Billed] = Counter()
    allowed: Counter[Billed] = Counter()
    recorded: Counter[Billed] = Counter()
    for (asset_id, take), entry in audit.entries.items():
        seed = int(digest_of(keys.take_prefix(audit.production_id, asset_id, take))[:8], 16) & 0x7FFFFFFF
        again = sum(s.outcome == RESUBMITTED or bool(s.order) for s in entry.submissions)
        for whose in (Billed(name, asset_id), Billed(name, asset_id, seed)):
            flags[whose] += again
            allowed[whose] += 1 + again
            recorded[whose] += len(entry.submissions)
    for whose, times in vendors.billed().items():
        if whose.production != name:
            continue
        if times > recorded[whose]:
            audit.wrong(f"{whose.asset_id} was billed {times} times, and {recorded[whose]} are in a ledger")
        takes = allowed[whose] - flags[whose]
        audit.flagged += max(0, min(times - takes, flags[whose]))
        if times > allowed[whose]:
            audit.unflagged += times - allowed[whose]
            said = [
                e.model_dump_json(exclude_defaults=True) for (i, _), e in audit.entries.items() if i == whose.asset_id
            ]
            audit.wrong(f"{whose.asset_id} was billed {times} times for {takes} takes, flagged {flags[whose]}: {said}")
    counted = sum((e.billed_usd for e in audit.entries.values()), ZERO)
    spent, most = audit.snapshot.spent_usd, counted + audit.in_doubt_usd()
    if not counted <= spent <= most:
        each = {f"{i}/{n}": (e.state, str(e.billed_usd), str(e.price_usd)) for (i, n), e in audit.entries.items()}
        audit.wrong(f"spent {spent}, but the ledgers count {counted} and up to {most - counted} in doubt: {each}")

    bill = vendors.billed_to(name)
    if bill > spent + audit.in_doubt_usd(undecided=True):
        doubtful = {f"{i}/{n}": str(e.price_usd) for (i, n), e in audit.entries.items() if e.is_open}
        decided = {i: s.status.value for i, s in audit.snapshot.assets.items()}
        audit.wrong(f"the vendors bill {bill}, and the record says {spent}; in doubt {doubtful}, decided {decided}")


def _objects(audit: Audit, stored: Mapping[str, object], bucket: Shelf) -> None:
    """Every take in use, and every file of the deliverable, is there as it was recorded."""
    media = [s.take.media for s in audit.snapshot.assets.values() if s.take]
    media += [f.media for f in audit.snapshot.deliverable.files] if audit.snapshot.deliverable else []
    for each in media:
        found = hashlib.sha256(bucket.read(each.key)).hexdigest() if each.key in stored else "nothing"
        if found != each.sha256:
            audit.lost += 1
            audit.wrong(f"{each.key} should be {each.sha256} and is {found}")
    if audit.snapshot.status.closed:
        manifest = Snapshot.model_validate_json(bucket.read(keys.manifest_key(audit.production_id)))
        audit.drifted = manifest.events != audit.snapshot.events
        kept, known = (list(map(_told, s.events)) for s in (manifest, audit.snapshot))
        if kept != known or manifest.assets != audit.snapshot.assets:
            audit.wrong(f"the manifest is not the record: {set(kept) ^ set(known) or 'another order, or other assets'}")


def orphans(audit: Audit, stored: Collection[str], is_free_take: Callable[[str], bool]) -> list[str]:
    """The objects that neither the record explains, nor a ledger, a plan or a person."""
    found: list[str] = []
    snapshot, production_id = audit.snapshot, audit.production_id
    revisions = range(1, (snapshot.deliverable.revision if snapshot.deliverable else 0) + 1)
    known = {keys.manifest_key(production_id)}
    known |= {t.media.key for s in snapshot.assets.values() for t in s.takes}
    for (asset_id, take), entry in audit.entries.items():
        prefix = keys.take_prefix(production_id, asset_id, take)
        known.add(f"{prefix}/ledger.json")
        numbers = range(1, len(entry.submissions) + 1)
        known |= {k for k in stored if k.startswith(f"{prefix}/media") and keys.submission_of(k) in numbers}
    for key in sorted(stored):
        parts = key.split("/")
        if key in known or parts[2] in ("plan", "uploads", "references"):
            continue
        if parts[2] == "deliverable" and int(parts[3]) in revisions:
            continue
        if parts[2] == "assets" and _begun(snapshot, parts[3], int(parts[5])) and is_free_take(key):
            continue  # its production was cancelled while it was made
        found.append(key)
    return found


def _begun(snapshot: Snapshot, asset_id: str, take: int) -> bool:
    state = snapshot.assets.get(asset_id)
    return state is not None and take <= state.next_take


def _watched(audit: Audit, watcher: Watcher) -> None:
    events = audit.snapshot.events
    for problem in watcher.problems:
        audit.wrong(problem)
    if not watcher.caught_up(len(events), seconds=10):
        audit.wrong(f"a watcher saw {watcher.last} of {len(events)} events")
    pairs = zip(watcher.seen, events, strict=False)
    if different := [(_told(w), _told(e)) for w, e in pairs if _told(w) != _told(e)]:
        audit.wrong(f"a watcher saw other events than the log holds: {different}")


def _told(event: Event | StreamEvent) -> tuple[int | None, str, str | None, str]:
    """What an event says, but for the time."""
    return event.id, event.name, event.asset_id, json.dumps(event.data, sort_keys=True)

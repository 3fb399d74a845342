"""Checks of the record of a production, its ledgers and the vendors' bills: pure."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from activities.takes.ledger import Entry
from tests.chaos.audit.money import Accounts
from tests.chaos.servers.bills import Billed
from tests.chaos.servers.vendors import Vendors
from workflows import keys
from workflows.events import AttentionReason, ProductionStatus, Snapshot
from workflows.models import ZERO, digest_of
from workflows.reuse.index import rejected_key

TRUE_KINDS: Final[Mapping[AttentionReason, frozenset[str]]] = {
    "asset_failed": frozenset(
        {"job_failed", "job_cancelled", "provider_unavailable", "overloaded", "quota_exhausted", "submission_unknown"}
    ),
    "content_refused": frozenset({"content_refused"}),
    "output_unusable": frozenset({"output_unusable"}),
}
"""Reason -> the failures that the vendors of a trial can cause."""
NO_PLANS: Final = tuple(
    f"no language model gave a plan: openai/gpt-6-luna: OpenAI: {words}"
    for words in ("the model refused", "You exceeded your current quota")
)
"""Failures that the vendors of a trial can cause; such a production ends, and has to be started again."""


@dataclass
class Audit:
    """The findings of one production; `problems` are broken guarantees, each in a line."""

    production_id: str
    snapshot: Snapshot
    entries: dict[tuple[str, int], Entry]
    problems: list[str] = field(default_factory=list)
    attention: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    unflagged: int = 0
    lost: int = 0
    drifted: bool = False
    """Whether events have other times in the record than in the manifest: the run was replayed."""
    orphans: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    """Keys of media that were written again with other content."""
    ran_on: int = 0
    """Jobs that could have been found and stopped, and that ran to their end after a cancel."""
    accounts: Accounts = field(default_factory=Accounts)
    was_reset: bool = False
    evidence: dict[str, object] = field(default_factory=dict)
    """The data for finding out why a guarantee was broken."""

    def in_doubt_usd(self, *, undecided: bool = False) -> Decimal:
        """The cost of submissions that may have been billed; with `undecided` only of those that a reviewer has to
        decide."""
        doubtful = [(i, e) for (i, _), e in self.entries.items() if e.is_open and not e.last.billed_usd]
        states = self.snapshot.assets
        waiting = {i for i, s in states.items() if s.attention == "ambiguous_submission"}
        return sum((e.price_usd for i, e in doubtful if not undecided or i in waiting), ZERO)

    def answered_late_usd(self) -> Decimal:
        """The price of takes whose response came after a decision, by which the record may exceed their bills.

        They were cancelled as "running", or a reviewer continued without them.
        """
        running = {i for i, s in self.snapshot.assets.items() if s.cancelled == "running"}
        asked = {e.asset_id for e in self.snapshot.events if e.data.get("reason") == "ambiguous_submission"}
        late = running | {i for i in asked if i}
        return sum((max(e.price_usd - e.billed_usd, ZERO) for (i, _), e in self.entries.items() if i in late), ZERO)

    def wrong(self, what: str) -> None:
        self.problems.append(f"{self.production_id}: {what}")


def reasons(audit: Audit) -> None:
    snapshot = audit.snapshot
    if snapshot.status in (ProductionStatus.DELIVERED, ProductionStatus.CANCELLED, ProductionStatus.REJECTED):
        return
    if snapshot.status is ProductionStatus.FAILED and snapshot.brief.budget_usd is not None:
        return  # the budget of the brief does not cover planning
    if snapshot.status is ProductionStatus.FAILED and (snapshot.error or "").startswith(NO_PLANS):
        return  # its only planner was made to refuse
    paid = any(str(e.name) == "plan_failed" and e.data.get("billed_usd") for e in snapshot.events)
    if snapshot.status is ProductionStatus.FAILED and paid:
        return  # its only planner billed and gave no plan, and is not retried without a decision
    if snapshot.status is not ProductionStatus.NEEDS_ATTENTION:
        audit.wrong(f"ended as {snapshot.status}: {snapshot.error}")
        return
    whole = snapshot.waiting
    waiting = {i: s for i, s in snapshot.assets.items() if s.attention}
    if whole is None and not waiting:
        audit.wrong("needs attention, and nothing says for what")
    if whole:
        audit.attention[whole.reason] += 1
        nothing_left = not any(s.take for s in snapshot.assets.values())
        true = {
            "paused": snapshot.paused is not None,
            "stills_to_approve": snapshot.gate == "waiting",
            "finishing_failed": nothing_left,
            "overrun": bool(snapshot.overrun_usd),
        }
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
    """Why the attention reason of an asset is wrong; empty if it is right."""
    state = audit.snapshot.assets[asset_id]
    reason, entry = state.attention, audit.entries.get((asset_id, state.next_take))
    if reason == "ambiguous_submission":
        return "" if entry and entry.is_open else f"its ledger says {entry.state if entry else 'nothing'}"
    if reason == "overrun":
        return "" if audit.snapshot.overrun_usd else "nothing was charged beyond its price"
    if reason in ("price_unknown", "change_to_approve"):
        return ""
    if reason == "budget_short":
        return "" if audit.snapshot.budget_usd is not None else "there is no budget"
    if audit.was_reset and state.error_kind == "invalid_request":
        return ""  # its number was used by another take before the reset
    if reason is None or state.error_kind not in TRUE_KINDS.get(reason, ()):
        return f"no vendor gave cause for {state.error_kind!r}"
    return "" if entry and entry.final else f"its ledger says {entry.state if entry else 'nothing'}"


def money(audit: Audit, name: str, vendors: Vendors) -> None:
    """Every billed submission is in a ledger; a second bill of a take is flagged there."""
    flags: Counter[Billed] = Counter()
    allowed: Counter[Billed] = Counter()
    recorded: Counter[Billed] = Counter()
    for (asset_id, take), entry in audit.entries.items():
        seed = int(digest_of(keys.take_prefix(audit.production_id, asset_id, take))[:8], 16) & 0x7FFFFFFF
        again = sum(s.resubmitted or bool(s.order) for s in entry.submissions)
        for owner in (Billed(name, asset_id), Billed(name, asset_id, seed)):
            flags[owner] += again
            allowed[owner] += 1 + again
            recorded[owner] += len(entry.submissions)
    for owner, times in vendors.billed().items():
        if owner.production != name:
            continue
        if times > recorded[owner]:
            audit.wrong(f"{owner.asset_id} was billed {times} times, and {recorded[owner]} are in a ledger")
        takes = allowed[owner] - flags[owner]
        audit.flagged += max(0, min(times - takes, flags[owner]))
        if times > allowed[owner]:
            audit.unflagged += times - allowed[owner]
            said = [
                e.model_dump_json(exclude_defaults=True) for (i, _), e in audit.entries.items() if i == owner.asset_id
            ]
            audit.wrong(f"{owner.asset_id} was billed {times} times for {takes} takes, flagged {flags[owner]}: {said}")
    counted = sum((e.billed_usd for e in audit.entries.values()), ZERO)
    spent, most = audit.snapshot.spent_usd, counted + audit.in_doubt_usd() + audit.answered_late_usd()
    if not counted <= spent <= most and "reset" not in audit.accounts.explained:
        each = {f"{i}/{n}": (e.state, str(e.billed_usd), str(e.price_usd)) for (i, n), e in audit.entries.items()}
        audit.wrong(f"spent {spent}, but the ledgers count {counted} and up to {most - counted} in doubt: {each}")


def submission_of(media_key: str) -> int:
    """The number of the submission that produced the media, 1 if the name has none."""
    number = media_key.rpartition("/")[2].partition(".")[0].removeprefix("media-").partition("-")[0]
    return int(number) if number.isdigit() else 1


_FREE_DATA: Final = keys.data_key("media").rpartition("/")[2]
"""The data of a take without a ledger, stored before its media; that of a paid take names its submission."""


def orphans(audit: Audit, stored: Collection[str], is_free_take: Callable[[str], bool]) -> list[str]:
    """The objects that the record, the ledgers, the plans and uploads do not explain."""
    found: list[str] = []
    snapshot, production_id = audit.snapshot, audit.production_id
    last = snapshot.deliverable.revision if snapshot.deliverable else 0
    if snapshot.status is ProductionStatus.CANCELLED:
        last += 1  # cancelled while finishing; reopened, it finishes with the same keys
    revisions = range(1, last + 1)
    known = {keys.manifest_key(production_id)}
    known |= {t.media.key for s in snapshot.assets.values() for t in s.takes}
    records = {k for k in stored if "/takes/" in k and k.rpartition("/")[2].startswith("upload-")}
    known |= records  # of uploads
    for (asset_id, take), entry in audit.entries.items():
        prefix = keys.take_prefix(production_id, asset_id, take)
        known |= {f"{prefix}/ledger.json", f"{prefix}/ledger.json.unreadable", rejected_key(prefix)}
        numbers = range(0 if entry.take and entry.take.reused else 1, len(entry.submissions) + 1)
        known |= {k for k in stored if k.startswith(f"{prefix}/media") and submission_of(k) in numbers}
    known |= {keys.data_key(key) for key in known if "/media" in key}
    for key in sorted(stored):
        parts = key.split("/")
        if key in known or parts[2] in ("plan", "uploads", "references", "learned", "planning.json", "prompts.json"):
            continue
        if parts[2] == "deliverable" and (int(parts[3]) in revisions or audit.was_reset):
            continue  # a run before the reset may have delivered more revisions
        free = parts[-1] == _FREE_DATA or is_free_take(key)
        if parts[2] == "assets" and _begun(audit, parts[3], int(parts[5])) and free:
            continue  # the production was cancelled, or the run reset, while it was generated
        found.append(key)
    return found


def _begun(audit: Audit, asset_id: str, take: int) -> bool:
    state = audit.snapshot.assets.get(asset_id)
    return audit.was_reset or (state is not None and take <= state.next_take)

"""Events of a production as text for the terminal."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pydantic import JsonValue

from api.cli.tables import counted, label, local_time, money, price_range, spent
from workflows.models import ZERO


class EventLike(Protocol):
    """The common attributes of the client's `StreamEvent` and the workflow's `Event`."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def asset_id(self) -> str | None: ...
    @property
    def data(self) -> dict[str, JsonValue]: ...


def percent(event: EventLike) -> float | None:
    """The progress of an asset in percent, from the 0..1 of asset_progress; None if its provider reports none."""
    value = event.data.get("progress")
    return min(100.0, max(0.0, value * 100)) if isinstance(value, int | float) else None


def waiting_reason(event: EventLike) -> str:
    """The reason why an asset waits; empty if it does not wait, or the reason is unknown."""
    if event.data.get("paused"):
        return "paused in Temporal"
    return str(event.data.get("reason") or "") if event.data.get("queued") else ""


def describe(event: EventLike) -> str:
    """A short description of an event, without its name."""
    data = event.data
    match event.name:
        case "plan_start":
            return "again, with your feedback" if data.get("revision") else "from the brief"
        case "plan_progress":
            return f"{counted(_number(data.get('count')) or 0, 'asset')} so far"
        case "reference_analysed":
            return f"reference-{data.get('reference')}: {data.get('summary', '')}"
        case "fields_reviewed":
            waiting = data.get("waiting")
            return f"reference-{data.get('reference')}{_by(data, ' by ')}{f', {waiting} still wait' if waiting else ''}"
        case "reference_corrected":
            return f"reference-{data.get('reference')}{_by(data, ' by ')}"
        case "plan_ready":
            low, high = (Decimal(str(data.get(k, "0"))) for k in ("low_usd", "high_usd"))
            unknown = data.get("unknown_prices")
            more = f" and {unknown} of unknown price" if unknown else ""
            if (planned := _number(data.get("assets"))) is None:  # a preview has the plan of another production
                return f"the plan of the production{_by(data, ', by ')}"
            return f"{counted(planned, 'asset')}, {price_range(low, high)}{more}{_by(data, ', by ')}"
        case "plan_edited":
            changes = data.get("changes")
            number = len(changes) if isinstance(changes, list) else 0
            return f"{counted(number, 'change')}{_by(data, ' by ')}"
        case "approval_requested":
            note = data.get("note")
            return f"by {data.get('by', 'someone')}{f': {note}' if note else ''}"
        case "approval_given":
            given = f", {data['given']} of {data['needed']}" if data.get("given") and data.get("needed") else ""
            return f"by {data.get('approver', 'someone')}{given}"
        case "approved":
            what = "the stills, " if data.get("gate") else "again, " if data.get("again") else ""
            assets = data.get("assets")
            released = f"{', '.join(map(str, assets))}, " if what == "again, " and isinstance(assets, list) else ""
            by = f"by {data.get('approver', 'someone')}, to spend at most {spent(_usd(data))} USD"
            return f"{what}{released}{by}{_above_brief(data)}"
        case "approval_reminder" | "approval_escalated" | "expired":
            recipients = data.get("to")
            names = f"to {', '.join(map(str, recipients))}, " if isinstance(recipients, list) else ""
            return f"{names}an approval was due by {_moment(data.get('deadline'))}"
        case "rejected" | "paused" | "resumed":
            actor, reason = data.get("rejecter") or data.get("by") or "someone", data.get("reason")
            return f"by {actor}{f': {reason}' if reason else ''}"
        case "cancelled":
            reason = f"{data['reason']}, " if data.get("reason") else ""
            return f"{reason}spent {spent(_usd(data, 'cost_usd'))} USD"
        case "asset_start":
            return f"generating (take {data.get('take', 1)}, {data.get('provider', '')}/{data.get('model', '')})"
        case "asset_progress":
            if data.get("paused"):
                return waiting_reason(event)
            if data.get("queued"):
                return f"queued: {waiting_reason(event)}" if waiting_reason(event) else "queued at the provider"
            done, step = percent(event), str(data.get("step") or "generating")
            return step if done is None else f"{step}, {done:.0f} %"
        case "asset_complete":
            seconds = data.get("duration_seconds")
            length = f", {seconds:.1f} s" if isinstance(seconds, int | float) else ""
            cost = "cost unknown" if data.get("cost_source") == "unknown" else money(_usd(data, "cost_usd"))
            reused = data.get("reused")
            if isinstance(reused, dict):
                cost = f"reused from {reused.get('production_id')}, free"
            return f"done{length}, {cost}{_notes(data)}"
        case "asset_fallback":
            return f"now {data.get('provider', '')}/{data.get('model', '')}, because {data.get('message', '')}"
        case "asset_cancelled":
            return _cancellation(data)
        case "asset_stale":
            changed = data.get("changed")
            because = ", ".join(map(str, changed)) if isinstance(changed, list) else str(data.get("because", ""))
            return f"{because} changed since, {money(_usd(data, 'price_usd'))} to make again"
        case "take_requested":
            reason, count = data.get("feedback") or data.get("why"), data.get("count")
            several = f"{count} takes " if count else "a new take "
            return f"{several}by {data.get('by', 'someone')}{f': {reason}' if reason else ''}"
        case "take_selected":
            return f"{_take(data)} is in use{_by(data, ', by ')}"
        case "take_judged":
            lost = f" ({spent(_usd(data, 'billed_usd'))} USD, {_for_lost(data)})" if data.get("doubt_usd") else ""
            return f"{_take(data)} {_verdict(data)}{lost}"
        case "take_failed":
            return f"{_take(data)}: {data.get('message', '')}"
        case "planning_billed":
            doubt = f", {_for_lost(data)}" if data.get("doubt_usd") else ""
            return str(data.get("message") or f"{spent(_usd(data, 'billed_usd'))} USD{doubt}")
        case "overrun":
            maker = "/".join(str(data[k]) for k in ("provider", "model") if data.get(k)) or "its model"
            bill, price = _usd(data, "cost_usd"), _usd(data, "price_usd")
            above = f"{spent(bill - price)} USD above its published {spent(price)} USD"
            return f"{maker} charged {spent(bill)} USD, {above}"
        case "budget_raised":
            amounts = f"from {spent(_usd(data, 'before_usd'))} to {spent(_usd(data))} USD"
            return f"{amounts}{_by(data, ', by ')}{_above_brief(data)}"
        case "budget_lowered":
            amounts = f"from {spent(_usd(data, 'before_usd'))} to {spent(_usd(data))} USD"
            return f"{amounts}{_by(data, ', by ')}{f': {why}' if (why := data.get('reason')) else ''}"
        case "attention_withdrawn":
            return f"{label(str(data.get('reason') or 'decision'))}: no decision is needed any more"
        case "prompt_proposed":
            return f"instead: {data.get('prompt', '')}"
        case "resolved":
            return f"{label(str(data.get('action', '')))}{_by(data, ', by ')}"
        case "needs_attention":
            reason = label(str(data.get("reason", "")))
            return ": ".join(filter(None, (reason, str(data.get("message") or ""))))
        case "finishing":
            return "assembling the deliverable"
        case "film_progress":
            return f"{data.get('segments')} of {data.get('count')} segments of the film"
        case "done":
            files = data.get("files")
            names = ", ".join(map(str, files)) if isinstance(files, list) else ""
            return f"{names}, spent {spent(_usd(data, 'cost_usd'))} USD".removeprefix(", ")
        case _:
            return str(data.get("message") or data.get("reason") or "")


def _number(value: JsonValue) -> int | None:
    return value if isinstance(value, int) else None


def _take(data: dict[str, JsonValue]) -> str:
    return f"take {data['take']}" if data.get("take") else "another take"


def _for_lost(data: dict[str, JsonValue]) -> str:
    return f"{spent(_usd(data, 'doubt_usd'))} USD of it for lost answers"


def _verdict(data: dict[str, JsonValue]) -> str:
    """'scores 0.40: anatomy: six fingers', 'matches, 0.95' or 'is unjudged: the judge is down'."""
    score = data.get("score")
    if not isinstance(score, int | float):
        reason = data.get("unjudged")
        return f"is unjudged: {reason}" if isinstance(reason, str) else "is unjudged"
    result = f"matches, {score:.2f}" if data.get("matches") else f"scores {score:.2f}"
    return f"{result}: {data['reason']}" if data.get("reason") else result


def _above_brief(data: dict[str, JsonValue]) -> str:
    """A note if the new budget is above the brief's."""
    return f", above the brief's {spent(_usd(data, 'brief_budget_usd'))} USD" if data.get("brief_budget_usd") else ""


def _by(data: dict[str, JsonValue], before: str) -> str:
    """The person who acted, if the event names one."""
    actor = data.get("by") or data.get("editor")
    return f"{before}{actor}" if actor else ""


def _moment(value: JsonValue) -> str:
    return local_time(datetime.fromisoformat(value)) if isinstance(value, str) else "now"


def _notes(data: Mapping[str, JsonValue]) -> str:
    """What the checks of a take noted: '; blurred: …'."""
    found = data.get("findings")
    messages = (f.get("message") for f in found if isinstance(f, dict)) if isinstance(found, list) else ()
    return "".join(f"; {message}" for message in messages if message)


def _cancellation(data: dict[str, JsonValue]) -> str:
    """Why an asset is not made: a person's decision, or the outcome of a cancelled take."""
    if actor := data.get("accepted_by") or data.get("by"):
        return f"left out by {actor}"
    job = f", job {data['job_id']}" if data.get("job_id") else ""
    billed = f", {spent(_usd(data, 'billed_usd'))} USD billed" if data.get("billed_usd") else ""
    outcomes = {"billed": "billed already", "stopped": "stopped at its provider", "running": "may still run"}
    return f"{outcomes.get(str(data.get('outcome')), 'free')}{job}{billed}"


def _usd(data: dict[str, JsonValue], name: str = "budget_usd") -> Decimal:
    return Decimal(str(data.get(name) or ZERO))

"""Errors of the API in the terms of the command: its options and commands, not the fields of a request."""

import re
from collections.abc import Sequence
from typing import Final

from api.client.errors import GreenlightError

_TITLES: Final = {
    "Invalid request": "The request is invalid",
    "Wrong phase": "This is not possible now",
    "Stale digest": "The plan has changed",
    "Stale attention": "The decision has changed",
    "Not allowed": "You may not do this",
    "Not allowed by key": "Your key may not do this",
    "Role needed": "Your key may not do this",
    "Budget short": "The budget is too small",
    "Price unknown": "A price is unknown",
    "Key used": "The idempotency key is in use",
    "Id used": "The id is in use",
    "Unprocessable Content": "The request is invalid",
    "Unprocessable Entity": "The request is invalid",
}
_OPTIONS: Final = {
    "text": "TEXT",
    "modalities": "--modality",
    "languages": "--language",
    "duration_seconds": "--duration",
    "budget_usd": "--budget",
    "max_usd": "--max-usd",
    "draft": "--draft",
    "references": "--reference",
    "webhooks": "--webhook",
    "approval_deadline_seconds": "--deadline",
    "approvers": "--approvers",
    "not_by_requester": "--not-by-requester",
    "auto_below_usd": "--auto-below",
    "stills_first": "--stills-first",
    "max_budget_usd": "--max-budget",
    "escalate_to": "--escalate-to",
    "allow_unknown_prices": "--allow-unknown-prices",
    "plan_digest": "--digest",
    "job_id": "--job-id",
    "schedule_id": "--id",
    "batch_id": "--batch-id",
    "asset_ids": "ASSET",
    "Idempotency-Key": "--idempotency-key",
    "idempotency_key": "--idempotency-key",
    **{name: f"--{name}" for name in ("platform", "title", "style", "aspect", "tenant", "prompt", "provider", "model")},
    **{name: f"--{name}" for name in ("feedback", "count", "attention", "cron", "timezone", "note", "reason")},
}
"""Field of a request -> the option that sets it."""
_IDS: Final = ("production_id", "batch_id", "schedule_id", "asset_id", "status", "action", "take", "file", "body")
"""Fields that the message itself names, so that their prefix adds nothing."""
_PHRASES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"GET /api/v1/productions lists them", "`greenlight list` shows them"),
        (r"GET /api/v1/batches lists them", "`greenlight batches` shows them"),
        (r"GET /api/v1/schedules lists them", "`greenlight schedule list` shows them"),
        (
            r"GET /api/v1/webhooks/given-up lists those (to resend|that gave events up)",
            "`greenlight webhooks list` shows them",
        ),
        (r"post the file to /api/v1/references and give the `source` of the response", "name the file itself"),
        (r"check the production's status and the pending decisions of its assets", "`greenlight show` has its status"),
        (
            r"read the production again and approve the plan_digest it shows",
            "`greenlight show` has the current plan and the command that approves it",
        ),
        (
            r"read the production again: `waiting` names the decision that is pending now",
            "`greenlight show` has the decision that is pending now",
        ),
        (r"choose an asset_id that the production shows", "`greenlight show` lists the assets"),
        (r"choose a take that the production shows", "`greenlight takes` lists them"),
        (r"fix this field and send all of the edits again", "fix it and run the command again"),
        (r"fix this field, or request another plan", "fix it, or use `greenlight revise`"),
        (r"wait for the event `plan_ready`", "wait for the plan with `greenlight watch`"),
        (r"send a higher budget_usd", "give a higher --budget"),
        (r"send allow_unknown_prices: true", "add --allow-unknown-prices"),
        (r"allow_unknown_prices: true", "--allow-unknown-prices"),
        (r"send another file", "choose another file"),
        (r"use a new key", "use another --idempotency-key"),
        (r"choose another (batch|schedule)_id", r"choose another id for the \1"),
        (r"\bplan_digest\b", "digest"),
        (r"\ban asset_id\b", "an asset"),
        (r"\bask again\b", "run the command again"),
    )
)
_FIELD: Final = re.compile(r"(?P<path>[A-Za-z_][\w-]*(?:\[\d+\])?(?:\.[\w-]+(?:\[\d+\])?)*): ")
_NAME: Final = re.compile(r"(?<![\w.`-])(?:" + "|".join(n for n in _OPTIONS if "_" in n) + r")(?![\w-])")


def title_of(error: GreenlightError) -> str:
    return _TITLES.get(error.title, error.title)


def lines_of(error: GreenlightError) -> list[str]:
    """The detail of an error, then a line for each of its fields; none is given twice."""
    fields = [(each.field, each.message, each.remedy) for each in error.errors]
    lines = [field_line(*each) for each in fields]
    if error.detail and not _repeats(error.detail, fields):
        lines.insert(0, translate(error.detail))
        # The detail may hold the whole message of a field.
        lines[1:] = [line for line in lines[1:] if line not in lines[0]]
    return list(dict.fromkeys(lines))


def field_line(field: str, message: str, remedy: str) -> str:
    """The error of a field: '--budget: is too precise; give USD with at most 4 decimals'."""
    text = "; ".join(filter(None, (message, remedy)))
    # The message of a batch names its row itself.
    return translate(text if field.startswith("rows[") else f"{field}: {text}" if field else text)


def translate(text: str) -> str:
    """The text with options for fields, and commands for requests."""
    if (found := _FIELD.match(text)) and (option := _option(found["path"])) is not None:
        text = f"{option}: {text[found.end() :]}" if option else text[found.end() :]
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    return _NAME.sub(lambda match: _OPTIONS[match[0]], text)


def _option(path: str) -> str | None:
    """The option that sets a field; empty for a field that needs no name, None for an unknown one."""
    names = re.sub(r"\[\d+\]", "", path).split(".")
    if names[0] == "brief":
        names = names[1:] or names
    if len(names) == 1 and names[0] in _IDS:
        return ""
    return next((_OPTIONS[name] for name in (names[-1], names[0]) if name in _OPTIONS), None)


def _repeats(detail: str, fields: Sequence[tuple[str, str, str]]) -> bool:
    """Whether the detail holds only what the fields hold."""
    if not fields:
        return False
    if detail == " ".join(f"{field}: {message}; {remedy}." for field, message, remedy in fields):
        return True
    field, message, remedy = fields[0]
    rest = detail.removeprefix(f"{field}: ")
    if not rest.startswith(message):
        return False
    rest = rest.removeprefix(message).removeprefix(f"; {remedy}").strip(" .")
    return not rest or re.fullmatch(r"\(\d+ more\)", rest) is not None

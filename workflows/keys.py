"""Where everything stands in the bucket, and what workflows and task queues are called.

productions/{production_id}/plan/{digest}.json
productions/{production_id}/assets/{asset_id}/takes/{n}/ledger.json, media.{ext}
productions/{production_id}/assets/{asset_id}/takes/{n}/media-{submission}-{attempt}.{ext}  as its ledger says
productions/{production_id}/learned/{provider}/{model}.json  what a model charged beyond its published price
jobs/{provider}/{job_id}.json                        which take a provider's job belongs to
productions/{production_id}/assets/{asset_id}/takes/{n}/upload-{digest}.json, media.{digest}.{ext}   a person's file
productions/{production_id}/deliverable/{revision}/{fileset}/{file}   the fileset is a digest of all its files
productions/{production_id}/deliverable/{revision}/manifest.json
productions/{production_id}/references/{n}.{ext}     pictures that the brief brought along
productions/{production_id}/uploads/…                 people's own files, as they came
productions/{production_id}/manifest.json            the newest manifest: reopening reads it
productions/{production_id}/planning.json            what questions to language models are reserved and billed
batches/{batch_id}.json                              the record of a batch
references/…                                         pictures for briefs that are still to be started
accounts/{tenant}/planning/{day}.json                the same of a tenant on a day of UTC
accounts/{tenant}/batches/{batch_id}.json            the same of all rows of a batch

An id is the tenant's name, a dot, and a name of its own; see `owned`.
"""

from typing import Final
from urllib.parse import quote

TASK_QUEUE: Final = "greenlight"
"""Workflows and all activities but `produce_asset`, which runs on its provider's queue."""

WORKFLOW_TYPE: Final = "Production"
PREVIEW_TYPE: Final = "Preview"
BATCH_TYPE: Final = "Batch"
SCHEDULED_TYPE: Final = "ScheduledProduction"
LOOK_AT_PRODUCTION: Final = "look_at_production"
"""An activity: how far a production is, as a Report."""
FIND_PRODUCTION: Final = "find_production"
"""An activity: how far the production of a batch's row is, or None where it is still to be started."""
KEEP_BATCH: Final = "keep_batch"
"""An activity: keeps the record of a batch in the bucket."""
NOTIFICATION_TYPE: Final = "Notification"
NOTIFY_QUEUE: Final = "notify"
"""Posts to webhooks: a receiver that hangs holds up no production."""

STATUS_ATTRIBUTE: Final = "GreenlightStatus"
PLATFORM_ATTRIBUTE: Final = "GreenlightPlatform"
TENANT_ATTRIBUTE: Final = "GreenlightTenant"
REQUESTER_ATTRIBUTE: Final = "GreenlightRequester"
COST_ATTRIBUTE: Final = "GreenlightCostUsd"
ATTENTION_ATTRIBUTE: Final = "GreenlightAttention"
"""The reasons for which it waits for a person; not there while it does not."""
PROVIDERS_ATTRIBUTE: Final = "GreenlightProviders"
"""Who makes the assets of the plan."""
SEARCH_ATTRIBUTES: Final[dict[str, str]] = {
    STATUS_ATTRIBUTE: "Keyword",
    PLATFORM_ATTRIBUTE: "Keyword",
    TENANT_ATTRIBUTE: "Keyword",
    REQUESTER_ATTRIBUTE: "Keyword",
    COST_ATTRIBUTE: "Double",
    ATTENTION_ATTRIBUTE: "KeywordList",
    PROVIDERS_ATTRIBUTE: "KeywordList",
}
"""Name -> type, as `temporal operator search-attribute create` takes them."""


ATTENTION_MEMO: Final = "attention"
"""Of a run: the first AttentionItems as JSON, so that the list over all productions needs no worker."""
MAX_ATTENTION_ITEMS: Final = 20
OVERRUN_MEMO: Final = "overrun_usd"
"""Of a run: what was charged beyond published prices, USD as text; missing where nothing was."""

ASK_AGAIN: Final = "asked while a workflow task was about to begin; ask again"
"""Why a worker refused a query (`worker/guard.py`)."""

DIGEST_CHARS: Final = 16
"""Of a SHA-256 in a key: 64 bits tell the few objects of one folder apart."""

PLANNER: Final = "_planner"
"""Stands for an asset's id where the planner's own questions are kept; no asset can be called so."""

DEFAULT_TENANT: Final = "default"


def owned(tenant: str, name: str) -> str:
    """The id that a tenant's production, batch, schedule or picture goes by: it says whose it is.

    acme.20261120-1a2b3c4d; those of the default tenant have no dot.
    """
    head = f"{tenant}."
    return name if tenant == DEFAULT_TENANT or name.startswith(head) else head + name


def tenant_of(owned_id: str) -> str:
    head, dot, _ = owned_id.partition(".")
    return head if dot else DEFAULT_TENANT


def workflow_id(production_id: str) -> str:
    return f"production-{production_id}"


def production_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("production-")


def batch_workflow_id(batch_id: str) -> str:
    return f"batch-{batch_id}"


def batch_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("batch-")


def schedule_key(schedule_id: str) -> str:
    """Of the schedule in Temporal; its runs are called so too, with their time behind it."""
    return f"schedule-{schedule_id}"


def schedule_id_of(key: str) -> str:
    return key.removeprefix("schedule-")


def provider_queue(provider: str) -> str:
    return f"produce-{provider}"


def take_activity(asset_id: str, take: int) -> str:
    """The id of the activity that makes a take, as the Temporal UI and CLI show it."""
    return f"{asset_id}/{take}"


def asset_of_activity(activity_id: str) -> str:
    return activity_id.partition("/")[0]


def production_prefix(production_id: str) -> str:
    return f"productions/{production_id}"


def take_prefix(production_id: str, asset_id: str, take: int) -> str:
    return f"{production_prefix(production_id)}/assets/{asset_id}/takes/{take}"


def media_key(prefix: str, extension: str, submission: int = 0, attempt: str = "") -> str:
    """Where the media of a take is: media.png of one that is written once, media-1-3f9c2a71.png of a paid one.

    Each attempt writes its own object, which no other attempt overwrites or deletes; the ledger names the take's.
    """
    return f"{prefix}/media{f'-{submission}-{attempt}' if attempt else ''}.{extension}"


def learned_key(production_id: str, provider: str, model: str) -> str:
    """What a model has charged in this production beyond its published price."""
    return f"{production_prefix(production_id)}/learned/{provider}/{model}.json"


def job_key(provider: str, job_id: str) -> str:
    """Which take a provider's job belongs to, whatever production that is in."""
    return f"jobs/{provider}/{quote(job_id, safe='')}.json"


def upload_media_key(prefix: str, sha256: str, extension: str) -> str:
    """Where a person's file is kept as a take. Its content is part of the key: no other file is written there."""
    return f"{prefix}/media.{sha256[:DIGEST_CHARS]}.{extension}"


def upload_record_key(prefix: str, digest: str) -> str:
    """The record of the take that was made from one upload; `digest` names the upload."""
    return f"{prefix}/upload-{digest[:DIGEST_CHARS]}.json"


def upload_prefix(production_id: str) -> str:
    """Where people's own files arrive, before they are looked at and become takes."""
    return f"{production_prefix(production_id)}/uploads/"


REFERENCES: Final = "references/"
"""Where pictures for briefs arrive, before there is a production."""
STORED: Final = "stored:"
"""Begins the source of a reference that is in the bucket; its key follows."""


def reference_key(production_id: str, number: int, extension: str) -> str:
    return f"{production_prefix(production_id)}/references/{number}.{extension}"


def probe_key(name: str) -> str:
    """A throw-away object with which a worker probes the store; no production has such a key."""
    return f"probes/{name}"


def plan_key(production_id: str, digest: str) -> str:
    return f"{production_prefix(production_id)}/plan/{digest}.json"


def deliverables_prefix(production_id: str) -> str:
    return f"{production_prefix(production_id)}/deliverable/"


def deliverable_key(production_id: str, revision: int, name: str) -> str:
    return f"{deliverables_prefix(production_id)}{revision}/{name}"


def fileset_key(production_id: str, revision: int, fileset: str, name: str) -> str:
    """Where a file of a deliverable is: two attempts at a revision write different keys unless their files are equal.

    Args:
        fileset: DIGEST_CHARS hexadecimal digits: a digest of the names and contents of all files.
    """
    return deliverable_key(production_id, revision, f"{fileset}/{name}")


def fileset_of(key: str) -> str:
    """The fileset in the key of a file of a deliverable; empty where the file is in none."""
    folder = key.partition("/deliverable/")[2].split("/")[1:2]
    return folder[0] if folder and is_fileset(folder[0]) else ""


def is_fileset(folder: str) -> bool:
    return len(folder) == DIGEST_CHARS and set(folder) <= set("0123456789abcdef")


def manifest_key(production_id: str) -> str:
    return f"{production_prefix(production_id)}/manifest.json"


def planning_account(production_id: str) -> str:
    """What the questions of a production to language models are reserved and billed."""
    return f"{production_prefix(production_id)}/planning.json"


def tenant_account(tenant: str, day: str) -> str:
    """The questions of a tenant on a day of UTC, "2026-11-28"."""
    return f"accounts/{tenant}/planning/{day}.json"


def batch_account(tenant: str, batch_id: str) -> str:
    return f"accounts/{tenant}/batches/{batch_id}.json"


def batch_key(batch_id: str) -> str:
    return f"batches/{batch_id}.json"

"""The object keys in the bucket, and the names of workflows, activities, task queues and search attributes.

productions/{production_id}/plan/{digest}.json
productions/{production_id}/assets/{asset_id}/takes/{n}/ledger.json, media.{ext}
productions/{production_id}/assets/{asset_id}/takes/{n}/media-{submission}-{attempt}.{ext}  named in its ledger
productions/{production_id}/assets/{asset_id}/takes/{n}/data.json, data-{submission}-{attempt}.json  of that media:
    `data_key`
productions/{production_id}/learned/{provider}/{model}.json  a model's charges above its published price
jobs/{provider}/{job_id}.json                        the take of a provider's job
productions/{production_id}/assets/{asset_id}/takes/{n}/upload-{digest}.json, media.{digest}.{ext}   an uploaded file
productions/{production_id}/deliverable/{revision}/{fileset}/{file}   the fileset is a digest of all its files
productions/{production_id}/deliverable/{revision}/manifest.json
productions/{production_id}/references/{n}-{digest}.{ext}         the references of the brief
productions/{production_id}/references/{n}/reference.json         the record of one: it is written last
productions/{production_id}/references/{n}/analysis-{digest}.json, fields-{digest}.json
productions/{production_id}/references/{n}/thumbnail.jpg, frame-{k}.jpg, page-{k}.jpg
productions/{production_id}/assets/_judge-{digest}/verdict.json, account.json, view-{k}.jpg, takes/…   a verdict
productions/{production_id}/uploads/…                 people's own files, as received
productions/{production_id}/manifest.json            the newest manifest, read on reopening
productions/{production_id}/planning.json            reservations and bills of requests to language models
batches/{batch_id}.json                              the record of a batch
productions/{evaluation}/assets/…                    the takes of an evaluation: `evaluation_takes`
prompts/{tenant}/{name}/{version}.json, prompts/{tenant}/chosen.json   texts of Greenlight's own prompts
productions/{production_id}/prompts.json             the versions of them that a production uses
reuse/{tenant}/{digest}.json                         a take that can be reused: `workflows/reuse/index.py`
optimisations/{optimisation_id}/record.json         the cases and terms of an optimisation; it claims its id
evaluations/{evaluation_id}/record.json, cells/{page}.json   what an evaluation consists of; the record claims its id
evaluations/{evaluation_id}/results/{cell}.json      the measurements of one take
evaluations/{evaluation_id}/vectors/{cell}.npz       what metrics of all takes together need of one take
evaluations/{evaluation_id}/report.json, report.html
evaluations/{evaluation_id}/votes/{voter}/{pair}/{choice}    one choice of one person
segments/{production_id}/{digest}.mp4                a part of a film's picture; the digest is of everything in it
segments/{production_id}/sound-{digest}.m4a, timeline-{digest}.json, facts.json   made again if they are deleted
references/…                                         files for future briefs, as uploaded
trash/references/…                                   those that `greenlight gc` removed; a brief that names one finds it
inbox/{tenant}/…                                     files that an operator put into the bucket, for briefs of a tenant
accounts/{tenant}/planning/{day}.json, batches/{batch_id}.json   the same as planning.json, for a day (UTC) or a batch
accounts/{tenant}/grants/{grant_id}/{period}.json    what an agent released of a grant, for a production or on a day

An id is the tenant's name, a dot, and a name of its own; see `qualify_id`.
"""

from typing import Final
from urllib.parse import quote

TASK_QUEUE: Final = "greenlight"
"""For workflows and all activities except `produce_asset`, which has a queue for each provider."""

WORKFLOW_TYPE: Final = "Production"
PREVIEW_TYPE: Final = "Preview"
VOICE_MEMO_TYPE: Final = "VoiceMemo"
BATCH_TYPE: Final = "Batch"
SCHEDULED_TYPE: Final = "ScheduledProduction"
GATE_TYPE: Final = "ReleaseGate"
REPORT_PRODUCTION: Final = "look_at_production"
"""An activity: returns the state of a production as a Report."""
FIND_PRODUCTION: Final = "find_production"
"""An activity: returns the state of the production of a batch's row, or None if it is not started yet."""
KEEP_BATCH: Final = "keep_batch"
"""An activity: stores the record of a batch in the bucket."""
EVALUATION_TYPE: Final = "Evaluation"
PREPARE_EVALUATION: Final = "prepare_evaluation"
"""An activity: checks and prices all cases with all models, and stores them in pages."""
READ_CELLS: Final = "read_cells"
"""An activity: one page of the cells of an evaluation."""
MEASURE_TAKE: Final = "measure_take"
"""An activity: measures a take of an evaluation, and stores the result."""
REPORT_EVALUATION: Final = "report_evaluation"
"""An activity: computes the report of an evaluation from its stored results."""
OPTIMISATION_TYPE: Final = "Optimisation"
RENDER_QUEUE: Final = "render"
"""For the parts of films: a worker encodes as many at once as it has cores, and takes the next one when it is free."""
NOTIFICATION_TYPE: Final = "Notification"
UPGRADE_SIGNAL: Final = "upgrade"
"""Wakes up a run of a production or a batch, so that it sees that new runs use another version of the workers."""
NOTIFY_QUEUE: Final = "notify"
"""For posts to webhooks: a receiver that hangs delays no production."""

STATUS_ATTRIBUTE: Final = "GreenlightStatus"
PLATFORM_ATTRIBUTE: Final = "GreenlightPlatform"
TENANT_ATTRIBUTE: Final = "GreenlightTenant"
REQUESTER_ATTRIBUTE: Final = "GreenlightRequester"
COST_ATTRIBUTE: Final = "GreenlightCostUsd"
ATTENTION_ATTRIBUTE: Final = "GreenlightAttention"
"""The reasons of the pending decisions; unset if none is pending."""
PROVIDERS_ATTRIBUTE: Final = "GreenlightProviders"
"""The providers of the plan's assets."""
TITLE_ATTRIBUTE: Final = "GreenlightTitle"
"""The title of the plan, before there is one of the brief. Not set with encryption: the server reads attributes."""
SEARCH_ATTRIBUTES: Final[dict[str, str]] = {
    STATUS_ATTRIBUTE: "Keyword",
    PLATFORM_ATTRIBUTE: "Keyword",
    TENANT_ATTRIBUTE: "Keyword",
    REQUESTER_ATTRIBUTE: "Keyword",
    COST_ATTRIBUTE: "Double",
    ATTENTION_ATTRIBUTE: "KeywordList",
    PROVIDERS_ATTRIBUTE: "KeywordList",
    TITLE_ATTRIBUTE: "Text",
}
"""Name -> type, as `temporal operator search-attribute create` takes them."""


ATTENTION_MEMO: Final = "attention"
"""A run's first AttentionItems as JSON, so the list over all productions needs no worker."""
MAX_ATTENTION_ITEMS: Final = 20
OVERRUN_MEMO: Final = "overrun_usd"
"""A run's charges above published prices, USD as text; absent if there are none."""

GIVEN_UP: Final = "webhook_given_up"
"""The value of ATTENTION_ATTRIBUTE of deliveries to a webhook that gave events up."""
GIVEN_UP_MEMO: Final = "given_up"
"""Their events, as a GivenUp."""

QUERY_REFUSED: Final = "the query arrived while a workflow task was about to start; retry it"
"""The message of a query that a worker refused (`worker/query_guard.py`)."""

DIGEST_CHARS: Final = 16
"""The length of a SHA-256 in a key: 64 bits are sufficient for the few objects of one folder."""

PLANNER: Final = "_planner"
"""The asset id of the planner's own requests; no real asset can have it."""
QUESTION: Final = "_"
"""The first character of the asset ids of requests to language models: of PLANNER, and of judges."""

DEFAULT_TENANT: Final = "default"


def qualify_id(tenant: str, name: str) -> str:
    """The id of a tenant's production, batch, schedule or picture, with the tenant's name in front.

    acme.20261120-1a2b3c4d; ids of the default tenant have no dot.
    """
    head = f"{tenant}."
    return name if tenant == DEFAULT_TENANT or name.startswith(head) else head + name


def tenant_of(qualified_id: str) -> str:
    head, dot, _ = qualified_id.partition(".")
    return head if dot else DEFAULT_TENANT


def workflow_id(production_id: str) -> str:
    return f"production-{production_id}"


def production_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("production-")


def voice_memo_workflow_id(production_id: str) -> str:
    """The workflow id of the memo from which this production is started."""
    return f"voice-memo-{production_id}"


def batch_workflow_id(batch_id: str) -> str:
    return f"batch-{batch_id}"


def batch_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("batch-")


def notification_workflow_id(delivery_id: str) -> str:
    """The workflow id of some deliveries to one webhook of a production: {production_id}-{webhook}-{first event}."""
    return f"notification-{delivery_id}"


def delivery_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("notification-")


def schedule_key(schedule_id: str) -> str:
    """The id of the schedule in Temporal; the ids of its runs append their time to it."""
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


PRODUCTIONS: Final = "productions/"


def production_prefix(production_id: str) -> str:
    return f"{PRODUCTIONS}{production_id}"


def take_prefix(production_id: str, asset_id: str, take: int) -> str:
    return f"{production_prefix(production_id)}/assets/{asset_id}/takes/{take}"


def media_key(prefix: str, extension: str, submission: int = 0, attempt: str = "") -> str:
    """The key of a take's media: media.png if it is written once, media-1-3f9c2a71.png if it is paid.

    Each attempt writes its own object, which no other attempt overwrites or deletes; the ledger names the valid one.
    """
    return f"{prefix}/media{f'-{submission}-{attempt}' if attempt else ''}.{extension}"


def data_key(media: str) -> str:
    """The key of the data of a take, JSON next to its media: the words of a transcript or of speech, a revised prompt.

    It contains the submission and the attempt, as the key of paid media does.
    """
    folder, _, name = media.rpartition("/")
    return f"{folder}/data{name.removeprefix('media').partition('.')[0]}.json"


def learned_key(production_id: str, provider: str, model: str) -> str:
    """The key of a model's charges in this production above its published price."""
    return f"{production_prefix(production_id)}/learned/{provider}/{model}.json"


def job_key(provider: str, job_id: str) -> str:
    """The key of the record that maps a provider's job to its take, over all productions."""
    return f"jobs/{provider}/{quote(job_id, safe='')}.json"


def upload_media_key(prefix: str, sha256: str, extension: str) -> str:
    """The key of an uploaded file as a take. It contains the digest of the file, so no other file can overwrite it."""
    return f"{prefix}/media.{sha256[:DIGEST_CHARS]}.{extension}"


def upload_record_key(prefix: str, digest: str) -> str:
    """The key of the record of the take from one upload; `digest` identifies the upload."""
    return f"{prefix}/upload-{digest[:DIGEST_CHARS]}.json"


def upload_prefix(production_id: str) -> str:
    """The prefix for uploaded files before they are checked and become takes."""
    return f"{production_prefix(production_id)}/uploads/"


REFERENCES: Final = "references/"
"""The prefix for files of future briefs, before their production exists."""
INBOX: Final = "inbox/"
"""The prefix for files that are already in the bucket and that briefs may name; the tenant's name follows."""
STORED: Final = "stored:"
"""The prefix of a reference's `source` if it is in the bucket; its key follows."""

TRASH: Final = "trash/"
"""The prefix of unused files for some time before they are deleted: a production may begin to use one meanwhile."""


def trash_key(key: str) -> str:
    return TRASH + key


def may_read(key: str, tenant: str) -> bool:
    """Whether a brief of this tenant may name an object as its reference."""
    if key.startswith(INBOX):
        return key.startswith(f"{INBOX}{tenant}/")
    return key.startswith(REFERENCES) and tenant_of(key.removeprefix(REFERENCES)) in (tenant, DEFAULT_TENANT)


def reference_prefix(production_id: str, number: int) -> str:
    return f"{production_prefix(production_id)}/references/{number}"


def reference_key(production_id: str, number: int, extension: str, sha256: str = "") -> str:
    """The key of a reference's media. With the digest in it, no attempt overwrites the file of another one."""
    digest = f"-{sha256[:DIGEST_CHARS]}" if sha256 else ""
    return f"{reference_prefix(production_id, number)}{digest}.{extension}"


def reference_record_key(production_id: str, number: int) -> str:
    return f"{reference_prefix(production_id, number)}/reference.json"


def reference_file_key(production_id: str, number: int, name: str) -> str:
    """The key of a file that an analysis made: a thumbnail, a key frame, or the picture of a page."""
    return f"{reference_prefix(production_id, number)}/{name}"


def analysis_key(production_id: str, number: int, digest: str) -> str:
    return f"{reference_prefix(production_id, number)}/analysis-{digest[:DIGEST_CHARS]}.json"


def extraction_key(production_id: str, number: int, digest: str) -> str:
    return f"{reference_prefix(production_id, number)}/fields-{digest[:DIGEST_CHARS]}.json"


PROBES: Final = "probes/"


def probe_key(name: str) -> str:
    """The key of a temporary object with which a worker probes the store; no production has such a key."""
    return PROBES + name


def plan_key(production_id: str, digest: str) -> str:
    return f"{production_prefix(production_id)}/plan/{digest}.json"


def deliverables_prefix(production_id: str) -> str:
    return f"{production_prefix(production_id)}/deliverable/"


def deliverable_key(production_id: str, revision: int, name: str) -> str:
    return f"{deliverables_prefix(production_id)}{revision}/{name}"


def fileset_key(production_id: str, revision: int, fileset: str, name: str) -> str:
    """The key of a file of a deliverable. Two attempts at a revision write different keys unless their files are equal.

    Args:
        fileset: A digest of the names and contents of all files, DIGEST_CHARS hexadecimal digits.
    """
    return deliverable_key(production_id, revision, f"{fileset}/{name}")


def fileset_of(key: str) -> str:
    """The fileset in the key of a file of a deliverable; empty if the key has none."""
    folder = key.partition("/deliverable/")[2].split("/")[1:2]
    return folder[0] if folder and is_fileset(folder[0]) else ""


def is_fileset(folder: str) -> bool:
    return len(folder) == DIGEST_CHARS and set(folder) <= set("0123456789abcdef")


def frame_key(production_id: str, video_sha256: str) -> str:
    """The key of the last frame of a video, by the digest of the video."""
    return f"{production_prefix(production_id)}/frames/{video_sha256[:DIGEST_CHARS]}-last.png"


FILM_PARTS: Final = "segments/"
"""The prefix of the parts of all films."""


def film_prefix(production_id: str) -> str:
    """The prefix of the parts of a production's films. All parts are made again if they are missing: a lifecycle rule
    of the bucket deletes those that are old."""
    return f"{FILM_PARTS}{production_id}/"


def segment_key(production_id: str, digest: str) -> str:
    return f"{film_prefix(production_id)}{digest}.mp4"


def sound_key(production_id: str, digest: str) -> str:
    return f"{film_prefix(production_id)}sound-{digest}.m4a"


def timeline_key(production_id: str, digest: str) -> str:
    return f"{film_prefix(production_id)}timeline-{digest}.json"


def facts_key(production_id: str) -> str:
    """The key of the lengths and sizes of the takes, by their SHA-256."""
    return f"{film_prefix(production_id)}facts.json"


def manifest_key(production_id: str) -> str:
    return f"{production_prefix(production_id)}/manifest.json"


def judge_file_key(production_id: str, subject: str, name: str) -> str:
    """The key of a file of one verdict: verdict.json, account.json, view-1.jpg.

    Args:
        subject: The asset id of its requests.
    """
    return f"{production_prefix(production_id)}/assets/{subject}/{name}"


def planning_account(production_id: str) -> str:
    """The key of the reservations and bills of a production's requests to language models."""
    return f"{production_prefix(production_id)}/planning.json"


def tenant_account(tenant: str, day: str) -> str:
    """The key of a tenant's requests to language models on a day (UTC), "2026-11-28"."""
    return f"accounts/{tenant}/planning/{day}.json"


def batch_account(tenant: str, batch_id: str) -> str:
    return f"accounts/{tenant}/batches/{batch_id}.json"


def grant_account(tenant: str, grant_id: str, period: str) -> str:
    """The key of what an agent released of a grant; `period` is a day (UTC) or a production."""
    return f"accounts/{tenant}/grants/{grant_id}/{period}.json"


def batch_key(batch_id: str) -> str:
    return f"batches/{batch_id}.json"

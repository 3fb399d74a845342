"""Examples in the OpenAPI description, by the name of the schema: one for each body and each answer."""

from typing import Any, Final

from api.openapi.batch_examples import MANY

_ID: Final = "20261120-1a2b3c4d"
_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015"
_AT: Final = "2026-11-20T10:53:04.120Z"
_BRIEF: Final = {"text": "A 20 second film about a lighthouse.", "platform": "video", "budget_usd": "5.00"}
_ASSET: Final = {
    "asset_id": "shot-1",
    "asset_type": "video",
    "role": "shot",
    "position": 4,
    "label": "The lamp is lit",
    "prompt": "A keeper lights the lamp at dusk, slow push in",
    "provider": "previz",
    "model": "animatic",
    "parameters": {"seconds": 5},
    "depends_on": ["still-1"],
    "quote": {"low_usd": "0.0000", "high_usd": "0.0000", "expected_seconds": 3, "job": False},
}
_PLAN: Final = {
    "title": "The lighthouse",
    "digest": _DIGEST,
    "planner": "template",
    "low_usd": "0.0000",
    "high_usd": "0.0000",
    "assets": [_ASSET],
    "warnings": [],
    "unknown_prices": [],
}
_LINKS: Final = {
    "production": f"/api/v1/productions/{_ID}",
    "events": f"/api/v1/productions/{_ID}/events",
    "deliverable": f"/api/v1/productions/{_ID}/deliverable",
    "manifest": f"/api/v1/productions/{_ID}/manifest",
    "temporal_ui": f"http://127.0.0.1:8233/namespaces/default/workflows/production-{_ID}",
}
_RECORD: Final = {
    "content_id": f"{_ID}/shot-1/1",
    "asset_id": "shot-1",
    "asset_type": "video",
    "role": "shot",
    "label": "The lamp is lit",
    "provider": "previz",
    "model": "animatic",
    "prompt": "A keeper lights the lamp at dusk, slow push in",
    "position": 4,
    "status": "completed",
    "file_url": f"/api/v1/productions/{_ID}/assets/shot-1/takes/1/media",
    "take": 1,
    "takes": 1,
    "cost_usd": "0.0000",
    "cost_source": "catalogue",
    "error": None,
    "error_kind": "",
    "attention": None,
    "waiting": None,
    "stale": True,
    "stale_because": ["still-1"],
    "refresh_usd": "0.2500",
    "making": 0,
    "cancelled": None,
    "job_id": None,
    "media_type": "video/mp4",
    "duration_seconds": 5.0,
}
_WAITING: Final = {
    "id": 14,
    "reason": "content_refused",
    "since": _AT,
    "asset_id": "shot-2",
    "message": "runway: the prompt was refused: violence",
    "provider": "runway",
    "model": "gen4.5",
    "cost_usd": "0.0000",
    "price_usd": "0.6000",
    "proposal": "The keeper and the storm, seen from far away",
    "answers": ["retry", "upload", "accept_without", "cancel"],
}
_TAKE: Final = {
    "number": 1,
    "selected": True,
    "stale": True,
    "stale_because": ["still-1"],
    "prompt": "A keeper lights the lamp at dusk, slow push in",
    "provider": "previz",
    "model": "animatic",
    "parameters": {"seconds": 5},
    "cost_usd": "0.0000",
    "cost_source": "catalogue",
    "billed_usd": "0.0000",
    "job_id": None,
    "note": "",
    "media_type": "video/mp4",
    "bytes": 482_113,
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "width": 1280,
    "height": 720,
    "duration_seconds": 5.0,
    "url": f"/api/v1/productions/{_ID}/assets/shot-1/takes/1/media",
    "inputs": {"still-1": 1},
    "made_from": {"prompt": "9f86d081884c7d65", "model": "previz/animatic", "input:still-1": "2c26b46b68ffc68f"},
    "started_at": _AT,
    "finished_at": _AT,
}
_FILE: Final = {
    "name": "deliverable.mp4",
    "role": "video",
    "media_type": "video/mp4",
    "bytes": 1_482_113,
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "url": f"/api/v1/productions/{_ID}/deliverable?file=deliverable.mp4",
    "width": 1280,
    "height": 720,
    "duration_seconds": 20.0,
}
_MODEL: Final = {
    "provider": "previz",
    "model": "animatic",
    "modality": "video",
    "media_type": "video/mp4",
    "job": False,
    "price": "free",
    "parameters": {"seconds": "length of the shot, seconds"},
}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Brief": _BRIEF,
    "PlanEdit": {
        "plan_digest": _DIGEST,
        "edits": [
            {"op": "change", "asset_id": "shot-1", "prompt": "The same at dawn"},
            {"op": "drop", "asset_id": "shot-2"},
        ],
        "editor": "ana",
    },
    "ApproveBody": {"plan_digest": _DIGEST, "approver": "ana", "budget_usd": "2.50"},
    "RejectBody": {"rejecter": "ana", "reason": "Not this quarter."},
    "Revision": {"feedback": "Fewer shots, and end on the horizon.", "reviser": "ana"},
    "RegenerateBody": {"feedback": "Slower, and in the rain", "count": 3, "budget_usd": "4.00", "requested_by": "ana"},
    "ResolveBody": {"action": "raise_budget", "budget_usd": "4.00", "resolver": "ana", "attention": 14},
    "Refresh": {"asset_ids": ["shot-1"], "max_usd": "2.50", "requested_by": "ana"},
    "Pause": {"paused_by": "ana", "reason": "The client has new wishes."},
    "Resume": {"resumed_by": "ana"},
    "SelectBody": {"take": 1, "requested_by": "ana"},
    "ExecutePlan": {"production_id": _ID, "plan_digest": _DIGEST, "budget_usd": "2.50", "approver": "ana"},
    "Generate": {"brief": _BRIEF, "max_usd": "2.50", "approver": "ana"},
    "Started": {"production_id": _ID, "status": "planning", "links": _LINKS},
    "ProductionView": {
        "production_id": _ID,
        "status": "delivered",
        "brief": _BRIEF,
        "created_at": _AT,
        "updated_at": _AT,
        "plan": _PLAN,
        "assets": [_RECORD],
        "budget_usd": "2.5000",
        "spent_usd": "0.0000",
        "overrun_usd": "0.0000",
        "approval": {"plan_digest": _DIGEST, "approver": "ana"},
        "approved_at": _AT,
        "approvals": [],
        "gate": "",
        "paused": None,
        "waiting": None,
        "deliverable": {"revision": 1, "files": [_FILE], "notes": [], "duration_seconds": 20.0},
        "last_event_id": 31,
        "links": _LINKS,
    },
    "ProductionPage": {
        "productions": [
            {
                "production_id": _ID,
                "status": "delivered",
                "platform": "video",
                "title": "The lighthouse",
                "tenant": "default",
                "requester": "ana",
                "spent_usd": "0.0000",
                "overrun_usd": "0.0000",
                "created_at": _AT,
                "closed_at": _AT,
                "links": _LINKS,
            }
        ],
        "next_page_token": None,
    },
    "PlanView": _PLAN,
    "PlanHistory": {
        "production_id": _ID,
        "plan_digest": _DIGEST,
        "versions": [
            {
                "event_id": 4,
                "at": _AT,
                "plan_digest": _DIGEST,
                "by": "ana",
                "how": "edit",
                "feedback": "",
                "changes": [
                    {
                        "asset_id": "shot-1",
                        "field": "prompt",
                        "before": "A keeper lights the lamp",
                        "after": "A keeper lights the lamp at dusk, slow push in",
                    }
                ],
            }
        ],
    },
    "TakesView": {"production_id": _ID, "asset_id": "shot-1", "takes": [_TAKE]},
    "DeliverablesView": {
        "production_id": _ID,
        "revisions": [
            {
                "revision": 1,
                "stored_at": _AT,
                "files": [
                    {
                        "name": "deliverable.mp4",
                        "bytes": 1_482_113,
                        "url": f"/api/v1/productions/{_ID}/deliverable?revision=1&file=deliverable.mp4",
                    }
                ],
            }
        ],
    },
    "AttentionView": {
        "entries": [
            {
                "production_id": _ID,
                "title": "The lighthouse",
                "platform": "video",
                "tenant": "default",
                "requester": "ana",
                "waiting": _WAITING,
                "links": _LINKS,
            }
        ],
        "complete": True,
    },
    "StoredReference": {"source": "stored:references/1f0c6d5e8b7a49d2a3c4b5e6f7a8b9c0", "bytes": 482_113},
    "Receipt": {"status": "producing", "plan_digest": _DIGEST, "last_event_id": 3},
    "StreamEvent": {
        "id": 12,
        "name": "asset_complete",
        "at": _AT,
        "asset_id": "shot-1",
        "data": {"take": 1, "cost_usd": "0.0000", "cost_source": "catalogue", "media_type": "video/mp4"},
    },
    "ProvidersReport": {
        "planner": "template",
        "enabled_providers": {"text": ["previz"], "image": ["previz"], "video": ["previz"], "audio": ["previz"]},
        "reasons": {},
        "providers": [
            {"provider": "previz", "enabled": True, "models": [_MODEL]},
            {"provider": "openai", "enabled": False, "reason": "set OPENAI_API_KEY in the worker's environment"},
        ],
    },
    "PlatformsView": {
        "platforms": [{"platform": "copy", "modalities": ["text"], "enabled_providers": {"text": ["previz"]}}]
    },
    "Ready": {"ready": True, "checks": {"temporal": "ok", "storage": "ok"}},
    "SignIn": {"key": "gl_the-key-that-keys-create-has-shown-once"},
    "SessionView": {"open": False, "name": "ana", "tenant": "acme", "roles": ["requester", "approver"]},
    "Home": {"name": "greenlight", "version": "0.2.0", "links": {"openapi": "/openapi.json"}},
    **MANY,
    "ProblemDetails": {
        "type": "urn:greenlight:problem:invalid-request",
        "title": "Invalid request",
        "status": 422,
        "detail": "modalities: image is not made for platform 'copy'",
        "errors": [
            {
                "field": "modalities",
                "message": "image is not made for platform 'copy'",
                "remedy": "choose from text",
            }
        ],
    },
}


def add_examples(openapi: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Put the examples, and the schemas that only `$ref`s name, into an OpenAPI description."""
    schemas = openapi["components"]["schemas"]
    for name, schema in extra.items():
        schemas.update(schema.pop("$defs", {}))
        schemas.setdefault(name, schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    return openapi

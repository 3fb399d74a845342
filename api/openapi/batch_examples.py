"""Examples of batches and schedules in the OpenAPI description; see `examples`."""

from typing import Any, Final

_BATCH: Final = "spring-campaign"
_AT: Final = "2026-11-20T10:53:04.120Z"
_ID: Final = "k-9f86d081884c7d659a2f"
_LINKS: Final = {
    "batch": f"/api/v1/batches/{_BATCH}",
    "results": f"/api/v1/batches/{_BATCH}/results",
    "temporal_ui": f"http://127.0.0.1:8233/namespaces/default/workflows/batch-{_BATCH}",
}
_ROW: Final = {
    "row": 1,
    "key": "berlin",
    "production_id": _ID,
    "status": "awaiting_approval",
    "spent_usd": "0.0000",
    "high_usd": "1.2600",
    "error": "",
}
_LISTED: Final = {
    "schedule_id": "monday-post",
    "cron": "0 9 * * MON",
    "timezone": "Europe/Berlin",
    "paused": False,
    "note": "",
    "platform": "social_post",
    "title": "A thought for the week",
    "next_runs": ["2026-11-23T08:00:00Z", "2026-11-30T08:00:00Z"],
    "recent": [{"at": "2026-11-16T08:00:00Z", "production_id": "monday-post-20261116T080000"}],
}
_BRIEF: Final = {"text": "A thought for the week.", "platform": "social_post"}

MANY: Final[dict[str, dict[str, Any]]] = {
    "BatchBody": {
        "batch_id": _BATCH,
        "rows": [
            {"key": "berlin", "brief": {"text": "A poster for the shop in Berlin."}},
            {"key": "porto", "brief": {"text": "A poster for the shop in Porto.", "languages": ["pt"]}},
        ],
        "defaults": {"platform": "design"},
        "at_once": 5,
        "approve": True,
        "budget_usd": "2.50",
        "requester": "ana",
    },
    "BatchStarted": {"batch_id": _BATCH, "status": "planning", "rows": 2, "links": _LINKS},
    "BatchPage": {
        "batches": [
            {
                "batch_id": _BATCH,
                "status": "over_budget",
                "rows": 2,
                "tenant": "default",
                "requester": "ana",
                "spent_usd": "0.0000",
                "created_at": _AT,
                "closed_at": None,
                "links": _LINKS,
            }
        ],
        "next_page_token": None,
    },
    "BatchView": {
        "batch_id": _BATCH,
        "status": "over_budget",
        "message": "the rows may cost 2.52 USD in all, which is 0.02 USD more than the budget of 2.50 USD, so none is "
        "approved; admit the batch with a budget_usd of 2.52 or more, or reject productions",
        "tenant": "default",
        "requester": "ana",
        "created_at": _AT,
        "at_once": 5,
        "approve": True,
        "budget_usd": "2.50",
        "allow_unknown_prices": False,
        "totals": {
            "rows": 2,
            "statuses": {"awaiting_approval": 2},
            "spent_usd": "0.0000",
            "high_usd": "2.5200",
            "unknown_prices": 0,
        },
        "rows": [_ROW, {**_ROW, "row": 2, "key": "porto", "production_id": "k-2c26b46b68ffc68ff99b"}],
    },
    "BatchResult": {
        "row": 1,
        "key": "berlin",
        "production_id": _ID,
        "status": "delivered",
        "cost_usd": "1.2200",
        "error": "",
        "deliverable": f"http://127.0.0.1:8400/api/v1/productions/{_ID}/deliverable",
    },
    "Admit": {"budget_usd": "2.52", "approver": "ana"},
    "ScheduleBody": {
        "schedule_id": "monday-post",
        "brief": _BRIEF,
        "cron": "0 9 * * MON",
        "timezone": "Europe/Berlin",
    },
    "ScheduleNote": {"note": "Holidays"},
    "ScheduleView": {**_LISTED, "brief": _BRIEF},
    "ScheduleList": {"schedules": [_LISTED]},
}

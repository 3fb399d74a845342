"""What each route asks of a caller: the one table of roles."""

from enum import StrEnum
from typing import Final

P: Final = "/api/v1/productions"
ID: Final = f"{P}/{{production_id}}"
ASSET: Final = f"{ID}/assets/{{asset_id}}"
BATCH: Final = "/api/v1/batches/{batch_id}"
SCHEDULE: Final = "/api/v1/schedules/{schedule_id}"


class Role(StrEnum):
    """requester: ask and change. approver: release money. operator: everything of the tenant, and how the API is."""

    REQUESTER = "requester"
    APPROVER = "approver"
    OPERATOR = "operator"


Roles = frozenset[Role]

NOBODY: Final[Roles] = frozenset()
ANYBODY: Final[Roles] = frozenset(Role)
"""Whoever has a key: to look, and to stop what costs."""
ASKS: Final[Roles] = frozenset({Role.REQUESTER, Role.OPERATOR})
RELEASES: Final[Roles] = frozenset({Role.APPROVER, Role.OPERATOR})
OPERATES: Final[Roles] = frozenset({Role.OPERATOR})

NEEDS: Final[dict[str, Roles | None]] = {
    # Without a key
    "GET /": None,
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /openapi.json": None,
    "GET /studio/{name:path}": None,
    "POST /api/v1/session": None,
    "DELETE /api/v1/session": None,
    # To look
    "GET /api/v1/session": ANYBODY,
    "GET /api/v1/platforms": ANYBODY,
    "GET /api/v1/providers": ANYBODY,
    "GET /api/v1/attention": ANYBODY,
    f"GET {P}": ANYBODY,
    f"GET {ID}": ANYBODY,
    f"GET {ID}/events": ANYBODY,
    f"GET {ID}/plan/history": ANYBODY,
    f"GET {ID}/deliverable": ANYBODY,
    f"GET {ID}/deliverable.zip": ANYBODY,
    f"GET {ID}/deliverable/{{revision}}/{{name:path}}": ANYBODY,
    f"GET {ID}/deliverables": ANYBODY,
    f"GET {ID}/manifest": ANYBODY,
    f"GET {ASSET}/takes": ANYBODY,
    f"GET {ASSET}/takes/{{take}}/media": ANYBODY,
    f"GET {ASSET}/takes/{{take}}/text": ANYBODY,
    "GET /api/v1/batches": ANYBODY,
    f"GET {BATCH}": ANYBODY,
    f"GET {BATCH}/results": ANYBODY,
    "GET /api/v1/schedules": ANYBODY,
    f"GET {SCHEDULE}": ANYBODY,
    # To stop, to plan again within the limits of planning, and to preview
    f"POST {ID}/pause": ANYBODY,
    f"POST {ID}/resume": ANYBODY,
    f"POST {ID}/cancel": ANYBODY,
    f"POST {ID}/revise": ANYBODY,
    f"POST {ID}/preview": ANYBODY,
    f"POST {BATCH}/stop": ANYBODY,
    # To ask and change; a field that releases money needs an approver besides (`Caller.check_release`)
    f"POST {P}": ASKS,
    "POST /api/v1/multimodal/plan": ASKS,
    "POST /api/v1/generate": ASKS,
    "POST /api/v1/batches": ASKS,
    "POST /api/v1/references": ASKS,
    f"PATCH {ID}/plan": ASKS,
    f"POST {ID}/refresh": ASKS,
    f"POST {ASSET}/regenerate": ASKS,
    f"POST {ASSET}/select": ASKS,
    f"POST {ASSET}/takes": ASKS,
    # To release money
    f"POST {ID}/approve": RELEASES,
    f"POST {ID}/reject": RELEASES,
    f"POST {ASSET}/resolve": RELEASES,
    f"POST {BATCH}/admit": RELEASES,
    "POST /api/v1/multimodal/execute-plan": RELEASES,
    # To operate
    "GET /metrics": OPERATES,
    "POST /api/v1/schedules": OPERATES,
    f"POST {SCHEDULE}/pause": OPERATES,
    f"POST {SCHEDULE}/resume": OPERATES,
    f"POST {SCHEDULE}/run": OPERATES,
    f"DELETE {SCHEDULE}": OPERATES,
}
"""Method and path of a route -> who may ask it; None: whoever comes, also without a key."""

_STUDIO: Final = "/studio/"


def needs_key(method: str, path: str) -> bool:
    """Whether an address is closed to those without a key; one that there is not is closed too."""
    return (
        not (method in ("GET", "HEAD") and path.startswith(_STUDIO))
        and NEEDS.get(f"{method} {path}", NOBODY) is not None
    )


def needed(method: str, route: str) -> Roles | None:
    """What a route asks for; one that the table forgets is nobody's."""
    return NEEDS.get(f"{method} {route}", NOBODY)


def named(roles: Roles) -> str:
    """'requester or operator'."""
    return " or ".join(role.value for role in Role if role in roles)

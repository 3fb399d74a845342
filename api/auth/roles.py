"""The roles that each route needs: one table."""

from enum import StrEnum
from typing import Final

P: Final = "/api/v1/productions"
ID: Final = f"{P}/{{production_id}}"
ASSET: Final = f"{ID}/assets/{{asset_id}}"
BATCH: Final = "/api/v1/batches/{batch_id}"
EVALUATION: Final = "/api/v1/evaluations/{evaluation_id}"
OPTIMISATION: Final = "/api/v1/optimisations/{optimisation_id}"
PROMPT: Final = "/api/v1/prompts/{name}"
MEMO: Final = "/api/v1/voice-memos/{memo_id}"
VOICE_SESSION: Final = "/api/v1/voice-sessions/{session_id}"
SCHEDULE: Final = "/api/v1/schedules/{schedule_id}"


class Role(StrEnum):
    """requester: start and change. approver: release money. operator: both, schedules, and the API's own figures.
    agent: a program that reads, plans, and executes its own plans within what a person granted it; no other role."""

    REQUESTER = "requester"
    APPROVER = "approver"
    OPERATOR = "operator"
    AGENT = "agent"


Roles = frozenset[Role]

NO_ROLE: Final[Roles] = frozenset()
ANY_ROLE: Final[Roles] = frozenset(Role)
"""Every key may read."""
PEOPLE: Final[Roles] = ANY_ROLE - {Role.AGENT}
"""Every person may stop what costs money."""
PLANNERS: Final[Roles] = frozenset({Role.REQUESTER, Role.OPERATOR, Role.AGENT})
AGENTS: Final[Roles] = frozenset({Role.AGENT})
REQUESTERS: Final[Roles] = frozenset({Role.REQUESTER, Role.OPERATOR})
APPROVERS: Final[Roles] = frozenset({Role.APPROVER, Role.OPERATOR})
OPERATORS: Final[Roles] = frozenset({Role.OPERATOR})

NEEDS: Final[dict[str, Roles | None]] = {
    # Without a key
    "GET /": None,
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /openapi.json": None,
    "GET /docs": None,
    "GET /studio/{name:path}": None,
    "POST /api/v1/session": None,
    "DELETE /api/v1/session": None,
    # To read
    "GET /api/v1/session": ANY_ROLE,
    "GET /api/v1/platforms": ANY_ROLE,
    "GET /api/v1/providers": ANY_ROLE,
    "POST /api/v1/languages/detect": ANY_ROLE,
    "GET /api/v1/attention": ANY_ROLE,
    f"GET {P}": ANY_ROLE,
    f"GET {ID}": ANY_ROLE,
    f"GET {ID}/events": ANY_ROLE,
    f"GET {ID}/plan/history": ANY_ROLE,
    f"GET {ID}/deliverable": ANY_ROLE,
    f"GET {ID}/deliverable.zip": ANY_ROLE,
    f"GET {ID}/deliverable/{{revision}}/{{name:path}}": ANY_ROLE,
    f"GET {ID}/deliverables": ANY_ROLE,
    f"GET {ID}/export": ANY_ROLE,
    f"GET {ID}/thumbnail": ANY_ROLE,
    f"GET {ID}/manifest": ANY_ROLE,
    f"GET {ASSET}/takes": ANY_ROLE,
    f"GET {ASSET}/takes/{{take}}/media": ANY_ROLE,
    f"GET {ASSET}/takes/{{take}}/text": ANY_ROLE,
    f"GET {ASSET}/takes/{{take}}/data": ANY_ROLE,
    f"GET {ASSET}/takes/{{take}}/provenance": ANY_ROLE,
    f"GET {ID}/provenance": ANY_ROLE,
    "GET /api/v1/batches": ANY_ROLE,
    f"GET {BATCH}": ANY_ROLE,
    f"GET {BATCH}/results": ANY_ROLE,
    f"GET {BATCH}/deliverables.zip": ANY_ROLE,
    "GET /api/v1/evaluation-metrics": ANY_ROLE,
    "GET /api/v1/evaluations": ANY_ROLE,
    f"GET {EVALUATION}": ANY_ROLE,
    f"GET {EVALUATION}/events": ANY_ROLE,
    f"GET {EVALUATION}/report": ANY_ROLE,
    f"GET {EVALUATION}/report.html": ANY_ROLE,
    f"GET {EVALUATION}/cases": ANY_ROLE,
    f"GET {EVALUATION}/compare": ANY_ROLE,
    f"GET {EVALUATION}/cells/{{cell}}/media": ANY_ROLE,
    f"GET {EVALUATION}/pair": ANY_ROLE,
    f"GET {EVALUATION}/pairs/{{pair_id}}/{{side}}": ANY_ROLE,
    "GET /api/v1/optimisations": ANY_ROLE,
    f"GET {OPTIMISATION}": ANY_ROLE,
    "GET /api/v1/prompts": ANY_ROLE,
    f"GET {PROMPT}": ANY_ROLE,
    f"GET {PROMPT}/versions/{{version}}": ANY_ROLE,
    "GET /api/v1/schedules": ANY_ROLE,
    "GET /api/v1/webhooks/given-up": ANY_ROLE,
    f"GET {SCHEDULE}": ANY_ROLE,
    "GET /api/v1/references/uploads/{upload_id}": ANY_ROLE,
    "GET /api/v1/grants": ANY_ROLE,
    f"GET {ID}/references": ANY_ROLE,
    f"GET {ID}/references/{{number}}": ANY_ROLE,
    f"GET {ID}/references/{{number}}/files/{{name}}": ANY_ROLE,
    f"GET {ID}/references/{{number}}/fields": ANY_ROLE,
    f"GET {MEMO}": ANY_ROLE,
    f"GET {VOICE_SESSION}": ANY_ROLE,
    # To stop, and to plan again within the limits of planning
    f"POST {ID}/pause": PEOPLE,
    f"POST {ID}/resume": PEOPLE,
    f"POST {ID}/budget": PEOPLE,
    f"POST {ID}/cancel": PEOPLE,
    f"POST {ID}/revise": PEOPLE,
    f"POST {BATCH}/stop": PEOPLE,
    f"POST {MEMO}/cancel": PEOPLE,
    f"POST {VOICE_SESSION}/end": PEOPLE,
    # To hear a voice before an approval; a paid sample needs an approver as well
    "POST /api/v1/voice-samples": PEOPLE,
    f"POST {EVALUATION}/pause": PEOPLE,
    f"POST {EVALUATION}/cancel": PEOPLE,
    f"POST {OPTIMISATION}/cancel": PEOPLE,
    # To say which take is better
    f"POST {EVALUATION}/votes": PEOPLE,
    # To start and change; a field that releases money needs an approver as well (`Caller.check_release`)
    f"POST {P}": PLANNERS,
    "POST /api/v1/multimodal/plan": PLANNERS,
    f"POST {ID}/preview": ANY_ROLE,
    f"POST {ID}/request-approval": PLANNERS,
    "POST /api/v1/generate": REQUESTERS,
    "POST /generate": REQUESTERS,
    "POST /api/v1/batches": REQUESTERS,
    "POST /api/v1/evaluations": REQUESTERS,
    f"POST {EVALUATION}/resume": REQUESTERS,
    "POST /api/v1/optimisations": REQUESTERS,
    f"POST {PROMPT}/versions": REQUESTERS,
    "POST /api/v1/references": REQUESTERS,
    "POST /api/v1/references/uploads": REQUESTERS,
    "POST /api/v1/voice-memos": REQUESTERS,
    "POST /api/v1/voice-sessions": REQUESTERS,
    f"POST {VOICE_SESSION}/fields": REQUESTERS,
    "PATCH /api/v1/references/uploads/{upload_id}": REQUESTERS,
    "DELETE /api/v1/references/uploads/{upload_id}": REQUESTERS,
    f"PATCH {ID}/plan": REQUESTERS,
    f"PATCH {ID}/references/{{number}}": REQUESTERS,
    f"PATCH {ID}/references/{{number}}/fields": REQUESTERS,
    f"POST {ID}/refresh": REQUESTERS,
    f"POST {ASSET}/regenerate": REQUESTERS,
    f"POST {ASSET}/select": REQUESTERS,
    f"POST {ASSET}/takes": REQUESTERS,
    # To release money
    f"POST {ID}/approve": APPROVERS,
    f"POST {ID}/reject": APPROVERS,
    f"POST {ID}/references/{{number}}/analyse": APPROVERS,
    f"POST {ASSET}/resolve": APPROVERS,
    f"POST {BATCH}/admit": APPROVERS,
    "POST /api/v1/multimodal/execute-plan": APPROVERS,
    "POST /api/v1/grants": APPROVERS,
    "DELETE /api/v1/grants/{grant_id}": APPROVERS,
    # To release what a person granted
    f"POST {ID}/execute": AGENTS,
    # To operate
    "GET /metrics": OPERATORS,
    "POST /api/v1/diagnosis": OPERATORS,
    f"POST {PROMPT}/use": OPERATORS,
    f"POST {PROMPT}/rollback": OPERATORS,
    "POST /api/v1/schedules": OPERATORS,
    "POST /api/v1/webhooks/given-up/{delivery_id}/resend": OPERATORS,
    f"POST {SCHEDULE}/pause": OPERATORS,
    f"POST {SCHEDULE}/resume": OPERATORS,
    f"POST {SCHEDULE}/run": OPERATORS,
    f"DELETE {SCHEDULE}": OPERATORS,
}
"""Method and path of a route -> the roles that may call it; None: every caller, also without a key."""

_STUDIO: Final = "/studio/"


def needs_key(method: str, path: str) -> bool:
    """Whether an address is closed to callers without a key; an unknown address is closed too."""
    return (
        not (method in ("GET", "HEAD") and path.startswith(_STUDIO))
        and NEEDS.get(f"{method} {path}", NO_ROLE) is not None
    )


def roles_for(method: str, route: str) -> Roles | None:
    """The roles that may call a route. A route that is not in the table is closed to every role."""
    return NEEDS.get(f"{method} {route}", NO_ROLE)


def role_names(roles: Roles) -> str:
    """'requester or operator'."""
    return " or ".join(role.value for role in Role if role in roles)

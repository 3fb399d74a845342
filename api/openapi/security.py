"""API keys and roles in the OpenAPI description, from the table of roles."""

from typing import Any, Final

from api.auth.middleware import COOKIE
from api.auth.roles import role_names, roles_for
from api.problems import documented

_SCHEMES: Final[dict[str, Any]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, gl_…; `greenlight keys create` makes one"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by POST /api/v1/session"},
}
_METHODS: Final = frozenset({"get", "post", "patch", "delete"})


def add_security(openapi: dict[str, Any]) -> dict[str, Any]:
    """Add the ways to sign in, and for each route the roles that it needs and its refusals."""
    openapi["components"]["securitySchemes"] = _SCHEMES
    openapi["security"] = [{name: []} for name in _SCHEMES]
    refusals = {str(status): answer for status, answer in documented(401, 403).items()}
    for path, operations in openapi["paths"].items():
        for method in _METHODS & operations.keys():
            operation, roles = operations[method], roles_for(method.upper(), path)
            if roles is None:
                operation["security"] = []
                continue
            forbidden = {**refusals["403"], "description": f"Forbidden: this needs the role {role_names(roles)}"}
            operation["responses"] |= {"401": refusals["401"], "403": forbidden}
    return openapi

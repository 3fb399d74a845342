"""What the OpenAPI description says of keys and roles, from the one table."""

from typing import Any, Final

from api.auth.middleware import COOKIE
from api.auth.roles import named, needed
from api.problems import documented

_SCHEMES: Final[dict[str, Any]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, gl_…; `greenlight keys create` makes one"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by POST /api/v1/session"},
}
_METHODS: Final = frozenset({"get", "post", "patch", "delete"})


def add_access(openapi: dict[str, Any]) -> dict[str, Any]:
    """Say how to sign in, what each route needs, and how it refuses."""
    openapi["components"]["securitySchemes"] = _SCHEMES
    openapi["security"] = [{name: []} for name in _SCHEMES]
    refusals = {str(status): answer for status, answer in documented(401, 403).items()}
    for path, operations in openapi["paths"].items():
        for method in _METHODS & operations.keys():
            operation, roles = operations[method], needed(method.upper(), path)
            if roles is None:
                operation["security"] = []
                continue
            refused = {**refusals["403"], "description": f"Forbidden: this needs the role {named(roles)}"}
            operation["responses"] |= {"401": refusals["401"], "403": refused}
    return openapi

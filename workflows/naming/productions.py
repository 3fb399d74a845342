"""The ids of productions. Pure."""

import hashlib

from workflows import keys


def keyed_production_id(tenant: str, key: str) -> str:
    """The id of the production that belongs to a tenant's idempotency key."""
    # a tenant has no slash, so each pair has its own text
    return keys.qualify_id(tenant, "k-" + hashlib.sha256(f"{tenant}/{key}".encode()).hexdigest()[:20])

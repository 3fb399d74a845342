"""Names of headers that both the API and its clients know."""

from typing import Final

INSTANCE: Final = "Greenlight-Instance"
"""The id of the stack that a caller means, and in the answer of /healthz of the one that answers."""

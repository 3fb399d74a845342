"""Names of headers that the API and its clients share."""

from typing import Final

INSTANCE: Final = "Greenlight-Instance"
"""In a request, the id of the stack that the caller means; in the response of /healthz, the id of this stack."""

"""The priorities of the workflows that the API starts: their activities and children inherit them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from temporalio.common import Priority

from workflows.start_options import Urgency, tenant_priority

_EQUAL: Final[Mapping[str, float]] = MappingProxyType({})


class Priorities:
    """Priorities by tenant and urgency.

    Args:
        weights: Tenant -> its share of the workers in relation to the others; 1 for those that are not named.
    """

    def __init__(self, weights: Mapping[str, float] = _EQUAL) -> None:
        self._weights = weights

    def of(self, tenant: str, urgency: Urgency) -> Priority:
        return tenant_priority(tenant, urgency, self._weights.get(tenant))

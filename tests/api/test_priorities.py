"""The priorities of what the API starts."""

import pytest

from api.settings import Settings, SettingsError
from api.temporal.priorities import Priorities
from workflows.start_options import Urgency, tenant_priority


def test_a_start_has_the_weight_of_its_tenant() -> None:
    """A tenant with a weight has it at every start; other tenants have none, which counts as 1."""
    settings = Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_TENANT_WEIGHTS": "acme=3, north = 0.5"})
    priorities = Priorities(settings.tenant_weights)
    found = priorities.of("acme", Urgency.INTERACTIVE)
    assert (found.fairness_key, found.fairness_weight, found.priority_key) == ("acme", 3, 2)
    assert priorities.of("north", Urgency.PREVIEW).fairness_weight == 0.5
    assert priorities.of("south", Urgency.BATCH).fairness_weight is None


def test_urgencies_are_in_order() -> None:
    """A production that a person started comes before a batch, and a batch before a preview; a child inherits."""
    assert Urgency.INTERACTIVE < Urgency.BATCH < Urgency.PREVIEW
    assert tenant_priority("acme").priority_key is None


@pytest.mark.parametrize("weights", ["acme", "acme=", "acme=0", "=2", "acme=much", "acme=nan", "acme=2000"])
def test_a_wrong_weight_is_refused(weights: str) -> None:
    """A weight that Temporal does not take is refused at the start of the API, with the variable and the remedy."""
    with pytest.raises(SettingsError, match=r"GREENLIGHT_TENANT_WEIGHTS names .* acme=3,north=0.5"):
        Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_TENANT_WEIGHTS": weights})

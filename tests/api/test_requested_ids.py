import pytest

from api.deps import requested_id
from api.problems import Problem


@pytest.mark.parametrize("kind", ["batch", "evaluation", "optimisation"])
@pytest.mark.parametrize(("tenant", "name"), [("default", "acme.may"), ("default", "x" * 101), ("acme", "x" * 96)])
def test_a_name_stays_with_its_tenant(kind: str, tenant: str, name: str) -> None:
    """A name that would be an id of another tenant, or too long with its tenant, is refused and named."""
    with pytest.raises(Problem) as caught:
        requested_id(kind, tenant, name, None)
    assert [each.field for each in caught.value.problem.errors] == [f"{kind}_id"]


def test_a_name_is_qualified() -> None:
    """The tenant is in front of a name; without a name, the idempotency key decides, for each kind by itself."""
    assert requested_id("batch", "acme", "may", "k") == requested_id("batch", "acme", "acme.may", None) == "acme.may"
    assert requested_id("batch", "acme", None, "k") == requested_id("batch", "acme", None, "k")
    assert requested_id("batch", "acme", None, "k") != requested_id("evaluation", "acme", None, "k")

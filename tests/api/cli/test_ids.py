"""Ids that are abbreviated."""

from typing import Any

import pytest

from api.cli.ids import MAX_NAMED, choose, find_production
from api.client.client import GreenlightClient, GreenlightError

TITLES = [("20261120-1a2b3c4d", "Dawn"), ("20261120-1affffff", "Dusk"), ("acme.20261121-00000000", "Tram")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20261120-1a2", "20261120-1a2b3c4d"),
        ("20261120-1a2b3c4d", "20261120-1a2b3c4d"),
        ("20261121", "acme.20261121-00000000"),
        ("acme.2026", "acme.20261121-00000000"),
        ("2027", "2027"),
    ],
)
def test_an_unambiguous_prefix(text: str, found: str) -> None:
    """A prefix of one id is that id, with or without its tenant; an unknown one stays as it is."""
    assert choose(text, TITLES, "production") == found


def test_a_whole_id_is_not_ambiguous() -> None:
    """An id that is the start of another one names itself."""
    assert choose("weekly", [("weekly-b", ""), ("weekly", "")], "schedule") == "weekly"


def test_an_ambiguous_prefix_lists_the_candidates() -> None:
    """Several candidates are refused with their ids and titles."""
    with pytest.raises(GreenlightError, match="Several production ids begin with '20261120'") as refused:
        choose("20261120", TITLES, "production")
    assert "20261120-1a2b3c4d  Dawn\n  20261120-1affffff  Dusk" in refused.value.detail
    assert "Tram" not in refused.value.detail
    many = [(f"2026-{n}", "") for n in range(MAX_NAMED + 1)]
    with pytest.raises(GreenlightError, match="'2026' is too short"):
        choose("2026", many, "production")


@pytest.mark.parametrize("whole", ["20261120-1a2b3c4d", "acme.20261120-1a2b3c4d", "k-" + "0f" * 10])
def test_a_whole_id_needs_no_lookup(whole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id in the form of the API costs no further request."""

    def listed(*_: Any, **__: Any) -> None:
        raise AssertionError("the list was requested")

    monkeypatch.setattr(GreenlightClient, "list", listed)
    with GreenlightClient("http://127.0.0.1:1") as client:
        assert find_production(client, whole) == whole

"""What the checks found in the takes of an asset. Pure."""

from pydantic import JsonValue

from workflows.events import AssetState
from workflows.models import Take
from workflows.quality import Finding


def findings_of(state: AssetState) -> tuple[Finding, ...]:
    """What the checks found in the take that waits for a decision, otherwise in the selected take."""
    failed = state.takes[-1] if state.attention == "output_unusable" and state.takes else None
    take = failed if failed and failed.checks.failed else state.take
    return take.checks.findings if take else ()


def findings_data(take: Take | None) -> dict[str, JsonValue]:
    """The findings of a take for its event; empty if it has none."""
    found = take.checks.findings if take else ()
    return {"findings": [f.model_dump(mode="json", exclude_defaults=True) for f in found]} if found else {}


def with_take(takes: tuple[Take, ...], take: Take) -> tuple[Take, ...]:
    """The takes by their number, with this one in the place of another of its number."""
    return tuple(sorted((*(t for t in takes if t.number != take.number), take), key=lambda t: t.number))

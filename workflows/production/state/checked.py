"""What checks and judges found in the takes of an asset. Pure."""

from collections.abc import Iterable

from pydantic import JsonValue

from workflows.events import AssetState
from workflows.judging.verdicts import Verdict
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


def best_of(takes: Iterable[Take]) -> Take | None:
    """The take with the best verdict that passed its checks: of equal ones the first, without verdicts the newest."""
    usable = [take for take in takes if not take.checks.failed]
    judged = [take for take in usable if take.verdict]
    if not judged:
        return max(usable, key=lambda take: take.number, default=None)
    return max(judged, key=lambda take: (*rank_of(take), -take.number))


def rank_of(take: Take) -> tuple[float, float]:
    return take.verdict.rank if take.verdict else (-1.0, 0.0)


def verdict_of(state: AssetState) -> Verdict | None:
    """The verdict of the take that waits for a decision, otherwise of the selected take."""
    take = best_of(state.takes) if state.attention == "below_score" else state.take
    return take.verdict if take else None

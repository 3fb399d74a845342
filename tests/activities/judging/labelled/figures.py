"""Precision and recall of judges over the labelled set, through `judge_take` and its ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from activities.storage.bucket import Storage
from tests.activities.judging.labelled.observer import Observer
from tests.activities.judging.labelled.takes import Labelled, labelled
from tests.activities.judging.studio import JUDGE, Jury
from tests.activities.quality.figures import Figures
from tests.support.vendors import env_of
from workflows.brief import Brief, Platform
from workflows.judging.verdicts import Verdict
from workflows.models import Modality

JUDGES: Final[Mapping[Modality, str]] = {
    Modality.TEXT: f"openai/{JUDGE}",
    Modality.IMAGE: f"openai/{JUDGE}",
    Modality.VIDEO: f"openai/{JUDGE}",
    Modality.AUDIO: "openai/gpt-transcribe",
}


@dataclass
class Result:
    """Figures of each kind of take; the names of the takes that were judged wrongly, and of those without a verdict."""

    figures: dict[Modality, Figures] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)

    @property
    def all(self) -> Figures:
        """The figures of all kinds together."""
        return sum(self.figures.values(), Figures())

    def count(self, take: Labelled, verdict: Verdict) -> None:
        if verdict.score is None:
            self.unjudged.append(f"{take.name}: {verdict.unjudged}")
            return
        bad, rejected = bool(take.damage), not verdict.matches
        self.figures.setdefault(take.modality, Figures()).count(bad=bad, rejected=rejected)
        if bad != rejected:
            self.wrong.append(f"{take.name}: {verdict.score:g} {verdict.complaint}".strip())


async def judge_all(
    storage: Storage,
    takes: Iterable[Labelled],
    environ: Mapping[str, str],
    judges: Mapping[Modality, str] = JUDGES,
    vendor: Observer | None = None,
) -> Result:
    """Judge takes one after the other.

    Args:
        judges: provider/model for each kind of take; takes of other kinds are left out.
        vendor: The emulated vendor; without one, `environ` has the keys of real ones.
    """
    result = Result()
    for take in takes:
        if take.modality not in judges:
            continue
        if vendor:
            vendor.said = take.said
        jury = Jury(storage, environ)  # of a production of its own, so that no take has the charges of another one
        request = await jury.request(
            take.data,
            take.media_type,
            take.prompt,
            take.modality.value,
            judges[take.modality],
            duration_seconds=take.seconds,
        )
        brief = Brief(text=take.prompt, platform=Platform.VIDEO, languages=(take.language,))
        judged = await jury.judge(request.model_copy(update={"brief": brief}))
        result.count(take, judged.verdict)
    return result


async def of_observer(storage: Storage, count: int = 20) -> Result:
    """The figures of the emulated judge, which looks at what it gets."""
    with Observer() as vendor:
        return await judge_all(storage, labelled(count), env_of("openai", vendor), vendor=vendor)

"""From a start to a priced optimisation: everything is checked before anything is paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.optimisation.asking import price_of
from activities.optimisation.methods.registry import missing_of
from activities.optimisation.programs import TOKENS, Program, Question, program_of
from activities.optimisation.scores import JUDGE, AnswerMetric, answer_metrics
from activities.optimisation.trial import judging
from activities.planning.language_models import Stage, models_for
from activities.planning.questions.inquiry import name_of
from activities.prompts.store import language_models
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from workflows.evaluation.cases import Case
from workflows.models import digest_of
from workflows.optimisation.records import (
    LEAST_CASES,
    MAX_OPTIMISED_CASES,
    OPTIMISATION_REFUSED,
    OptimisationStart,
    PreparedOptimisation,
)
from workflows.prompts.built_in import MEANINGS
from workflows.prompts.uses import MAX_TEXT_CHARS, PromptName

STAGES: Final[Mapping[PromptName, Stage]] = {"image-prompt": "enhancer", "delivery": "enhancer"}
PROPOSAL_BYTES: Final = 20_000
"""The largest question for a proposal: some outcomes with their texts."""
ANSWER_CHARS: Final = 8_000
"""Of an answer that a judge scores."""


def refused(field: str, message: str) -> ApplicationError:
    """The error of an optimisation that cannot run: final, before anything is paid."""
    return ApplicationError(message, field, type=OPTIMISATION_REFUSED, non_retryable=True)


@dataclass(frozen=True)
class Setup:
    """What the activities of an optimisation use, made from its start on any worker."""

    start: OptimisationStart
    program: Program
    metric: AnswerMetric
    model: Offer
    proposer: Offer
    judge: Offer | None
    trained: Sequence[Case]
    held_out: Sequence[Case]

    @classmethod
    def of(cls, start: OptimisationStart, providers: Mapping[str, Provider], settings: ActivitySettings) -> "Setup":
        """
        Raises:
            ApplicationError: type OPTIMISATION_REFUSED.
        """
        today = datetime.now(UTC).date()
        model = _model(start, providers, settings)
        judge = _named(start.judge, providers, "judge") if start.judge else model
        trained, held_out = split(start)
        return cls(
            start=start,
            program=program_of(start.name, providers, today),
            metric=_metric(start),
            model=model,
            proposer=_named(start.proposer, providers, "proposer") if start.proposer else model,
            judge=judge if start.metric == JUDGE else None,
            trained=trained,
            held_out=held_out,
        )

    @property
    def task(self) -> str:
        return MEANINGS[self.start.name]

    @property
    def case_usd(self) -> Decimal:
        """The most that one case costs with any text."""
        longest = "x" * MAX_TEXT_CHARS
        return max(self._case_usd(case, longest) for case in self.start.cases)

    def _case_usd(self, case: Case, text: str) -> Decimal:
        usd = price_of(self.model, self.program.question(case, text))
        if self.judge:
            usd += price_of(self.judge, judging(self.task, case, "x" * ANSWER_CHARS))
        return usd

    @property
    def proposal_usd(self) -> Decimal:
        return price_of(self.proposer, Question("x" * MAX_TEXT_CHARS, "x" * PROPOSAL_BYTES, {}, TOKENS))


def prepare(
    start: OptimisationStart, providers: Mapping[str, Provider], settings: ActivitySettings, base_version: int
) -> PreparedOptimisation:
    """What the optimisation consists of. Synchronous.

    Raises:
        ApplicationError: type OPTIMISATION_REFUSED; the first detail is the field to correct.
    """
    if missing := missing_of(start.method):
        raise refused("method", f"{start.method!r}: {missing}, or use the method 'halving'")
    if len(start.cases) > MAX_OPTIMISED_CASES:
        message = f"there are {len(start.cases)} cases, and at most {MAX_OPTIMISED_CASES} are possible"
        raise refused("cases", f"{message}; use fewer")
    setup = Setup.of(start, providers, settings)
    _check_cases(setup)
    kept = 2 * len(setup.held_out) * setup.case_usd
    least = kept + 2 * len(setup.trained) * setup.case_usd + setup.proposal_usd
    if least > start.max_usd:
        message = (
            f"a result costs up to {_rounded(least)} USD ({len(setup.trained)} cases twice, {len(setup.held_out)} "
        )
        message += f"held-out cases twice, and a proposal), and max_usd is {start.max_usd}; "
        raise refused("max_usd", f"{message}give at least {_rounded(least)}, or fewer cases")
    return PreparedOptimisation(
        model=name_of(setup.model),
        proposer=name_of(setup.proposer),
        judge=name_of(setup.judge) if setup.judge else "",
        base_version=base_version,
        trained=len(setup.trained),
        held_out=len(setup.held_out),
        least_usd=_rounded(least),
        kept_usd=_rounded(kept),
    )


def split(start: OptimisationStart) -> tuple[list[Case], list[Case]]:
    """The cases of the search, and those that it does not see; by the seed and the cases alone."""
    ordered = sorted(start.cases, key=lambda case: digest_of([start.seed, case.case_id, case.prompt]))
    held_out = min(max(round(len(ordered) * start.held_out), 2), len(ordered) - 2)
    key = lambda case: case.line  # noqa: E731
    return sorted(ordered[held_out:], key=key), sorted(ordered[:held_out], key=key)


def _check_cases(setup: Setup) -> None:
    if len(setup.start.cases) < LEAST_CASES:
        raise refused("cases", f"there are {len(setup.start.cases)} cases, and {LEAST_CASES} are needed; add more")
    for case in setup.start.cases:
        if problem := setup.program.problem(case) or setup.metric.problem(case):
            raise refused("cases", f"line {case.line}: {problem}")
    if setup.start.metric == "agreement" and setup.start.name != JUDGE:
        raise refused("metric", "'agreement' compares the scores of a judge; use it for the prompt 'judge'")


def _metric(start: OptimisationStart) -> AnswerMetric:
    known = answer_metrics()
    if start.metric not in known:
        raise refused("metric", f"{start.metric!r} measures no answers; choose from {', '.join(known)}")
    return known[start.metric]


def _model(start: OptimisationStart, providers: Mapping[str, Provider], settings: ActivitySettings) -> Offer:
    """The model that the prompt is for: the named one, or the first one of the stage in which the prompt is used."""
    if start.model:
        return _named(start.model, providers, "model")
    try:
        found = models_for(settings, providers, datetime.now(UTC).date(), STAGES.get(start.name, "planner"))
    except ApplicationError as error:
        raise refused("model", error.message) from None
    found = [o for o in found if not o.unknown] or [o for o in language_models(providers) if not o.unknown]
    if not found:
        message = "no language model with a published price is enabled"
        raise refused("model", f"{message}; set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY for the worker")
    return found[0]


def _named(name: str, providers: Mapping[str, Provider], field: str) -> Offer:
    able = [o for o in language_models(providers) if not o.unknown]
    found = next((o for o in able if name_of(o) == name), None)
    if found is None:
        choice = ", ".join(map(name_of, able)) or "none is enabled, set a vendor's key"
        raise refused(field, f"{name!r} is no enabled model with a schema and a published price; choose from {choice}")
    return found


def _rounded(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.0001"), ROUND_UP)

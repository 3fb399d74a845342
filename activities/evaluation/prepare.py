"""From cases and models to priced cells: everything is checked before anything is paid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.evaluation.judges import Judges
from activities.evaluation.metrics.protocol import Metric
from activities.evaluation.metrics.registry import registered
from activities.planning import pricing
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer, plannable_offers
from activities.settings import ActivitySettings
from workflows.evaluation.cases import MAX_CELLS, Case, ModelSpec
from workflows.evaluation.records import (
    EVALUATION_REFUSED,
    JUDGE_SCORE,
    ROLES,
    Cell,
    EvaluationRefusal,
    EvaluationStart,
    ModelColumn,
    Prepared,
)
from workflows.models import UNSPOKEN_ROLES, ZERO, Asset, Modality, Plan, digest_of

CELLS_ON_PAGE: Final = 100
PAGE_BYTES: Final = 400_000
"""A page is the result of an activity, which is at most 2 MB."""
TRANSCRIPT: Final = "transcript"


def refused(field: str, message: str, *, least_usd: Decimal | None = None, unpriced: bool = False) -> ApplicationError:
    """The error of an evaluation that cannot run: final, before anything is paid."""
    refusal = EvaluationRefusal(field=field, least_usd=least_usd, unpriced=unpriced)
    return ApplicationError(message, field, refusal, type=EVALUATION_REFUSED, non_retryable=True)


@dataclass(frozen=True)
class Column:
    """A model of the evaluation with its offer."""

    spec: ModelSpec
    offer: Offer

    @property
    def modality(self) -> Modality:
        return self.offer.modality


class Preparation:
    """The checks of one evaluation against the enabled providers and the installed metrics."""

    def __init__(self, start: EvaluationStart, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._start = start
        self._providers = providers
        self._settings = settings
        self._today = datetime.now(UTC).date()

    def run(self) -> tuple[Prepared, list[tuple[Cell, ...]]]:
        """What the evaluation consists of, and its cells in pages. Synchronous.

        Raises:
            ApplicationError: type EVALUATION_REFUSED; the message names the line, the model or the metric.
        """
        columns = [self._column(spec, f"models[{n}]") for n, spec in enumerate(self._start.models)]
        self._check_labels(columns)
        transcriber = self._transcriber()
        cases = [self._with_modality(case, columns) for case in self._start.cases]
        metrics = self._metrics(cases, transcribed=transcriber is not None)
        self._check_size(cases, columns)
        by_case = [[*self._cells(case, columns, transcriber)] for case in cases]
        if JUDGE_SCORE in metrics:
            by_case = self._judged(by_case, columns)
        numbered = self._numbered(by_case)
        self._check_cap(numbered)
        pages = [*_pages(numbered)]
        return self._prepared(columns, metrics, numbered, len(pages)), pages

    # Models

    def _column(self, spec: ModelSpec, field: str) -> Column:
        found = [*self._offers(spec.name)]
        if not found:
            raise refused(field, self._unknown_model(spec.name))
        if len({(offer.provider, offer.modality) for offer in found}) > 1:
            choice = ", ".join(f"{offer.provider}/{offer.model} ({offer.modality.value})" for offer in found)
            raise refused(field, f"{spec.name!r} stands for several models: {choice}; put the provider in front")
        return Column(spec, found[0])

    def _offers(self, name: str) -> Iterator[Offer]:
        """The offers of this name, with its provider in front or without."""
        head, _, rest = name.partition("/")
        named = [(head, rest)] if head in self._providers and rest else [(p, name) for p in self._providers]
        for provider, model in named:
            listed = {o.modality for o in self._providers[provider].offers() if o.model == model and not o.illustrates}
            for modality in (m for m in Modality if m in listed):
                if offer := find_offer(self._providers[provider], model, modality):
                    yield offer

    def _unknown_model(self, name: str) -> str:
        head, _, rest = name.partition("/")
        here = [head] if head in self._providers and rest else [*self._providers]
        models = [
            f"{o.provider}/{o.model}"
            for p in here
            for m in Modality
            for o in plannable_offers(self._providers[p], m, self._today)
        ]
        more = f" and {len(models) - 12} more" if len(models) > 12 else ""
        return f"{name!r} is no model of the enabled providers; choose from {', '.join(models[:12])}{more}"

    def _check_labels(self, columns: Sequence[Column]) -> None:
        seen: set[str] = set()
        for n, column in enumerate(columns):
            if column.spec.label in seen:
                message = f"{column.spec.label!r} is named twice; give it other parameters, or leave it out"
                raise refused(f"models[{n}]", message)
            seen.add(column.spec.label)

    def _transcriber(self) -> Column | None:
        spec = self._start.transcriber
        if spec is None:
            return None
        column = self._column(spec, "transcriber")
        if Modality.AUDIO not in column.offer.requires:
            able = [
                f"{o.provider}/{o.model}"
                for p in self._providers.values()
                for o in plannable_offers(p, Modality.TEXT, self._today)
                if Modality.AUDIO in o.requires
            ]
            remedy = f"choose from {', '.join(able)}" if able else "enable a provider that does, or leave it out"
            raise refused("transcriber", f"{spec.name!r} does not write down recordings; {remedy}")
        return column

    # Cases and metrics

    def _with_modality(self, case: Case, columns: Sequence[Column]) -> Case:
        made = dict.fromkeys(column.modality for column in columns)
        wanted = case.modality or (next(iter(made)) if len(made) == 1 else None)
        if wanted is None:
            choice = " or ".join(f'"modality": "{m.value}"' for m in made)
            raise refused("cases", f"line {case.line}: modality: the models make several; add {choice}")
        if wanted not in made:
            message = f"line {case.line}: modality: no model here makes {wanted.value}; add one, or remove the case"
            raise refused("cases", message)
        if case.role and (wanted is not Modality.AUDIO or case.role not in UNSPOKEN_ROLES):
            names = ", ".join(UNSPOKEN_ROLES)
            raise refused("cases", f"line {case.line}: role: {case.role!r} is none of {names}, which are for sounds")
        return case.model_copy(update={"modality": wanted})

    def _metrics(self, cases: Sequence[Case], *, transcribed: bool) -> tuple[str, ...]:
        known = registered()
        for n, name in enumerate(self._start.metrics):
            field = f"metrics[{n}]"
            if name not in known:
                raise refused(field, f"{name!r} is no metric; choose from {', '.join(known)}")
            if missing := known[name].missing():
                raise refused(field, f"{name!r} is not available: {missing}")
            if problem := self._misfit(known[name], cases, transcribed=transcribed):
                raise refused(field, f"{name!r} fits no case: {problem}")
        if self._start.judge and self._start.metrics and JUDGE_SCORE not in self._start.metrics:
            raise refused("judge", f"no metric has its score; add {JUDGE_SCORE} to the metrics, or leave it out")
        wanted = self._start.metrics or tuple(
            name
            for name, metric in known.items()
            if not metric.missing()
            and (not metric.paid or self._start.judge)
            and not self._misfit(metric, cases, transcribed=transcribed)
        )
        return tuple(dict.fromkeys(wanted))

    def _misfit(self, metric: Metric, cases: Sequence[Case], *, transcribed: bool) -> str:
        """Why a metric measures none of the cases; empty if it measures one."""
        problems = []
        for case in cases:
            assert case.modality is not None
            problem = metric.problem(case, case.modality, transcribed=transcribed)
            if not problem:
                return ""
            problems.append(problem)
        specific = [p for p in problems if not p.startswith("it measures")]
        return (specific or problems or ["there is none"])[0]

    # Cells

    def _cells(self, case: Case, columns: Sequence[Column], transcriber: Column | None) -> Iterator[Cell]:
        for n, column in enumerate(columns):
            if column.modality is case.modality:
                yield self._cell(case, n, column, transcriber)

    def _cell(self, case: Case, number: int, column: Column, transcriber: Column | None) -> Cell:
        assets = [self._asset(case, number, column)]
        if transcriber and assets[0].spoken:
            assets.append(_transcript(assets[0], case, transcriber))
        priced = self._priced(case, column, assets)
        return Cell(
            number=1,
            case=case,
            column=number,
            asset=priced[0],
            transcript=priced[1] if len(priced) > 1 else None,
        )

    def _asset(self, case: Case, number: int, column: Column) -> Asset:
        # The id does not show the model, because people compare takes without knowing it.
        hidden = digest_of([self._start.evaluation_id, case.line, column.spec.label, number])[:12]
        assert case.modality is not None
        return Asset(
            asset_id=f"c{case.line:05}-{hidden}",
            asset_type=case.modality,
            role=case.role or ROLES[case.modality],
            prompt=case.prompt,
            provider=column.offer.provider,
            model=column.offer.model,
            parameters={**case.parameters, **column.spec.parameters},
        )

    def _judged(self, by_case: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> list[list[Cell]]:
        """The cells with the prices of their verdicts."""
        try:
            judges = Judges(self._start, [column.offer for column in columns], self._providers, self._settings)
        except ApplicationError as error:
            field, _, message = error.message.partition(": ")
            raise refused("judge", message if field == "judge" else error.message) from None
        judged = [[judges.review(cell) for cell in cells] for cells in by_case]
        reasons = [cell.unjudged for cells in judged for cell in cells]
        if all(reasons):
            named = self._start.metrics
            field = f"metrics[{named.index(JUDGE_SCORE)}]" if named else "judge"
            raise refused(field, f"{JUDGE_SCORE!r} measures no take: {reasons[0]}; correct that, or leave it out")
        return judged

    def _priced(self, case: Case, column: Column, assets: Sequence[Asset]) -> tuple[Asset, ...]:
        try:
            plan = pricing.price(Plan.of("evaluation", assets), self._providers, case.aspect, language=case.language)
        except ApplicationError as error:
            message = error.message.partition(": ")[2] or error.message
            raise refused("cases", f"line {case.line}: with {column.spec.label}: {message}") from None
        if plan.unknown_prices and not self._start.allow_unknown_prices:
            message = f"the price of {column.spec.label} is not published, so no cap can limit it; leave it out"
            raise refused("models", f"line {case.line}: {message}", unpriced=True)
        return plan.assets

    def _numbered(self, by_case: Sequence[Sequence[Cell]]) -> list[tuple[Cell, ...]]:
        found, number = [], 0
        for cells in by_case:
            found.append(tuple(c.model_copy(update={"number": number + k}) for k, c in enumerate(cells, start=1)))
            number += len(cells)
        return found

    def _check_size(self, cases: Sequence[Case], columns: Sequence[Column]) -> None:
        cells = sum(column.modality is case.modality for case in cases for column in columns)
        if cells > MAX_CELLS:
            message = f"{len(cases):,} cases make {cells:,} takes, and at most {MAX_CELLS:,} are possible"
            raise refused("cases", f"{message}; use fewer cases or models")

    def _check_cap(self, by_case: Sequence[Sequence[Cell]]) -> None:
        cheapest, whole = min(_high(cells) for cells in by_case), sum(map(_high, by_case), ZERO)
        if cheapest > self._start.max_usd:
            message = f"one case with all models costs up to {_usd(cheapest)} USD, and max_usd is "
            message += f"{_usd(self._start.max_usd)}; give at least {_usd(cheapest)}, or {_usd(whole)} for all cases"
            raise refused("max_usd", message, least_usd=cheapest)

    def _prepared(
        self, columns: Sequence[Column], metrics: tuple[str, ...], by_case: Sequence[Sequence[Cell]], pages: int
    ) -> Prepared:
        all_cells = [cell for cells in by_case for cell in cells]
        named = []
        for n, column in enumerate(columns):
            own = [cell for cell in all_cells if cell.column == n]
            named.append(
                ModelColumn(
                    label=column.spec.label,
                    provider=column.offer.provider,
                    model=column.offer.model,
                    modality=column.modality,
                    cells=len(own),
                    high_usd=_high(own),
                )
            )
        if unused := next((c for c in named if not c.cells), None):
            message = f"no case is for {unused.label!r}, which makes {unused.modality.value}; leave it out"
            raise refused("models", message)
        return Prepared(
            columns=tuple(named),
            metrics=metrics,
            cases=len(by_case),
            cells=len(all_cells),
            pages=pages,
            high_usd=_high(all_cells),
        )


def _transcript(voice: Asset, case: Case, transcriber: Column) -> Asset:
    """What writes down a voice."""
    parameters = dict(transcriber.spec.parameters)
    if "language" in transcriber.offer.parameters:
        parameters.setdefault("language", case.language.partition("-")[0])
    return Asset(
        asset_id=f"{voice.asset_id}-words",
        asset_type=Modality.TEXT,
        role=TRANSCRIPT,
        prompt="Write down what is said.",
        provider=transcriber.offer.provider,
        model=transcriber.offer.model,
        parameters=parameters,
        depends_on=(voice.asset_id,),
    )


def _high(cells: Sequence[Cell]) -> Decimal:
    return sum((cell.high_usd for cell in cells), ZERO)


def _usd(amount: Decimal) -> str:
    """With two decimals where they are exact."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount:.4f}"


def _pages(by_case: Sequence[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """The cells in pages that split no case."""
    page: list[Cell] = []
    size = 0
    for cells in by_case:
        added = sum(len(cell.model_dump_json(exclude_defaults=True)) for cell in cells)
        if page and (len(page) + len(cells) > CELLS_ON_PAGE or size + added > PAGE_BYTES):
            yield tuple(page)
            page, size = [], 0
        page += cells
        size += added
    if page:
        yield tuple(page)

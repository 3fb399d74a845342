"""The judges of an evaluation: the same one for all takes of a kind, so that the scores of its models compare."""

from collections.abc import Mapping, Sequence
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.judging.terms import Desk, able_judges, find_judges, way_of, why_missing
from activities.planning.questions.inquiry import name_of
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from workflows.evaluation.records import Cell, EvaluationStart, brief_of
from workflows.judging.policy import Kind, Terms
from workflows.judging.requests import kind_of
from workflows.models import Plan

TERMS: Final = Terms(mode="advise")
"""All criteria of a kind; a take of an evaluation is never refined."""


class Judges:
    """Adds the price of a verdict to cells, or the reason for which their takes stay unjudged."""

    def __init__(
        self,
        start: EvaluationStart,
        makers: Sequence[Offer],
        providers: Mapping[str, Provider],
        settings: ActivitySettings,
    ) -> None:
        """
        Args:
            makers: The models of the evaluation, which judge nothing where another model can.

        Raises:
            ApplicationError: no enabled model that can judge has the name.
        """
        self._start = start
        self._providers = providers
        named = find_judges(start.judge or settings.judge, "judge" if start.judge else "GREENLIGHT_JUDGE", providers)
        self._automatic = named is None
        self._judges = able_judges(providers) if named is None else named
        self._makers = {(offer.provider, offer.model) for offer in makers}
        self._chosen: dict[Kind, list[Offer]] = {}

    def review(self, cell: Cell) -> Cell:
        """The cell with its verdict's price, or with `unjudged`."""
        asset, kind = cell.asset, kind_of(cell.asset)
        judges = self._chosen.get(kind) or self._able(kind)
        brief = brief_of(cell.case, asset.asset_type, self._start.tenant, self._start.requester)
        plan = Plan.of("evaluation", [asset])
        desk = Desk(plan, brief, TERMS, self._providers, (), judges or self._judges, self._automatic)
        review = desk.review(asset)
        if review is None:
            return cell.model_copy(update={"unjudged": why_missing(desk, asset)})
        self._chosen[kind] = [offer for offer in judges if name_of(offer) == review.judge]
        return cell.model_copy(update={"asset": asset.model_copy(update={"review": review})})

    def _able(self, kind: Kind) -> list[Offer]:
        """The judges of a kind that make no take of the evaluation; all judges of the kind where there is none."""
        able = [offer for offer in self._judges if way_of(offer, kind)]
        return [offer for offer in able if (offer.provider, offer.model) not in self._makers] or able


def judging_problem(providers: Mapping[str, Provider], settings: ActivitySettings) -> str:
    """Why the workers judge nothing, with the remedy; empty if they do."""
    try:
        if find_judges(settings.judge, "GREENLIGHT_JUDGE", providers) or able_judges(providers):
            return ""
    except ApplicationError as error:
        return error.message
    return "set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY in the worker's environment"

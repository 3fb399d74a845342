"""What a method of optimisation is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from activities.catalogue.offers import Offer
from activities.optimisation.trial import Trial
from workflows.evaluation.cases import Case


@dataclass(frozen=True)
class Search:
    """A search: `text` is the version in use, `cases` are those that it may see.

    Attributes:
        proposer: The model that proposes texts.
        candidates: Texts in a round.
        sound: Whether cases are about sound, so that proposals must not be based on their content alone.
    """

    trial: Trial
    text: str
    cases: Sequence[Case]
    proposer: Offer
    candidates: int
    seed: int
    sound: bool = False


class Method(Protocol):
    """A method tries texts by the trial, which keeps the best one. It is deterministic: the same answers of the models
    lead to the same questions."""

    async def run(self, search: Search) -> None:
        """
        Raises:
            CapReached: the cap ends the search; what the trial knows counts.
            ApplicationError: the activity has to be retried.
        """

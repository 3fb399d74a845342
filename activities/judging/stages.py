"""The models that a brief names for its stages, checked before anything is paid.

Each message has the field, the problem and the remedy. A model whose price is not published is planned with only by
permission and where no budget has to hold it; all other stages have prices that a plan or a limit states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from activities.analysis.models import transcribes
from activities.catalogue.loader import problem_with
from activities.catalogue.offers import Offer
from activities.judging.terms import able_judges
from activities.planning.pricing import invalid
from activities.planning.questions.inquiry import name_of
from activities.providers.protocol import Provider
from activities.providers.registry import how_to_enable, registered
from activities.providers.selection import find_offer, rank_offers
from activities.settings import ActivitySettings
from workflows.activity_io import Payer
from workflows.brief import Brief
from workflows.models import Modality
from workflows.stages.models import WORDS, Stage, split

MANY: Final = 12
"""The names of a message; the page and `greenlight providers` list the others."""


def _follows_schema(offer: Offer) -> bool:
    return offer.schema and not offer.requires and not offer.placeholder


def _reads(offer: Offer) -> bool:
    """Whether it sees, hears or watches a reference."""
    return _follows_schema(offer) and bool(offer.input_image or {Modality.AUDIO, Modality.VIDEO} & offer.accepts)


def _writes_down(offer: Offer) -> bool:
    return transcribes(offer) or (_follows_schema(offer) and Modality.AUDIO in offer.accepts)


@dataclass(frozen=True)
class _Work:
    """What the models of a stage have to do."""

    text: str
    able: Callable[[Offer], bool]


_BY_SCHEMA: Final = _Work("answer by a schema", _follows_schema)
WORK: Final[Mapping[Stage, _Work]] = {
    "planner": _BY_SCHEMA,
    "enhancer": _BY_SCHEMA,
    "translator": _BY_SCHEMA,
    "analyst": _Work("see or hear, and answer by a schema", _reads),
    "transcriber": _Work("write down recordings", _writes_down),
    "classifier": _BY_SCHEMA,
    "extractor": _BY_SCHEMA,
    "judge": _Work("judge takes", lambda _: True),  # by `able_judges`
}
_UNLIMITED: Final = frozenset[Stage]({"planner", "enhancer", "translator"})
"""Their prices are in no plan: without a budget, a permission is enough."""


def check_stage_models(
    brief: Brief, settings: ActivitySettings, providers: Mapping[str, Provider], payer: Payer | None = None
) -> None:
    """Check that this worker can use every model that the brief names.

    Raises:
        ApplicationError: type PLAN_INVALID; the first model that it cannot use, with the field and the remedy.
    """
    named = brief.models.named if brief.models else {}
    for stage, names in named.items():
        if names in WORDS[stage]:
            continue
        listed = split(names)
        if not listed:
            raise invalid(f"models.{stage}: it names no model; give 'provider/model', or leave it out")
        for name in listed:
            _Check(stage, name, brief, settings, providers, payer).run()


@dataclass(frozen=True)
class _Check:
    stage: Stage
    name: str
    brief: Brief
    settings: ActivitySettings
    providers: Mapping[str, Provider]
    payer: Payer | None

    def run(self) -> None:
        """
        Raises:
            ApplicationError: type PLAN_INVALID; this brief cannot use the model.
        """
        self._check_allowed()
        offer = self._offer()
        work = WORK[self.stage]
        if problem := problem_with(offer, datetime.now(UTC).date()):
            raise self._invalid(f"{problem}")
        if offer.unknown:
            self._check_permission()
        if not (work.able(offer) if self.stage != "judge" else offer in able_judges(self.providers)):
            raise self._invalid(f"it does not {work.text}")

    def _check_allowed(self) -> None:
        allowed = self.settings.brief_models
        if allowed == "any" or self.name in split(allowed):
            return
        if allowed == "none":
            message = "the workers let no brief name its models (GREENLIGHT_BRIEF_MODELS is 'none'); leave it out"
        else:
            message = f"a brief may name only {allowed} (GREENLIGHT_BRIEF_MODELS); name one of them, or leave it out"
        raise invalid(f"models.{self.stage}: {self.name!r}: {message}")

    def _offer(self) -> Offer:
        provider, slash, model = self.name.partition("/")
        words = ", ".join(map(repr, WORDS[self.stage]))
        if not slash or not model:
            raise self._invalid(f"it is no 'provider/model' and none of {words}")
        if provider not in registered() and provider not in self.providers:
            raise self._invalid(f"there is no provider {provider!r}")
        if provider not in self.providers:
            message = f"{provider} is not enabled; {how_to_enable(provider)} in the worker's environment"
            raise invalid(f"models.{self.stage}: {self.name!r}: {message}, or choose from {self._choice()}")
        makes = [o.modality.value for o in self.providers[provider].offers() if o.model == model]
        if makes and Modality.TEXT.value not in makes:
            raise self._invalid(f"it makes {makes[0]} and does not {WORK[self.stage].text}")
        offer = find_offer(self.providers[provider], model, Modality.TEXT)
        if offer is None:
            raise self._invalid(f"{provider} has no such model")
        return offer

    def _check_permission(self) -> None:
        """
        Raises:
            ApplicationError: no limit could hold the price of the model, which is not published.
        """
        why = "its price is not published"
        if self.stage not in _UNLIMITED:
            raise self._invalid(f"{why}, so neither the plan nor a limit can hold it")
        batch = self.payer.batch if self.payer else None
        budget = self.brief.budget_usd is not None or (batch is not None and batch.budget_usd is not None)
        if budget:
            raise self._invalid(f"{why}, so no budget can hold it; leave out the budget and allow unknown prices")
        if not self.brief.allow_unknown_prices:
            raise self._invalid(f"{why}; send allow_unknown_prices: true to use it")

    def _invalid(self, problem: str) -> Exception:
        return invalid(f"models.{self.stage}: {self.name!r}: {problem}; choose from {self._choice()}")

    def _choice(self) -> str:
        """The names that the stage may have, the preferred ones first."""
        if self.stage == "judge":
            able = able_judges(self.providers)
        else:
            ranked = rank_offers(Modality.TEXT, self.providers, datetime.now(UTC).date(), known_prices_only=True)
            able = [o for o in ranked if WORK[self.stage].able(o)]
        allowed = self.settings.brief_models
        names = [name for name in map(name_of, able) if allowed == "any" or name in split(allowed)]
        more = [f"{len(names) - MANY} more"] if len(names) > MANY else []
        return ", ".join([*names[:MANY], *more, *map(repr, WORDS[self.stage])])

"""The activities of optimisations. Their requests are in the ledger, so each one may run again."""

import asyncio
from collections.abc import Mapping
from typing import Final

from temporalio import activity

from activities.optimisation.asking import Asker, CapReached
from activities.optimisation.methods.protocol import Search
from activities.optimisation.methods.registry import method_of
from activities.optimisation.prepare import Setup, prepare, refused
from activities.optimisation.trial import Outcome, Trial
from activities.planning.questions.limits import QuestionAccounts, payer_of
from activities.prompts.store import add_version, chosen_prompts
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.steps import heartbeats
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from workflows.activity_io import SettledQuestions
from workflows.evaluation.statistics import mean_interval, paired_difference
from workflows.models import Model
from workflows.optimisation import keys as optimisation_keys
from workflows.optimisation.records import (
    ComparedTexts,
    ModelQuestions,
    OptimisationStart,
    OptimisationStep,
    PreparedOptimisation,
    Searched,
    questions_of,
)
from workflows.prompts.records import Gain, PromptVersion
from workflows.prompts.uses import label_of

NOTHING_BETTER: Final = "no text was better than the version in use on the training cases"


class OptimisationRecord(Model):
    """The object that claims the id of an optimisation, with all that its later activities need."""

    start: OptimisationStart
    prepared: PreparedOptimisation
    base_text: str


class OptimisationActivities:
    """Prepares, searches, compares and settles optimisations over one bucket."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings

    @activity.defn(name=optimisation_keys.PREPARE_OPTIMISATION)
    async def prepare_optimisation(self, start: OptimisationStart) -> PreparedOptimisation:
        """Check and price an optimisation, and store its cases. A second attempt finds those of the first.

        Raises:
            ApplicationError: type OPTIMISATION_REFUSED, not retried; the first detail is the field to correct.
        """
        async with heartbeats("preparing"):
            key = optimisation_keys.optimisation_record_key(start.optimisation_id)
            if found := await self._storage.get_bytes(key):
                return _claimed(start, found[0])
            used = await chosen_prompts(self._storage, start.tenant)
            version = used.version_of(start.name)
            prepared = await asyncio.to_thread(prepare, start, self._providers, self._settings, version)
            record = OptimisationRecord(start=start, prepared=prepared, base_text=used.texts[start.name])
            content = record.model_dump_json(exclude_defaults=True).encode()
            try:
                await self._storage.put_unpaid(key, content, "application/json", only_if_absent=True)
            except StorageConflict:
                found = await self._storage.get_bytes(key)
                return _claimed(start, found[0]) if found else prepared
            return prepared

    @activity.defn(name=optimisation_keys.SEARCH_PROMPT)
    async def search_prompt(self, step: OptimisationStep) -> Searched:
        """Search a better text on the training cases, within the cap less what the held-out cases may cost."""
        async with heartbeats("searching"):
            record = await self._record(step)
            setup, start = Setup.of(record.start, self._providers, self._settings), record.start
            cap = start.max_usd - step.prepared.kept_usd
            name = f"max_usd ({start.max_usd}) without the {step.prepared.kept_usd} USD for the held-out cases"
            trial = self._trial(setup, Asker(self._storage, self._providers, self._settings, _owner(start), cap, name))
            search = Search(
                trial=trial,
                text=record.base_text,
                cases=setup.trained,
                proposer=setup.proposer,
                candidates=start.candidates,
                seed=start.seed,
                sound=start.name == "delivery",
            )
            problem = ""
            try:
                await method_of(start.method).run(search)
            except CapReached as error:
                problem = str(error)
            return _searched(search, problem)

    @activity.defn(name=optimisation_keys.COMPARE_PROMPT)
    async def compare_prompt(self, step: OptimisationStep) -> ComparedTexts:
        """Compare the text that was found with the version in use on the held-out cases, and store it as a version."""
        async with heartbeats("comparing"):
            record = await self._record(step)
            start = record.start
            setup = Setup.of(start, self._providers, self._settings)
            asker = Asker(self._storage, self._providers, self._settings, _owner(start), start.max_usd)
            trial = self._trial(setup, asker)
            try:
                before = await trial.outcomes(record.base_text, setup.held_out)
                after = await trial.outcomes(step.text, setup.held_out)
            except CapReached as error:
                return ComparedTexts(problem=f"the held-out cases were not all asked, so there is no result: {error}")
            gain = _gain(setup, before, after).model_copy(update={"spent_usd": await asker.spent_usd()})
            version = PromptVersion(
                name=start.name,
                version=1,
                text=step.text,
                note=f"found by {start.method}, against {label_of(step.prepared.base_version)}",
                author=start.requester,
                created_at=start.created_at,
                optimisation_id=start.optimisation_id,
                gain=gain,
            )
            stored = await add_version(self._storage, step.tenant, version)
            return ComparedTexts(version=stored.version, gain=stored.gain)

    @activity.defn(name=optimisation_keys.SETTLE_OPTIMISATION)
    async def settle_optimisation(self, step: OptimisationStep) -> SettledQuestions:
        """Allow no further question of the optimisation by any attempt, and sum the bills."""
        async with heartbeats("summing"):
            record = await self._record(step)
            owner = _owner(record.start)
            accounts = QuestionAccounts(self._storage, self._settings, owner.production_id, 0, payer_of(owner))
            return await accounts.end()

    def _trial(self, setup: Setup, asker: Asker) -> Trial:
        return Trial(asker, setup.program, setup.metric, setup.model, setup.judge, setup.task)

    async def _record(self, step: OptimisationStep) -> OptimisationRecord:
        found = await self._storage.get_bytes(optimisation_keys.optimisation_record_key(step.optimisation_id))
        if found is None:
            raise refused("optimisation_id", "its cases were deleted from the bucket; start another optimisation")
        return OptimisationRecord.model_validate_json(found[0])


def _owner(start: OptimisationStart) -> ModelQuestions:
    day = start.created_at.date().isoformat()
    return questions_of(start, optimisation_keys.optimisation_questions(start.optimisation_id), day)


def _claimed(start: OptimisationStart, content: bytes) -> PreparedOptimisation:
    record = OptimisationRecord.model_validate_json(content)
    if record.start.content != start.content:
        message = f"{start.optimisation_id!r} is an optimisation of other cases or terms; choose another id"
        raise refused("optimisation_id", message)
    return record.prepared


def _searched(search: Search, problem: str) -> Searched:
    trial, cases = search.trial, search.cases
    text, after = trial.best(cases)
    known = trial.known_mean(search.text, cases)
    found = Searched(texts=trial.tried, before=known, after=after if text else None, capped=bool(problem))
    if not text or text == search.text:
        return found.model_copy(update={"problem": problem or NOTHING_BETTER})
    return found.model_copy(update={"text": text})


def _gain(setup: Setup, before: list[Outcome], after: list[Outcome]) -> Gain:
    values = [(each.scored.value, other.scored.value) for each, other in zip(after, before, strict=True)]
    signed = setup.metric.signed
    return Gain(
        metric=setup.metric.name,
        better=setup.metric.better,
        before=mean_interval([old for _, old in values]),
        after=mean_interval([new for new, _ in values]),
        gain=paired_difference([(signed(new), signed(old)) for new, old in values]),
        held_out=len(values),
        trained=len(setup.trained),
        method=setup.start.method,
    )

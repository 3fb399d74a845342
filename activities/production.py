"""The activities of a production: each method is a Temporal activity that calls the module for it."""

import math
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.analysis.analyse import analyse
from activities.batch import BatchRecords, ProductionReports
from activities.diagnosis import Diagnoser
from activities.evaluation.activities import EvaluationActivities
from activities.extraction.stored import review_extraction
from activities.finishing.deliverable import assemble, finish
from activities.finishing.film import encode_segment, lay_out_film, mix_sound
from activities.finishing.manifests import Manifests
from activities.finishing.sources import Sources
from activities.judging.judge import judge_take
from activities.judging.stages import check_stage_models
from activities.judging.terms import terms_of, with_reviews
from activities.optimisation.activities import OptimisationActivities
from activities.planning import pricing
from activities.planning.checks.fields import with_field_warnings
from activities.planning.checks.languages import with_language_warnings
from activities.planning.draft import draft_plan
from activities.planning.language_models import models_for
from activities.planning.moderation import moderate
from activities.planning.questions.grants import reserve_grant
from activities.planning.questions.limits import QuestionAccounts
from activities.planning.questions.paid import inquiry_number
from activities.planning.rewriting import rewrite
from activities.planning.translation.add import add_languages
from activities.prompts.store import prompts_where_used, with_prompts
from activities.provenance.signer import Signer
from activities.providers import registry
from activities.providers.protocol import Provider
from activities.references.ingest import store_references
from activities.settings import ActivitySettings
from activities.steps import MOST_LOST
from activities.steps import heartbeats as _heartbeats
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from activities.takes.accounts.costs import cost_by_ledgers, costs_of_takes
from activities.takes.accounts.series import SeriesAccounts
from activities.takes.producer import Producer
from activities.takes.slots.checker import SlotChecker
from activities.takes.uploads import store_upload
from activities.voice.sessions import VoiceSessionActivities
from activities.webhooks import allowed_hosts, signing_problem, signing_tenants
from workflows import keys
from workflows.activity_io import (
    AddLanguages,
    Analysed,
    AnalyseReference,
    AssembleFilm,
    AssetCancelled,
    CheckUpload,
    DraftPlan,
    EncodeSegment,
    FilmLayout,
    FinishDeliverable,
    KnownRecord,
    LanguagesAdded,
    MixSound,
    Payer,
    PricePlan,
    ProduceAsset,
    ReserveGrant,
    RewritePrompt,
    Rewritten,
    SettledQuestions,
    SettleQuestions,
    TakeInReferences,
)
from workflows.brief import Brief
from workflows.contracts import ProductionActivities
from workflows.events import Snapshot
from workflows.extraction.fields import ExtractionSummary
from workflows.extraction.review import ReviewExtraction
from workflows.judging.requests import Judged, JudgeTake
from workflows.models import Deliverable, Media, Model, Plan, Take
from workflows.prompts.built_in import BUILT_IN
from workflows.provider_report import ProvidersReport


class Activities(ProductionActivities):
    """Implements the contract over one bucket and the enabled providers."""

    def __init__(
        self,
        storage: Storage,
        providers: Mapping[str, Provider],
        settings: ActivitySettings,
        signer: Signer | None = None,
    ) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        self._signer = signer
        self._producer = Producer(storage, providers, settings, signer)
        self.slot_checker = SlotChecker(storage, providers, settings)
        self._manifests = Manifests(storage)
        self.production_reports = ProductionReports(self._manifests.read, partial(cost_by_ledgers, storage))
        self.batch_records = BatchRecords(storage)
        self.series_accounts = SeriesAccounts(storage)
        self.evaluations = EvaluationActivities(storage, providers, settings)
        self.diagnoser = Diagnoser(storage, providers, settings)
        self.voice_sessions = VoiceSessionActivities(storage, providers, settings)
        self.optimisations = OptimisationActivities(storage, providers, settings)

    @activity.defn(name="take_in_references")
    async def take_in_references(self, request: TakeInReferences) -> tuple[Media, ...]:
        async with _heartbeats("fetching"):
            if request.brief:
                self._check_terms(request.brief)
            return await store_references(request, self._storage)

    @activity.defn(name="analyse_reference")
    async def analyse_reference(self, request: AnalyseReference) -> Analysed:
        async with _heartbeats("reading"):
            return await analyse(request, self._storage, self._providers, self._settings_of(request.brief))

    @activity.defn(name="review_extraction")
    async def review_extraction(self, request: ReviewExtraction) -> ExtractionSummary:
        async with _heartbeats("reviewing"):
            return await review_extraction(request, self._storage)

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        async with _heartbeats("planning"):
            self._check_terms(request.brief, request.payer)
            return await draft_plan(request, self._storage, self._providers, self._settings_of(request.brief))

    def _settings_of(self, brief: Brief) -> ActivitySettings:
        return self._settings.with_models(brief.models)

    def _check_terms(self, brief: Brief, payer: Payer | None = None) -> None:
        """Refuse models and terms of a review that this worker cannot use, before anything is paid.

        Raises:
            ApplicationError: type PLAN_INVALID; with the field and the remedy.
        """
        check_stage_models(brief, self._settings, self._providers, payer)
        terms_of(brief, self._settings_of(brief), self._providers)

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        async with _heartbeats("pricing"):
            brief, only = request.brief, request.only
            plan = pricing.price(
                request.plan, self._providers, brief.aspect, only, request.references, language=brief.language
            )
            used = await prompts_where_used(self._storage, self._providers, request.production_id, brief.tenant)
            scoring = used.texts["judge"] if used else BUILT_IN["judge"]
            settings = self._settings_of(brief)
            plan = with_reviews(plan, brief, settings, self._providers, request.references, only, scoring)
            plan = await with_language_warnings(plan, brief)
            plan = await with_field_warnings(plan, request.extractions, self._storage)
            if self._settings.moderation:
                plan = await moderate(plan, self._providers)
            plan = with_prompts(plan, used)
            key = keys.plan_key(request.production_id, plan.digest)
            with suppress(StorageConflict):  # it is stored already
                await self._storage.put_unpaid(key, _json(plan.identified), "application/json", only_if_absent=True)
        return plan

    @activity.defn(name="produce_asset")
    async def produce_asset(self, request: ProduceAsset) -> Take:
        return await self._producer.produce(request)

    @activity.defn(name="judge_take")
    async def judge_take(self, request: JudgeTake) -> Judged:
        async with _heartbeats("judging"):
            return await judge_take(request, self._storage, self._providers, self._settings_of(request.brief))

    @activity.defn(name="cancel_asset")
    async def cancel_asset(self, request: ProduceAsset) -> AssetCancelled:
        async with _heartbeats("cancelling"):
            return await self._producer.cancel(request)

    @activity.defn(name="rewrite_prompt")
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        async with _heartbeats("asking"):
            return await rewrite(request, self._storage, self._providers, self._settings_of(request.brief))

    @activity.defn(name="add_languages")
    async def add_languages(self, request: AddLanguages) -> LanguagesAdded:
        async with _heartbeats("translating"):
            return await add_languages(request, self._storage, self._providers, self._settings_of(request.brief))

    @activity.defn(name="settle_questions")
    async def settle_questions(self, request: SettleQuestions) -> SettledQuestions:
        async with _heartbeats("summing"):
            number = inquiry_number(request)
            storage, settings, subject = self._storage, self._settings, request.subject or keys.PLANNER
            accounts = QuestionAccounts(storage, settings, request.production_id, number, request.payer, (), subject)
            return await accounts.end()

    @activity.defn(name="reserve_grant")
    async def reserve_grant(self, request: ReserveGrant) -> None:
        async with _heartbeats("counting"):
            await reserve_grant(request, self._storage)

    @activity.defn(name="ledger_costs")
    async def ledger_costs(self, production_id: str) -> dict[str, Decimal]:
        async with _heartbeats("counting"):
            return await costs_of_takes(self._storage, production_id)

    @activity.defn(name="check_upload")
    async def check_upload(self, request: CheckUpload) -> Take:
        async with _heartbeats("checking"):
            return await store_upload(request, self._storage)

    @activity.defn(name="finish_deliverable")
    async def finish_deliverable(self, request: FinishDeliverable) -> Deliverable:
        async with _finishing() as (workdir, set_step):
            return await finish(self._storage, request, workdir, set_step, self._signer)

    @activity.defn(name="lay_out_film")
    async def lay_out_film(self, request: FinishDeliverable) -> FilmLayout:
        async with _finishing() as (workdir, set_step):
            return await lay_out_film(Sources(self._storage, workdir / "takes"), request, set_step)

    @activity.defn(name="encode_segment")
    async def encode_segment(self, request: EncodeSegment) -> None:
        async with _finishing(most_lost=MOST_LOST) as (workdir, set_step):
            await encode_segment(Sources(self._storage, workdir / "takes"), request, workdir, set_step)

    @activity.defn(name="mix_sound")
    async def mix_sound(self, request: MixSound) -> None:
        async with _finishing() as (workdir, set_step):
            await mix_sound(Sources(self._storage, workdir / "takes"), request, workdir, set_step)

    @activity.defn(name="assemble_film")
    async def assemble_film(self, request: AssembleFilm) -> Deliverable:
        async with _finishing() as (workdir, set_step):
            sources = Sources(self._storage, workdir / "takes")
            return await assemble(sources, request.request, request.timeline, workdir, set_step, self._signer)

    @activity.defn(name="write_manifest")
    async def write_manifest(self, snapshot: Snapshot) -> Media:
        async with _heartbeats("writing"):
            return await self._manifests.keep(snapshot)

    @activity.defn(name="newest_manifest")
    async def newest_manifest(self, known: KnownRecord) -> Snapshot | None:
        async with _heartbeats("reading the manifest"):
            return await self._manifests.newer(known)

    @activity.defn(name="list_providers")
    async def list_providers(self) -> ProvidersReport:
        try:
            models = models_for(self._settings, self._providers, datetime.now(UTC).date())
            planner = ", then ".join(f"{o.provider}/{o.model}" for o in models) or "template"
        except ApplicationError as error:
            planner = f"none: {error.message}"
        tenants = signing_tenants(self._settings)
        found = {
            "webhooks": "" if tenants else signing_problem(self._settings),
            "webhook_tenants": tenants,
            "webhook_hosts": allowed_hosts(self._settings),
            "film_parts": self._storage.lifecycle_problem,
            "in_flight": self._settings.in_flight,
            "interviews": self.voice_sessions.describe(),
            "metrics": self.evaluations.metrics(),
        }
        support = self._storage.support
        if support and support.state == "unsupported" and planner != "template":
            planner = f"none: {support.problem}"
        return registry.build_report(self._providers, planner, support).model_copy(update=found)


def _json(record: Model) -> bytes:
    return record.model_dump_json(indent=1).encode()


@asynccontextmanager
async def _finishing(most_lost: float = math.inf) -> AsyncIterator[tuple[Path, Callable[[str], None]]]:
    """A folder for the files of a step of finishing, and a function that sets the step in the heartbeats."""
    async with _heartbeats("starting", most_lost=most_lost) as set_step:
        with tempfile.TemporaryDirectory(prefix="greenlight-") as workdir:
            yield Path(workdir), set_step

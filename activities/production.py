"""The activities of a production: each method is a Temporal activity that hands over to the module that does it."""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.batch import BatchRecords, Looking
from activities.errors import ProviderError
from activities.finishing.deliverable import finish
from activities.finishing.manifests import Manifests
from activities.planning import pricing
from activities.planning import template as planning
from activities.planning.language_models import answer_tokens, models_for, plan_with_models, with_fallbacks
from activities.planning.moderation import moderated
from activities.planning.progress import Telling
from activities.planning.questions.limits import QuestionAccounts
from activities.planning.questions.paid import REWRITES, Asking
from activities.planning.rewriting import rewrite
from activities.providers import registry
from activities.providers.protocol import Provider
from activities.references.ingest import taken_in
from activities.settings import ActivitySettings
from activities.storage import support as store_support
from activities.storage.bucket import Storage
from activities.storage.errors import ObjectMissing, StorageConflict, StorageFailed, StorageUnsupported
from activities.takes.attempt import MAX_ATTEMPTS, STORAGE_RETRY, beating
from activities.takes.producer import Producer
from activities.takes.uploads import checked_upload
from activities.webhooks import allowed_hosts, signing_tenants, why_unsigned
from workflows import keys
from workflows.activity_io import (
    AssetCancelled,
    AssetFailure,
    CheckUpload,
    DraftPlan,
    FinishDeliverable,
    KnownRecord,
    PricePlan,
    ProduceAsset,
    RewritePrompt,
    Rewritten,
    SettledQuestions,
    SettleQuestions,
    TakeInReferences,
)
from workflows.contracts import ProductionActivities
from workflows.events import Snapshot
from workflows.models import Deliverable, Media, Model, Plan, Take
from workflows.provider_report import ProvidersReport


class Activities(ProductionActivities):
    """Implements the contract over one bucket and the enabled providers."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        self._producer = Producer(storage, providers, settings)
        self._manifests = Manifests(storage)
        self.looking = Looking(self._manifests.read)
        self.batch_records = BatchRecords(storage)

    @activity.defn(name="take_in_references")
    async def take_in_references(self, request: TakeInReferences) -> tuple[Media, ...]:
        async with _alive("fetching"):
            return await taken_in(request, self._storage)

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        async with _alive("planning"):
            return await self._drafted(request)

    async def _drafted(self, request: DraftPlan) -> Plan:
        """The plan of a language model or the template, with all that asking for it has cost."""
        today = datetime.now(UTC).date()
        tokens = answer_tokens(request)
        asking = Asking(self._storage, self._providers, self._settings, request, request.drafts, tokens, Telling)
        try:
            plan = await plan_with_models(request, self._providers, self._settings, asking, today)
            if plan is None:
                budget, template = request.brief.budget_usd, planning.draft(request, self._providers)
                return with_fallbacks(template, request.brief, self._providers, today, budget, request.references)
        except ApplicationError as error:
            if not error.non_retryable:
                raise
            asking.try_again()
            failure = AssetFailure.model_validate(error.details[0]) if error.details else None
            known = failure or AssetFailure(reason="plan_failed", message=error.message)
            bill = await asking.end()
            found = {"summed": True, "billed_usd": bill.billed_usd, "lost_usd": bill.doubt_usd}
            whole = known.model_copy(update=found)
            raise ApplicationError(error.message, whole, type=error.type, non_retryable=True) from None
        bill = await asking.end()
        lost = f"planning: an answer of a language model was lost and counts as billed, with {bill.doubt_usd:f} USD"
        warnings = (*plan.warnings, lost) if bill.doubt_usd else plan.warnings
        return plan.model_copy(update={"drafting_usd": bill.billed_usd, "warnings": warnings})

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        async with _alive("pricing"):
            plan = pricing.price(request.plan, self._providers, request.brief.aspect, request.only, request.references)
            if self._settings.moderation:
                plan = await moderated(plan, self._providers)
            key = keys.plan_key(request.production_id, plan.digest)
            with suppress(StorageConflict):  # it is kept already
                await self._storage.put_unpaid(key, _json(plan.identified), "application/json", only_if_absent=True)
        return plan

    @activity.defn(name="produce_asset")
    async def produce_asset(self, request: ProduceAsset) -> Take:
        return await self._producer.produce(request)

    @activity.defn(name="cancel_asset")
    async def cancel_asset(self, request: ProduceAsset) -> AssetCancelled:
        async with _alive("cancelling"):
            return await self._producer.cancel(request)

    @activity.defn(name="rewrite_prompt")
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        async with _alive("asking"):
            return await rewrite(request, self._storage, self._providers, self._settings)

    @activity.defn(name="settle_questions")
    async def settle_questions(self, request: SettleQuestions) -> SettledQuestions:
        async with _alive("summing"):
            number = request.number + (REWRITES if request.inquiry == "rewrite" else 0)
            accounts = QuestionAccounts(self._storage, self._settings, request.production_id, number, request.payer)
            return await accounts.end()

    @activity.defn(name="check_upload")
    async def check_upload(self, request: CheckUpload) -> Take:
        async with _alive("checking"):
            return await checked_upload(request, self._storage)

    @activity.defn(name="finish_deliverable")
    async def finish_deliverable(self, request: FinishDeliverable) -> Deliverable:
        async with _alive("starting") as say:
            with tempfile.TemporaryDirectory(prefix="greenlight-") as workdir:
                return await finish(self._storage, request, Path(workdir), say)

    @activity.defn(name="write_manifest")
    async def write_manifest(self, snapshot: Snapshot) -> Media:
        async with _alive("writing"):
            return await self._manifests.keep(snapshot)

    @activity.defn(name="newest_manifest")
    async def newest_manifest(self, known: KnownRecord) -> Snapshot | None:
        async with _alive("reading the manifest"):
            return await self._manifests.newer(known)

    @activity.defn(name="list_providers")
    async def list_providers(self) -> ProvidersReport:
        try:
            models = models_for(self._settings, self._providers, datetime.now(UTC).date())
            planner = ", then ".join(f"{o.provider}/{o.model}" for o in models) or "template"
        except ApplicationError as error:
            planner = f"none: {error.message}"
        tenants = signing_tenants(self._settings)
        webhooks = {
            "webhooks": "" if tenants else why_unsigned(self._settings),
            "webhook_tenants": tenants,
            "webhook_hosts": allowed_hosts(self._settings),
        }
        support = self._storage.support
        if support and support.state == "unsupported" and planner != "template":
            planner = f"none: {support.problem}"
        return registry.report(self._providers, planner, support).model_copy(update=webhooks)


def _json(record: Model) -> bytes:
    return record.model_dump_json(indent=1).encode()


@asynccontextmanager
async def _alive(step: str) -> AsyncIterator[Callable[[str], None]]:
    """Heartbeat while the block runs, and say which of its errors a retry may fix.

    What it yields tells where the work is. Storage is waited for; media that does not open now will not open on a
    retry; what nobody foresaw is tried `MAX_ATTEMPTS` times, and then a person is asked.
    """

    def say(words: str) -> None:
        nonlocal step
        step = words

    try:
        with beating(lambda: activity.heartbeat({"step": step})):
            yield say
    except ApplicationError:
        raise
    except StorageUnsupported as error:
        raise ApplicationError(str(error), type=store_support.ERROR_TYPE, non_retryable=True) from None
    except StorageFailed as error:
        gone = isinstance(error, ObjectMissing) and activity.info().attempt >= MAX_ATTEMPTS
        kind = "object_missing" if gone else "storage_unavailable"
        words, delay = f"storage: {error}", None if gone else STORAGE_RETRY
        raise ApplicationError(words, type=kind, non_retryable=gone, next_retry_delay=delay) from None
    except ProviderError as error:
        raise ApplicationError(str(error), type=error.kind, non_retryable=True) from None
    except Exception as error:
        if activity.info().attempt < MAX_ATTEMPTS:
            raise
        words = f"{type(error).__name__}: {error}"[:1_000]
        raise ApplicationError(words, type=type(error).__name__, non_retryable=True) from error

"""Activities that return at once, without media and costs: for tests of everything around them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.batch import BatchRecords, ProductionReports
from tests.support.fake_steps import FakeFilmSteps, of_another_run
from tests.support.servers.serving import patient
from worker.workers import WORKFLOW_TYPES
from workflows import keys
from workflows.activity_io import (
    PLAN_INVALID,
    UPLOAD_REFUSED,
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
from workflows.batch.records import BatchRecord
from workflows.events import Snapshot
from workflows.models import (
    UPLOAD,
    Alternative,
    Asset,
    Deliverable,
    DeliverableFile,
    Media,
    Modality,
    Plan,
    Quote,
    Take,
)
from workflows.provider_report import ModelInfo, ProviderInfo, ProvidersReport

if TYPE_CHECKING:
    from activities.finishing.manifests import Manifests
    from activities.storage.bucket import Storage

PROVIDER = "fake"


class FakeActivities(FakeFilmSteps):
    """Plans `assets` text assets called text-1, text-2, …, each at `price_usd`.

    `fail` names assets, `fail_takes` single takes that fail for good, `doubt` assets whose submission is ambiguous,
    `lost_once` those whose first response is lost and that may be resubmitted (`lost_takes`: only these takes); `used`
    are takes of another run, with their costs. `costs` is the bill of a take if it is not its price, `prices` are those
    of models with another price (None: unpublished), `fixed` makes the low price the high one, `until` ends the rates
    of the first pricing, and `then_usd` is the price after it. `failures` are the failures of an asset, or of all
    assets of a model. `limited` assets are throttled, and `billed_before` is the cost of earlier submissions of a take.
    `others` are models after the first, `unknown` leaves prices unpublished, `drafting_usd` is the cost of planning,
    `jobs` makes assets a provider's jobs, `enabled` is the result of `list_providers`.
    `hold(asset_id)` keeps an asset generating, with a heartbeat, until `release`; "planning", "finishing", "rewriting"
    and "manifest" hold those steps, the first after it reported its first asset; `filesets` names that of each
    revision; `hold_takes` holds only these takes of it. `produced`, `orders`, `finished` and `manifests` record the
    requests. `keep_in` a bucket stores manifests and records of batches there. `media_bytes` is the size of each take.
    """

    def __init__(self, assets: int = 3, price_usd: str = "0.0100") -> None:
        super().__init__()
        self.assets = assets
        self.price_usd = Decimal(price_usd)
        self.jobs = False
        self.fail: set[str] = set()
        self.fail_takes: set[tuple[str, int]] = set()
        self.hold_takes: set[tuple[str, int]] = set()
        self.doubt: set[str] = set()
        self.lost_once: set[str] = set()
        self.lost_takes: set[int] = set()
        self.used: dict[tuple[str, int], Decimal] = {}
        self.costs: dict[str, Decimal] = {}
        self.prices: dict[str, Decimal | None] = {}
        self.fixed = False
        self.until: date | None = None
        self.then_usd = self.price_usd
        self.billed_before = Decimal(0)
        self.limited: set[str] = set()
        self.failures: dict[str, AssetFailure] = {}
        self.others: tuple[str, ...] = ()
        self.unknown = False
        self.drafting_usd = Decimal(0)
        self.orders: list[str | None] = []
        self.finished: list[int] = []
        self.stopped: list[tuple[str, int]] = []
        self.rewrites = True
        self.rewritten: list[RewritePrompt] = []
        self.settled: list[SettleQuestions] = []
        self.bill = SettledQuestions()
        self.unsummed = False
        self.produced: list[tuple[str, int]] = []
        self.requests: list[ProduceAsset] = []
        self.filesets: dict[int, str] = {}
        self.manifests: dict[str, Snapshot] = {}
        self.kept: Manifests | None = None
        self.kept_batches: BatchRecords | None = None
        self.enabled: tuple[Modality, ...] = tuple(Modality)
        self.media_bytes = 5
        self._held: dict[str, asyncio.Event] = {}

    def keep_in(self, storage: "Storage") -> None:
        """Store manifests and records of batches in a bucket, and read them from there."""
        # Imported here, because workflows of tests load this module in their sandbox, which takes no storage library.
        from activities.finishing.manifests import Manifests

        self.kept, self.kept_batches = Manifests(storage), BatchRecords(storage)

    def hold(self, asset_id: str) -> None:
        self._held[asset_id] = asyncio.Event()

    def release(self, asset_id: str) -> None:
        self._held.pop(asset_id).set()

    @activity.defn(name="take_in_references")
    async def take_in_references(self, request: TakeInReferences) -> tuple[Media, ...]:
        return tuple(
            _media(keys.reference_key(request.production_id, n, "png"), "image/png")
            for n in range(1, len(request.references) + 1)
        )

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        if held := self._held.get("planning"):
            first = {"asset_id": "text-1", "asset_type": "text", "label": "<b>First</b>", "prompt": "It begins wi"}
            activity.heartbeat({"step": "planning", "plan": {"count": 1, "assets": [first]}})
            await held.wait()
        plan = Plan.of(
            request.brief.title or "A plan",
            [
                Asset(
                    asset_id=f"text-{n}",
                    asset_type=Modality.TEXT,
                    role="body",
                    prompt=" · ".join((f"part {n}", *request.feedback)),
                    provider=PROVIDER,
                    model="words",
                    fallbacks=tuple(Alternative(provider=PROVIDER, model=name) for name in self.others),
                )
                for n in range(1, self.assets + 1)
            ],
        )
        return plan.model_copy(update={"drafting_usd": self.drafting_usd})

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        for asset in request.plan.assets:
            if asset.provider != PROVIDER:
                message = f"{asset.asset_id}.provider: {asset.provider!r} is not enabled; choose {PROVIDER!r}"
                raise ApplicationError(message, type=PLAN_INVALID, non_retryable=True)
        priced = [
            a
            if request.only and a.asset_id not in request.only
            else a.model_copy(
                update={
                    "quote": self._quote(a.model),
                    "fallbacks": tuple(f.model_copy(update={"quote": self._quote(f.model)}) for f in a.fallbacks),
                }
            )
            for a in request.plan.assets
        ]
        if self.until:
            self.until, self.price_usd = None, self.then_usd
        return Plan.of(request.plan.title, priced, request.plan.planner, cut=request.plan.cut)

    def _quote(self, model: str) -> Quote:
        high = self.prices.get(model, None if self.unknown else self.price_usd)
        return Quote(
            low_usd=high or Decimal(0) if self.fixed else Decimal(0),
            high_usd=high or Decimal(0),
            expected_seconds=1,
            job=self.jobs,
            unknown=high is None,
            until=self.until,
        )

    @activity.defn(name="produce_asset")
    async def produce_asset(self, request: ProduceAsset) -> Take:
        asset_id, lost_usd = request.asset.asset_id, Decimal(0)
        self.produced.append((asset_id, request.take))
        self.requests.append(request)
        await self.check_grant(request)
        held = self._held.get(asset_id)
        if held and (not self.hold_takes or (asset_id, request.take) in self.hold_takes):
            activity.heartbeat({"asset_id": asset_id, "job_id": None, "progress": 0.5, "queued": False, "step": "held"})
            await held.wait()
        self.orders.append(request.order.adopt_job_id if request.order else None)
        if asset_id in self.doubt:
            doubt = AssetFailure(reason="ambiguous_submission", message="in doubt", doubt_usd=self.price_usd)
            raise ApplicationError("in doubt", doubt, non_retryable=True)
        if (billed := self.used.get((asset_id, request.take))) is not None:
            raise of_another_run(PROVIDER, billed)
        if asset_id in self.lost_once and (not self.lost_takes or request.take in self.lost_takes):
            if request.order is None:
                lost = AssetFailure(
                    reason="ambiguous_submission", message="no answer", doubt_usd=self.price_usd, resubmit=True
                )
                raise ApplicationError("no answer", lost, non_retryable=True)
            lost_usd = self.price_usd
        if asset_id in self.limited:
            words = f"vendor: slow down, {asset_id}"
            raise ApplicationError(words, type="rate_limited", next_retry_delay=timedelta(minutes=10))
        if failure := self.failures.get(asset_id) or self.failures.get(request.asset.model):
            raise ApplicationError(failure.message, failure, non_retryable=True)
        if asset_id in self.fail or (asset_id, request.take) in self.fail_takes:
            words = f"{asset_id} cannot be made"
            raise ApplicationError(words, AssetFailure(message=words), non_retryable=True)
        now = datetime.now(UTC)
        return Take(
            number=request.take,
            prompt=request.asset.prompt,
            delivery=request.asset.delivery,
            provider=PROVIDER,
            model=request.asset.model,
            media=_media(f"{keys.take_prefix(request.production_id, asset_id, request.take)}/media.txt").model_copy(
                update={"bytes": self.media_bytes}
            ),
            cost_usd=(cost := self.costs.get(asset_id, self.price_usd)),
            billed_usd=cost + self.billed_before + lost_usd,
            inputs={i.asset_id: i.take for i in request.inputs},
            started_at=now,
            finished_at=now,
        )

    @activity.defn(name="cancel_asset")
    async def cancel_asset(self, request: ProduceAsset) -> AssetCancelled:
        self.stopped.append((request.asset.asset_id, request.take))
        if request.asset.asset_id in self.doubt | self.lost_once:
            return AssetCancelled(outcome="running", billed_usd=self.price_usd)
        return AssetCancelled(outcome="stopped", billed_usd=Decimal("0.0040"), job_id="job-1")

    @activity.defn(name="rewrite_prompt")
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        self.rewritten.append(request)
        if held := self._held.get("rewriting"):
            while not held.is_set():
                activity.heartbeat()
                await asyncio.sleep(0.1)
        words = request.feedback or "softened"
        return Rewritten(
            prompt=f"{request.asset.prompt}, {words}" if self.rewrites else "", billed_usd=self.drafting_usd
        )

    @activity.defn(name="settle_questions")
    async def settle_questions(self, request: SettleQuestions) -> SettledQuestions:
        self.settled.append(request)
        if self.unsummed:
            raise ApplicationError("ended by a person", non_retryable=True)
        return self.bill

    @activity.defn(name="check_upload")
    async def check_upload(self, request: CheckUpload) -> Take:
        if "broken" in request.upload.filename:
            raise ApplicationError("the file cannot be opened", type=UPLOAD_REFUSED, non_retryable=True)
        now = datetime.now(UTC)
        return Take(
            number=request.take,
            prompt=request.asset.prompt,
            provider=UPLOAD,
            model=request.upload.filename or "file",
            media=_media(f"{keys.take_prefix(request.production_id, request.asset.asset_id, request.take)}/media.txt"),
            started_at=now,
            finished_at=now,
        )

    @activity.defn(name="finish_deliverable")
    async def finish_deliverable(self, request: FinishDeliverable) -> Deliverable:
        self.finished.append(request.assets[0].take.number)
        if (held := self._held.get("finishing")) and request.revision > 1:
            await held.wait()
        name = f"{self.filesets[request.revision]}/content.md" if self.filesets else "content.md"
        key = keys.deliverable_key(request.production_id, request.revision, name)
        file = DeliverableFile(name="content.md", role="document", media=_media(key, "text/markdown"))
        return Deliverable(revision=request.revision, files=(file,))

    @activity.defn(name="write_manifest")
    async def write_manifest(self, snapshot: Snapshot) -> Media:
        if held := self._held.get("manifest"):
            await held.wait()
        self.manifests[snapshot.production_id] = snapshot
        if self.kept:
            return await self.kept.keep(snapshot)
        return _media(keys.manifest_key(snapshot.production_id), "application/json")

    @activity.defn(name="newest_manifest")
    async def newest_manifest(self, known: KnownRecord) -> Snapshot | None:
        return await self.kept.newer(known) if self.kept else None

    async def manifest(self, production_id: str) -> Snapshot | None:
        return await self.kept.read(production_id) if self.kept else None

    @activity.defn(name=keys.KEEP_BATCH)
    async def keep_batch(self, record: BatchRecord) -> None:
        if self.kept_batches:
            await self.kept_batches.keep_batch(record)

    @activity.defn(name="list_providers")
    async def list_providers(self) -> ProvidersReport:
        models = tuple(
            ModelInfo(
                provider=PROVIDER, model=name, modality=Modality.TEXT, media_type="text/plain", job=False, price="cheap"
            )
            for name in ("words", *self.others)
        )
        return ProvidersReport(
            planner="template",
            enabled_providers=dict.fromkeys(self.enabled, (PROVIDER,)),
            reasons={m: "set FAKE_API_KEY in the worker's environment" for m in Modality if m not in self.enabled},
            providers=(ProviderInfo(provider=PROVIDER, enabled=True, models=models),),
        )

    @asynccontextmanager
    async def working(self, client: Client, version: WorkerDeploymentConfig | None = None) -> AsyncIterator[None]:
        """Run workers with these activities in this process, of a version if one is given."""
        looking = ProductionReports(self.manifest)
        steps: Sequence[Any] = (
            self.take_in_references,
            self.analyse_reference,
            self.review_extraction,
            self.draft_plan,
            self.price_plan,
            self.rewrite_prompt,
            self.add_languages,
            self.judge_take,
            self.settle_questions,
            self.reserve_grant,
            self.ledger_costs,
            self.check_upload,
            self.finish_deliverable,
            self.lay_out_film,
            self.assemble_film,
            self.write_manifest,
            self.newest_manifest,
            self.list_providers,
            looking.report_production,
            looking.find_production,
            looking.follow_production,
            self.keep_batch,
            *self.series_steps(),
        )
        stop = timedelta(0)
        async with AsyncExitStack() as stack:
            for worker in (
                Worker(
                    client,
                    task_queue=keys.TASK_QUEUE,
                    workflows=WORKFLOW_TYPES,
                    activities=steps,
                    graceful_shutdown_timeout=stop,
                    max_concurrent_workflow_task_polls=2,
                    max_concurrent_activity_task_polls=1,
                    deployment_config=version,
                ),
                Worker(
                    client,
                    task_queue=keys.provider_queue(PROVIDER),
                    activities=[self.produce_asset, self.cancel_asset],
                    default_heartbeat_throttle_interval=timedelta(milliseconds=100),
                    max_heartbeat_throttle_interval=timedelta(milliseconds=100),
                    graceful_shutdown_timeout=stop,
                    max_concurrent_workflow_task_polls=2,
                    max_concurrent_activity_task_polls=1,
                    deployment_config=version,
                ),
                Worker(
                    client,
                    task_queue=keys.RENDER_QUEUE,
                    activities=[self.encode_segment, self.mix_sound],
                    graceful_shutdown_timeout=stop,
                    max_concurrent_workflow_task_polls=2,
                    max_concurrent_activity_task_polls=1,
                    deployment_config=version,
                ),
            ):
                await stack.enter_async_context(worker)
            stack.enter_context(patient())
            yield


def _media(key: str, media_type: str = "text/plain") -> Media:
    return Media(key=key, bytes=5, sha256=hashlib.sha256(key.encode()).hexdigest(), media_type=media_type)

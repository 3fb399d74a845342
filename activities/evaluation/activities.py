"""The activities of evaluations. Each one writes objects of a deterministic key, so it may run again."""

import asyncio
import io
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from temporalio import activity

from activities.evaluation.figures import figures_of_sets
from activities.evaluation.judges import judging_problem
from activities.evaluation.measure import base_result, measured
from activities.evaluation.metrics.learned.weights import use_weights
from activities.evaluation.metrics.registry import describe_metrics, registered
from activities.evaluation.prepare import Preparation, refused
from activities.evaluation.references import check_references
from activities.providers.protocol import Provider
from activities.references.sources import ReferenceUnusable, copy_to
from activities.settings import ActivitySettings
from activities.steps import heartbeats
from activities.storage.errors import StorageConflict
from activities.takes.attempt import scratch_directory
from workflows import keys
from workflows.evaluation import object_keys
from workflows.evaluation.html import render_report
from workflows.evaluation.records import (
    JUDGE_SCORE,
    CellPage,
    CellResult,
    CellsWanted,
    EvaluationStart,
    EvaluationView,
    MeasureTake,
    Prepared,
    WriteReport,
)
from workflows.evaluation.report import EvaluationReport, make_report
from workflows.models import Media, Model
from workflows.provider_report import MetricInfo

if TYPE_CHECKING:
    from activities.evaluation.metrics.protocol import Vectors
    from activities.storage.bucket import Storage

READS_AT_ONCE: Final = 20


class Claim(Model):
    """The object that claims the id of an evaluation: the same content is the same evaluation."""

    content: str
    prepared: Prepared


class EvaluationActivities:
    """Prepares, measures and reports evaluations over one bucket. The takes are made by `produce_asset`."""

    def __init__(self, storage: "Storage", providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        use_weights(settings.metrics_weights)

    def metrics(self) -> tuple[MetricInfo, ...]:
        """All metrics, and why some of them measure nothing on this worker."""
        return describe_metrics({JUDGE_SCORE: judging_problem(self._providers, self._settings)})

    @activity.defn(name=keys.PREPARE_EVALUATION)
    async def prepare_evaluation(self, start: EvaluationStart) -> Prepared:
        """Check and price all cases with all models, and store the cells. A second attempt finds those of the first,
        also where prices have changed since.

        Raises:
            ApplicationError: type EVALUATION_REFUSED, not retried; the first detail is the field to correct.
        """
        async with heartbeats("preparing"):
            key = object_keys.evaluation_record_key(start.evaluation_id)
            if found := await self._storage.get_bytes(key):
                return self._claimed(start, found[0])
            prepared, pages = await asyncio.to_thread(Preparation(start, self._providers, self._settings).run)
            cases = {cell.case.line: cell.case for cells in pages for cell in cells}
            await check_references(self._storage, cases.values(), start.tenant)
            for number, cells in enumerate(pages):
                await self._put(object_keys.cells_key(start.evaluation_id, number), CellPage(cells=cells))
            claim = Claim(content=start.content, prepared=prepared)
            try:
                await self._storage.put_unpaid(key, _json(claim), "application/json", only_if_absent=True)
            except StorageConflict:
                found = await self._storage.get_bytes(key)
                return self._claimed(start, found[0]) if found else prepared
            return prepared

    def _claimed(self, start: EvaluationStart, content: bytes) -> Prepared:
        claim = Claim.model_validate_json(content)
        if claim.content != start.content:
            message = f"{start.evaluation_id!r} is an evaluation of other cases or models; choose another id"
            raise refused("evaluation_id", message)
        return claim.prepared

    @activity.defn(name=keys.READ_CELLS)
    async def read_cells(self, wanted: CellsWanted) -> CellPage:
        async with heartbeats("reading"):
            found = await self._storage.get_bytes(object_keys.cells_key(wanted.evaluation_id, wanted.page))
            if found is None:
                raise refused("evaluation_id", "its cells were deleted from the bucket; start another evaluation")
            return CellPage.model_validate_json(found[0])

    @activity.defn(name=keys.MEASURE_TAKE)
    async def measure_take(self, request: MeasureTake) -> None:
        """Measure a take, and store the result; that of a cell without a take is the reason."""
        async with heartbeats("measuring"):
            result = await self._measured(request) if request.take else base_result(request)
            await self._put(object_keys.result_key(request.evaluation_id, request.cell.number), result)

    async def _measured(self, request: MeasureTake) -> CellResult:
        assert request.take is not None
        media = request.take.media
        async with scratch_directory() as workdir:
            workdir.mkdir(parents=True, exist_ok=True)
            path = await self._storage.fetch(media.key, workdir / f"take.{media.key.rpartition('.')[2]}")
            data = await self._storage.get_bytes(keys.data_key(media.key))
            transcript = await self._text(request.transcript.media) if request.transcript else None
            reference = await self._reference(request, workdir / "reference")
            content = data[0] if data else None
            result, vectors = await asyncio.to_thread(measured, request, path, content, transcript, reference)
        if vectors:
            key = object_keys.vectors_key(request.evaluation_id, request.cell.number)
            with suppress(StorageConflict):
                await self._storage.put_unpaid(key, _npz(vectors), "application/octet-stream")
        return result

    async def _reference(self, request: MeasureTake, path: Path) -> Path | None:
        """The file of the case's reference, where a metric needs it and it still exists."""
        source = request.cell.case.expected.reference
        known = (registered().get(name) for name in request.metrics)
        if not source or not any(metric and metric.needs_reference for metric in known):
            return None
        tenant = keys.tenant_of(source.removeprefix(keys.STORED).removeprefix(keys.REFERENCES))
        try:
            await copy_to(self._storage, source, path, tenant)  # `check_references` checked whose it is
        except ReferenceUnusable:
            return None
        return path

    async def _text(self, media: Media) -> str:
        found = await self._storage.get_bytes(media.key)
        return found[0].decode("utf-8", "replace") if found else ""

    @activity.defn(name=keys.REPORT_EVALUATION)
    async def report_evaluation(self, request: WriteReport) -> None:
        """Compute the report from all stored results; JSON and a page that needs nothing else."""
        async with heartbeats("reporting"):
            evaluation_id = request.view.evaluation_id
            results = await self._results(evaluation_id)
            vectors = await self._vectors(request.view)
            report = await asyncio.to_thread(_report, request.view, results, vectors)
            page = await asyncio.to_thread(render_report, report)
            json_key, html_key = (object_keys.report_key(evaluation_id, kind) for kind in ("json", "html"))
            await self._storage.put_unpaid(html_key, page.encode(), "text/html; charset=utf-8")
            await self._storage.put_unpaid(json_key, _json(report), "application/json")

    async def _results(self, evaluation_id: str) -> list[CellResult]:
        turns = asyncio.Semaphore(READS_AT_ONCE)

        async def read(key: str) -> CellResult | None:
            async with turns:
                found = await self._storage.get_bytes(key)
            return CellResult.model_validate_json(found[0]) if found else None

        found = await asyncio.gather(
            *map(read, await self._storage.list_keys(object_keys.results_prefix(evaluation_id)))
        )
        return [each for each in found if each]

    async def _vectors(self, view: EvaluationView) -> "dict[int, dict[str, Vectors]]":
        """Number of a cell -> its vectors; of an evaluation without metrics of sets, nothing is listed."""
        known = (registered().get(name) for name in view.metrics)
        if not any(metric and metric.of_set for metric in known):
            return {}
        turns = asyncio.Semaphore(READS_AT_ONCE)

        async def read(key: str) -> "tuple[int, dict[str, Vectors]]":
            async with turns:
                found = await self._storage.get_bytes(key)
            return object_keys.cell_of(key), await asyncio.to_thread(_arrays, found[0]) if found else {}

        stored = await self._storage.list_keys(object_keys.vectors_prefix(view.evaluation_id))
        return dict(await asyncio.gather(*map(read, stored)))

    async def _put(self, key: str, record: Model) -> None:
        with suppress(StorageConflict):
            await self._storage.put_unpaid(key, _json(record), "application/json")


def _report(
    view: EvaluationView, results: list[CellResult], vectors: "Mapping[int, Mapping[str, Vectors]]"
) -> EvaluationReport:
    figures = figures_of_sets(view, results, vectors)
    return make_report(view, results, describe_metrics(), datetime.now(UTC), figures)


def _npz(vectors: "Mapping[str, Vectors]") -> bytes:
    import numpy as np

    file = io.BytesIO()
    arrays: dict[str, Any] = {name: found.astype(np.float32) for name, found in vectors.items()}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _arrays(content: bytes) -> "dict[str, Vectors]":
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def _json(record: Model) -> bytes:
    return record.model_dump_json(exclude_defaults=True).encode()

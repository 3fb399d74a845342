"""A whole stack under observation: its spans are collected, its endpoints scraped, and its vendor bills."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.client.client import GreenlightClient
from api.views.batches import BatchBody
from api.views.production import ProductionView
from deploy.local import Stack, running_stack
from deploy.temporal import binary
from tests.emulators.replicate import ReplicateEmulator
from tests.journeys.vendors import soon_done
from tests.support.film import manifest_of, planned
from tests.support.servers.collector import Collector, collecting
from tests.support.stack import new_home
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN, until
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import Snapshot
from workflows.models import Take
from workflows.requests import Approval, Regenerate

WISH: Final = "A lamplighter whom nobody else knows"
"""Part of every brief, and of no exported data."""
TASK_FAILURES: Final = "temporal_workflow_task_execution_failed_total"
SHOWN: Final = Brief(text=f"{WISH}. He waits.", platform=Platform.SOCIAL_POST, requester="ana")
"""Texts by previz, pictures as jobs of Replicate; its client is light, so nothing here waits for an SDK to load."""
READ: Final = Brief(text=f"{WISH}. He writes.", platform=Platform.COPY, requester="ana")
"""By previz alone."""


@dataclass(frozen=True)
class Scraped:
    """The samples of an endpoint: name -> the labels and value of each."""

    samples: Mapping[str, list[tuple[dict[str, str], float]]]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels."""
        return sum(v for have, v in self.samples.get(name, []) if labels.items() <= have.items())


@dataclass(frozen=True)
class Observed:
    """The data of the tests: productions by their history, and their exported traces and metrics."""

    vendor: ReplicateEmulator
    collector: Collector
    made: Snapshot
    """With pictures by the vendor, one of them regenerated after the delivery."""
    previz: Snapshot
    refused: ProductionView
    """One of its pictures was refused, and needs attention."""
    row: str
    """The production of a batch, awaiting approval."""
    api: Scraped
    worker: Scraped

    @property
    def takes(self) -> list[Take]:
        """All recorded takes."""
        return [t for seen in (self.made, self.previz) for state in seen.assets.values() for t in state.takes]

    def trace_of(self, workflow_id: str, start: str = "RunWorkflow:Production") -> str:
        """The one trace in which a workflow ran."""
        spans = self.collector.named(start)
        (trace,) = {s.trace for s in spans if s.attributes["temporalWorkflowID"] == workflow_id}
        return trace


def scrape(url: str) -> Scraped:
    answer = httpx.get(url, timeout=WITHIN, trust_env=False)
    assert answer.headers["content-type"].startswith("text/plain")
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return Scraped(samples)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def observing(folder: Path, environ: Mapping[str, str]) -> Iterator[Observed]:
    """Run a stack through all observed situations, and yield the collected data."""
    address = f"127.0.0.1:{free_port()}"
    with collecting() as collector, ReplicateEmulator() as vendor:
        (folder / "own.toml").write_text(soon_done())
        watched = {
            "GREENLIGHT_CATALOGUE": str(folder / "own.toml"),
            "GREENLIGHT_METRICS_ADDRESS": address,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            **env_of("replicate", vendor),
        }
        with (
            running_stack(new_home(folder / "home"), ports="free", environ={**environ, **watched}) as stack,
            GreenlightClient(stack.info.api_url) as studio,
        ):
            yield _observed(stack, studio, collector, vendor, f"http://{address}/metrics", folder)


def _observed(
    stack: Stack,
    studio: GreenlightClient,
    collector: Collector,
    vendor: ReplicateEmulator,
    worker: str,
    folder: Path,
) -> Observed:
    made = _approved(studio, SHOWN)
    list(studio.events(made))
    studio.regenerate(made, Regenerate(asset_id=_picture(studio, made), requested_by="bo", budget_usd=Decimal(3)))
    list(studio.events(made))
    previz = _approved(studio, READ)
    list(studio.events(previz))

    vendor.meet("refuse")
    refused = _approved(studio, SHOWN)
    until(lambda: studio.get(refused).status == "needs_attention", "the refusal")

    rows = {"rows": [{"brief": {"text": WISH}}], "defaults": {"platform": "copy"}, "requester": "ana"}
    batch_id = studio.start_batch(BatchBody.model_validate(rows)).batch_id
    until(lambda: studio.batch(batch_id).rows[0].status == "awaiting_approval", "the batch's plan")

    # A run that no worker can read: its task fails again and again, and the API responds with that failure.
    broken = ["--workflow-id", keys.workflow_id("broken"), "--input", '"?"']
    start = ["--type", keys.WORKFLOW_TYPE, "--task-queue", keys.TASK_QUEUE, *broken]
    subprocess.run([binary("temporal"), "workflow", "start", *start], env=stack.env, check=True, capture_output=True)
    until(lambda: TASK_FAILURES in scrape(worker).samples, "the failure of a workflow's task")
    assert (
        httpx.get(f"{stack.info.api_url}/api/v1/productions/broken", timeout=WITHIN, trust_env=False).status_code == 503
    )

    return Observed(
        vendor=vendor,
        collector=collector,
        made=manifest_of(studio, made, folder),
        previz=manifest_of(studio, previz, folder),
        refused=studio.get(refused),
        row=studio.batch(batch_id).rows[0].production_id,
        api=scrape(f"{stack.info.api_url}/metrics"),
        worker=scrape(worker),
    )


def _approved(studio: GreenlightClient, brief: Brief) -> str:
    production_id, plan = planned(studio, brief)
    studio.approve(production_id, Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(2)))
    return production_id


def _picture(studio: GreenlightClient, production_id: str) -> str:
    return next(a.asset_id for a in studio.get(production_id).assets if a.provider == "replicate")

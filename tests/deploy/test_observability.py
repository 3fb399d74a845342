"""The data that a stack exports: each production as one trace, and metrics that agree with the records; nothing
private.

The dashboard and the alert rules are checked against the real endpoints.
"""

import json
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, cast

import promql_parser as promql
import pytest
import yaml

from tests import ROOT
from tests.emulators.base import Kind
from tests.emulators.replicate import ReplicateEmulator
from tests.support.observed import WISH, Observed, observing
from tests.support.servers.collector import Seen
from tests.support.stack import hermetic
from worker.connect import MetricsAddressRefused, make_runtime
from worker.settings import WorkerSettings
from workflows import keys
from workflows.events import Snapshot

FILES: Final = ROOT / "deploy" / "observability"


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    with observing(tmp_path_factory.mktemp("observed"), hermetic(os.environ)) as seen:
        yield seen


def spans_of(observed: Observed, production: Snapshot) -> list[Seen]:
    """The trace in which a production ran, once it is complete."""
    collector, workflow_id = observed.collector, keys.workflow_id(production.production_id)
    collector.wait(lambda: collector.named("RunActivity:write_manifest"), "the manifests")
    trace = observed.trace_of(workflow_id)
    runs = len(collector.named("RunWorkflow:Production", trace))
    collector.wait(lambda: len(collector.named("RunActivity:write_manifest", trace)) == runs, "the last manifest")
    return [span for span in collector.spans if span.trace == trace]


def path_of(span: Seen, spans: list[Seen]) -> list[str]:
    """The names from a span up to its root."""
    known = {s.id: s for s in spans}
    names = [span.name]
    while span.parent:
        span = known[span.parent]
        names.append(span.name)
    return names


@pytest.mark.parametrize("which", ["made", "previz"])
def test_a_production_is_one_trace(observed: Observed, which: str) -> None:
    """From the request to each upload all spans of a production are one tree, also after it was reopened."""
    production: Snapshot = getattr(observed, which)
    spans = spans_of(observed, production)
    assert {s.service for s in spans} == {"greenlight-api", "greenlight-worker"}
    assert [s.name for s in spans if not s.parent] == ["POST /api/v1/productions"]
    above = ["StartWorkflow:Production", "POST /api/v1/productions"]
    for state in production.assets.values():
        for take in state.takes:
            (upload,) = [s for s in spans if s.attributes.get("greenlight.key") == take.media.key]
            assert upload.attributes["greenlight.bytes"] == take.media.bytes
            assert path_of(upload, spans)[1:] == ["RunActivity:produce_asset", "StartActivity:produce_asset", *above]
    assert all(path_of(span, spans)[-2:] in (above, above[1:]) for span in spans)
    about = {
        s.attributes["greenlight.production_id"]
        for s in observed.collector.spans
        if s.trace == spans[0].trace and "greenlight.production_id" in s.attributes
    }
    assert about == {production.production_id}
    runs = {s.attributes["temporalRunID"] for s in spans if s.name == "RunWorkflow:Production"}
    assert len(runs) == (2 if which == "made" else 1)


def test_an_activity_span_describes_its_take(observed: Observed) -> None:
    """A take's attempts carry its ids, model and cost, and each request to its vendor the job."""
    spans = spans_of(observed, observed.made)
    asset_id, take = next(
        (i, state.takes[0]) for i, state in observed.made.assets.items() if state.takes[0].provider == "replicate"
    )
    about = {"production_id": observed.made.production_id, "asset_id": asset_id, "take": 1}
    about |= {"provider": take.provider, "model": take.model}
    named = {f"greenlight.{name}": value for name, value in about.items()}
    attempts = [s for s in spans if named.items() <= s.attributes.items()]
    assert [s.attributes["greenlight.attempt"] for s in attempts] == list(range(1, len(attempts) + 1))
    assert ("StillRunning", False) in [(s.attributes.get("error.type"), s.failed) for s in attempts]
    assert attempts[-1].attributes["greenlight.cost_usd"] == float(take.cost_usd) > 0
    asked = [s for s in spans if s.parent in {a.id for a in attempts} and s.name.startswith("vendor ")]
    assert (asked[0].name, asked[0].attributes["greenlight.answer"]) == ("vendor submit", "job")
    assert (asked[-1].name, asked[-1].attributes["greenlight.answer"]) == ("vendor poll", "finished")
    assert {s.attributes["greenlight.job_id"] for s in asked} == {take.job_id}


def test_later_decisions_are_linked(observed: Observed) -> None:
    """An approval and a change after the delivery are handled in the production's trace, linked to their requests."""
    spans = spans_of(observed, observed.made)
    for update, request in (("decide", "approve"), ("regenerate", "assets/{asset_id}/regenerate")):
        (handled,) = [s for s in spans if s.name == f"HandleUpdate:{update}"]
        (link,) = handled.links
        path = f"/api/v1/productions/{observed.made.production_id}"
        (asked,) = [
            s
            for s in observed.collector.named(f"POST /api/v1/productions/{{production_id}}/{request}")
            if s.attributes["url.path"].startswith(path)
        ]
        assert link == asked.trace != handled.trace


def test_the_productions_of_a_batch_have_their_own_traces(observed: Observed) -> None:
    """A batch is one trace and each of its productions another, which is linked to it."""
    collector = observed.collector
    own = observed.trace_of(keys.workflow_id(observed.row))
    (started,) = collector.named("StartWorkflow:Production", own)
    assert not started.parent
    (batch,) = started.links
    assert batch != own
    assert collector.named("POST /api/v1/batches", batch)


def test_a_refusal_has_its_error_type(observed: Observed) -> None:
    """A request that a vendor refused is a failed span with the name from the error tree."""

    def refusals() -> list[Seen]:
        polls = observed.collector.named("vendor poll")
        return [s for s in polls if s.failed and s.attributes["error.type"] == "content_refused"]

    observed.collector.wait(refusals, "the refusal")
    (failed,) = refusals()
    assert observed.trace_of(keys.workflow_id(observed.refused.production_id)) == failed.trace


def test_no_private_data_is_exported(observed: Observed) -> None:
    """No span contains a prompt, an error's message or a key; pages and queries are not traced; no vendor receives
    trace headers."""
    spans = observed.collector.spans
    assert len(spans) > 100
    sent = b"".join(s.raw for s in spans).lower()
    assert all(words.lower().encode() not in sent for words in (WISH, ReplicateEmulator.key, "flagged", "Traceback"))
    assert {s.attributes["url.path"][:5] for s in spans if "url.path" in s.attributes} == {"/api/"}
    assert not [s.name for s in spans if "Query" in s.name or s.name.endswith("/events")]
    assert observed.vendor.calls
    assert not [call.path for call in observed.vendor.calls if "traceparent" in call.headers]


def test_takes_are_counted_as_in_the_manifests(observed: Observed) -> None:
    """Every take is counted once, by model and outcome, with its duration and its wait."""
    worker = observed.worker
    made = Counter((t.provider, t.media.media_type.partition("/")[0]) for t in observed.takes)
    made += Counter((a.provider, a.asset_type.value) for a in observed.refused.assets if a.status == "completed")
    for (provider, modality), count in made.items():
        labels = {"provider": provider, "modality": modality}
        assert worker.value("greenlight_assets_total", outcome="completed", **labels) == count
    assert worker.value("greenlight_assets_total", outcome="content_refused", provider="replicate") == 1
    assert worker.value("greenlight_assets_total") == sum(made.values()) + 1
    for histogram in ("greenlight_asset_seconds", "greenlight_queue_wait_seconds"):
        assert worker.value(f"{histogram}_count") == sum(made.values()) + 1
    jobs = worker.value("greenlight_asset_seconds_sum", provider="replicate")
    assert jobs > worker.value("greenlight_queue_wait_seconds_sum", provider="replicate") > 0


def test_usd_are_counted_as_in_the_ledgers(observed: Observed) -> None:
    """The spent sum is that of the productions; nothing is reserved any more when every submission has ended."""
    worker = observed.worker
    spent = sum((p.spent_usd for p in (observed.made, observed.previz, observed.refused)), Decimal(0))
    assert worker.value("greenlight_spent_usd_sum") == pytest.approx(float(spent))
    assert worker.value("greenlight_spent_usd_sum", provider="replicate") == pytest.approx(float(spent))
    assert [labels for labels, _ in worker.samples["greenlight_spent_usd_sum"] if labels == {"provider": "previz"}]
    reserved = worker.value("greenlight_reserved_usd_sum")
    assert reserved == pytest.approx(worker.value("greenlight_released_usd_sum"))
    assert reserved > worker.value("greenlight_spent_usd_sum") > 0


def test_requests_are_counted_as_by_the_vendor(observed: Observed) -> None:
    """The vendor counted as many requests as we did, and the one that it refused has that outcome."""
    worker, pairs = observed.worker, cast(tuple[tuple[str, Kind], ...], (("submit", "submit"), ("poll", "poll")))
    for operation, kind in pairs:
        asked = {"provider": "replicate", "operation": operation}
        assert worker.value("greenlight_vendor_requests_total", **asked) == observed.vendor.count(kind) > 0
        assert worker.value("greenlight_vendor_request_seconds_count", **asked) == observed.vendor.count(kind)
    assert worker.value("greenlight_vendor_requests_total", outcome="content_refused") == 1
    shown = [labels for labels, _ in worker.samples["greenlight_vendor_requests_total"]]
    assert {"provider": "previz", "operation": "submit", "outcome": "quota_exhausted"} in shown


def test_the_api_counts_productions_by_status(observed: Observed) -> None:
    """The API exports the number of productions in each status, and of those that wait for a person, with the
    reason."""
    standing = {labels["status"]: n for labels, n in observed.api.samples["greenlight_productions"]}
    # The delivered one that was reopened closed twice.
    assert {s: n for s, n in standing.items() if n} == {"delivered": 3, "needs_attention": 1, "awaiting_approval": 1}
    waiting = {labels["reason"]: n for labels, n in observed.api.samples["greenlight_attention_waiting"]}
    assert {r: n for r, n in waiting.items() if n} == {"content_refused": 1, "approval": 1}


def expressions() -> list[tuple[str, str]]:
    """Each PromQL expression of the dashboard and the rules, with its place."""
    rules = yaml.safe_load((FILES / "alerts.yml").read_text())
    found = [(rule["alert"], rule["expr"]) for group in rules["groups"] for rule in group["rules"]]
    panels = json.loads((FILES / "dashboard.json").read_text())["panels"]
    return found + [(panel["title"], t["expr"]) for panel in panels for t in panel.get("targets", ())]


def parts(node: Any) -> Iterator[Any]:
    """A parsed expression and all its parts."""
    yield node
    below = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "vector_selector")]
    for part in [*below, *getattr(node, "args", ())]:
        if part is not None:
            yield from parts(part)


def test_expressions_use_existing_metrics(observed: Observed) -> None:
    """Each expression parses, and its metrics and the labels that it selects and groups by are on our endpoints."""
    samples = {**observed.api.samples, **observed.worker.samples, "up": [({"job": "greenlight-api"}, 1.0)]}
    for where, expression in expressions():
        nodes = list(parts(promql.parse(expression.replace("$__rate_interval", "5m"))))
        selectors = [n for n in nodes if isinstance(n, promql.VectorSelector)]
        assert selectors, where
        labels: set[str] = set()
        for selector in selectors:
            assert selector.name in samples, where
            have = [labelled for labelled, _ in samples[selector.name]]
            labels.update(*have)
            for matcher in selector.matchers.matchers:
                values = [each[matcher.name] for each in have]
                positive = matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re)
                assert not positive or any(re.fullmatch(matcher.value, value) for value in values), where
        assert grouped_by(nodes) <= labels, where


def grouped_by(nodes: list[Any]) -> set[str]:
    modifiers = [n.modifier for n in nodes if isinstance(n, promql.AggregateExpr)]
    return {name for modifier in modifiers if modifier for name in modifier.labels}


def test_the_dashboard_follows_the_schema() -> None:
    """The dashboard has Grafana's schema: panels with ids and places of their own, over a Prometheus that is chosen in
    the dashboard."""
    board = json.loads((FILES / "dashboard.json").read_text())
    (chosen,) = board["templating"]["list"]
    assert (chosen["name"], chosen["type"], chosen["query"]) == ("datasource", "datasource", "prometheus")
    assert board["uid"]
    assert board["schemaVersion"] >= 36
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) > 20
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        for of in (panel, *panel["targets"]):
            assert of["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({t["refId"] for t in panel["targets"]}) == len(panel["targets"])


def test_the_rules_follow_the_schema() -> None:
    """The rules have Prometheus's schema: names, severities, texts; each placeholder of a text is a label of the
    expression."""
    groups = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 8
    for rule in rules:
        assert rule.keys() - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))
        words = rule["annotations"]
        assert words["summary"]
        assert words["description"]
        filled = set(re.findall(r"\$labels\.(\w+)", " ".join(words.values())))
        known = grouped_by(list(parts(promql.parse(rule["expr"])))) or {"job", "instance"}
        assert filled <= known, rule["alert"]


@pytest.mark.parametrize("address", ["9464", "localhost:9464", "taken"])
def test_an_address_that_cannot_serve_is_refused(address: str) -> None:
    """A worker names the invalid variable, and a valid value."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(MetricsAddressRefused, match=r"GREENLIGHT_METRICS_ADDRESS is .* set it to an IP address"):
            make_runtime(WorkerSettings(metrics_address=taken if address == "taken" else address))


def test_the_scrape_example_finds_both() -> None:
    """The example for Prometheus loads the rules and scrapes the default addresses of the API and a worker."""
    example = yaml.safe_load((FILES / "prometheus.yml").read_text())
    assert all((FILES / name).exists() for name in example["rule_files"])
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in example["scrape_configs"]}
    assert jobs == {"greenlight-api": ["127.0.0.1:8400"], "greenlight-worker": ["127.0.0.1:9464"]}
    collector = yaml.safe_load((FILES / "collector.yml").read_text())
    (pipeline,) = collector["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) <= collector[kind].keys()

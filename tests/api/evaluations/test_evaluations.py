"""Evaluations from the request to the report, on real servers and the product's own workers."""

import asyncio
import json
import threading
from decimal import Decimal
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from tests.activities.judging.studio import look
from tests.api.evaluations.conftest import PATH, Evaluations
from tests.support.servers.serving import problem, sse
from tests.support.waiting import WITHIN, eventually
from workflows.evaluation import object_keys

PICTURES = "\n".join(json.dumps({"id": f"case-{n}", "prompt": f"A boat, number {n}"}) for n in range(1, 7))
MIXED = """{"id": "hello", "modality": "audio", "prompt": "Night trains are back, and they are quiet."}
{"id": "harbour", "modality": "audio", "prompt": "The wind turns, and the harbour wakes."}
{"id": "boat", "modality": "image", "prompt": "A red boat on the sea"}
{"id": "line", "modality": "text", "prompt": "One line about night trains"}
{"id": "sails", "modality": "video", "prompt": "A boat sails"}
"""
FOXES = "\n".join(json.dumps({"prompt": each}) for each in ("A fox", "A fox in snow", "A fox in snow under the moon"))
PAINTER = "openai/gpt-image-2.5-flare"
PREVIZ = (
    "previz/previz-narration",
    "previz/previz-narration?rate=240",
    "previz-storyboard",
    "previz-text",
    "previz-animatic?seconds=1",
)


async def test_all_modalities_of_previz_are_measured(evaluations: Evaluations) -> None:
    """Text, picture, sound and video of previz are made and measured for nothing, and the report has figures of all."""
    view = await evaluations.start(MIXED, *PREVIZ)
    assert (view["cases"], view["cells"], Decimal(view["high_usd"])) == (5, 7, Decimal(0))
    view = await evaluations.until(view["evaluation_id"], "done")
    assert (view["made"], view["failed"], Decimal(view["spent_usd"])) == (7, 0, Decimal(0))
    report = await evaluations.get(view["evaluation_id"], "report")
    figures = {(f["metric"], f["column"]): f["interval"] for f in report["figures"]}
    assert figures["pace", 1]["mean"] > 1.2 * figures["pace", 0]["mean"]
    assert figures["pace", 0]["n"] == 2
    assert {("sharpness", 2), ("seconds", 3), ("consistency", 4), ("motion", 4), ("loudness", 0)} <= figures.keys()
    cases = await evaluations.get(view["evaluation_id"], "cases", limit=2)
    assert (cases["total"], [c["case_id"] for c in cases["cases"]]) == (5, ["hello", "harbour"])
    (text,) = (c for c in (await evaluations.get(view["evaluation_id"], "cases"))["cases"] if c["modality"] == "text")
    assert text["cells"][0]["excerpt"]


async def test_files_pages_and_events(evaluations: Evaluations) -> None:
    """The stream ends with `done`, the page of the report needs nothing else, and each take has a link."""
    view = await evaluations.start(PICTURES, "vendor/gift")
    path = f"{PATH}/{view['evaluation_id']}"
    async with evaluations.http.stream("GET", f"{path}/events") as response:
        events = [event async for event in sse(response) if event.name]
    assert events[-1].name == "done"
    assert events[-1].data["made"] == 6
    assert [e.id for e in events] == sorted(e.id or 0 for e in events)
    page = await evaluations.http.get(f"{path}/report.html")
    assert page.headers["content-security-policy"].startswith("sandbox")
    assert "data:image/jpeg;base64," in page.text
    media = await evaluations.http.get(f"{path}/cells/1/media")
    assert media.status_code == 307
    listed = (await evaluations.http.get(PATH, params={"prefix": view["evaluation_id"]})).json()
    assert await eventually(lambda: _listed(evaluations, view["evaluation_id"])), listed
    assert problem(await evaluations.http.get(f"{path}/cells/99/media"), 404)
    assert problem(await evaluations.http.get(f"{PATH}/e-unknown"), 404)
    assert problem(await evaluations.http.get(f"{PATH}/e-unknown/report"), 404)


async def _listed(evaluations: Evaluations, evaluation_id: str) -> bool | None:
    page = (await evaluations.http.get(PATH, params={"prefix": evaluation_id})).json()
    return [e["status"] for e in page["evaluations"]] == ["done"] or None


async def test_the_cap_holds_and_a_higher_one_continues(evaluations: Evaluations) -> None:
    """1.00 USD makes two takes of 0.40; sent again with more, the rest is made, and none is paid twice."""
    body = evaluations.body(PICTURES, "vendor/now", max_usd="1.00")
    answer = await evaluations.http.post(PATH, json=body)
    assert answer.status_code == 202, answer.text
    view = await evaluations.until(body["evaluation_id"], "capped")
    assert (view["made"], Decimal(view["spent_usd"])) == (2, Decimal("0.80"))
    assert "higher max_usd" in view["message"]
    assert len(evaluations.vendor.billed) == 2
    again = await evaluations.http.post(PATH, json={**body, "max_usd": "2.40"})
    assert again.status_code == 202, again.text
    view = await evaluations.until(body["evaluation_id"], "done")
    assert (view["made"], Decimal(view["spent_usd"])) == (6, Decimal("2.40"))
    assert len(evaluations.vendor.billed) == len(set(evaluations.vendor.billed)) == 6


async def test_a_case_starts_only_with_all_its_models(evaluations: Evaluations) -> None:
    """With 1.00 USD and 0.80 for a case of two models, one case is made by both and no other begins."""
    view = await evaluations.start(PICTURES, "vendor/now", "vendor/later", max_usd="1.00")
    view = await evaluations.until(view["evaluation_id"], "capped")
    assert [p["made"] for p in view["progress"]] == [1, 1]
    assert Decimal(view["spent_usd"]) == Decimal("0.80")


async def test_refusals_name_the_field(evaluations: Evaluations) -> None:
    """A broken line, an unknown model or metric and a cap below one case are refused at once, and nothing is paid."""
    http = evaluations.http
    broken = problem(await http.post(PATH, json=evaluations.body('{"prompt": "x"}\nnope', "vendor/gift")), 422)
    assert (broken.errors[0].field, broken.errors[0].message.partition(":")[0]) == ("cases", "line 2")
    unknown = problem(await http.post(PATH, json=evaluations.body(PICTURES, "vendor/gone")), 422)
    assert unknown.errors[0].field == "models[0]"
    assert "choose from" in unknown.errors[0].remedy
    metric = problem(await http.post(PATH, json=evaluations.body(PICTURES, "vendor/gift", metrics=["fid"])), 422)
    assert metric.errors[0].field == "metrics[0]"
    body = evaluations.body(PICTURES, "vendor/now", max_usd="0.39")
    short = problem(await http.post(PATH, json=body), 422)
    assert short.errors[0].field == "max_usd"
    assert "0.40" in short.errors[0].remedy
    assert not evaluations.vendor.billed
    corrected = await http.post(PATH, json={**body, "max_usd": "0.40"})  # the id of a refusal is free
    assert corrected.status_code == 202, corrected.text
    await evaluations.until(body["evaluation_id"], "capped")


async def test_an_id_is_one_evaluation(evaluations: Evaluations) -> None:
    """The same request starts nothing again, and other cases under the same id are refused."""
    body = evaluations.body(PICTURES, "vendor/gift")
    for _ in range(2):
        assert (await evaluations.http.post(PATH, json=body)).status_code == 202
    await evaluations.until(body["evaluation_id"], "done")
    assert (await evaluations.http.post(PATH, json=body)).json()["view"]["status"] == "done"
    assert len(evaluations.vendor.billed) == 6
    other = await evaluations.http.post(PATH, json={**body, "cases": '{"prompt": "Another"}'})
    assert problem(other, 409).errors[0].field == "evaluation_id"


async def test_a_judge_scores_takes_within_the_cap(evaluations: Evaluations) -> None:
    """The scores of a judge that sees what pictures lack are in the report with its reasons. Its bills are part of the
    cost. A run that is reset to its beginning finds takes and verdicts, and has the same cost."""
    studio, before = evaluations.studio, evaluations.studio.billed_usd
    view = await evaluations.start(FOXES, PAINTER, "vendor/gift", metrics=["judge_score"], max_usd="2.00")
    evaluation_id = view["evaluation_id"]
    view = await evaluations.until(evaluation_id, "done")
    report = await evaluations.get(evaluation_id, "report")
    assert [f["interval"]["mean"] for f in report["figures"]] == pytest.approx([0.7, 0.4])
    _check_bill(view, studio.billed_usd - before, requests=9)
    assert len(studio.verdicts) == 6
    (first, *_) = (await evaluations.get(evaluation_id, "cases"))["cases"]
    assert "is 0.4" in first["cells"][0]["notes"]["judge_score"]
    sent = len(studio.submissions)
    await _reset(evaluations, evaluation_id)
    again = await evaluations.until(evaluation_id, "done")
    assert (again["made"], again["spent_usd"]) == (6, view["spent_usd"])
    assert len(studio.submissions) == sent


async def _reset(evaluations: Evaluations, evaluation_id: str) -> None:
    """Reset a run to its beginning, and wait for the next one."""
    handle = evaluations.client.get_workflow_handle(object_keys.evaluation_workflow_id(evaluation_id))
    described = await handle.describe()
    await evaluations.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=evaluations.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=described.run_id),
            workflow_task_finish_event_id=4,
            reason="a test",
            request_id=evaluation_id,
        )
    )

    async def other_run() -> bool | None:
        return (await handle.describe()).run_id != described.run_id or None

    await eventually(other_run)


async def test_cancelling_during_a_verdict_keeps_its_take(evaluations: Evaluations) -> None:
    """The bill of a verdict under way counts, and its take is measured and reported without a score."""
    studio, before = evaluations.studio, evaluations.studio.billed_usd
    reached, go = threading.Event(), threading.Event()

    def held(body: dict[str, Any]) -> str:
        reached.set()
        go.wait(WITHIN)
        return look(body)

    async def asked() -> bool | None:
        return reached.is_set() or None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio, "answer_text", held)
        given = {"metrics": ["judge_score", "clean"], "max_usd": "1.00"}
        evaluation_id = (await evaluations.start(FOXES.partition("\n")[0], "vendor/gift", **given))["evaluation_id"]
        await eventually(asked)
        assert (await evaluations.http.post(f"{PATH}/{evaluation_id}/cancel")).status_code == 200
        go.set()
        view = await evaluations.until(evaluation_id, "cancelled")
    figures = (await evaluations.get(evaluation_id, "report"))["figures"]
    assert (view["made"], [f["metric"] for f in figures]) == (1, ["clean"])
    _check_bill(view, studio.billed_usd - before, requests=1)


def _check_bill(view: dict[str, Any], billed: Decimal, requests: int) -> None:
    """The cost is what the vendor billed, of which each request is rounded up to a hundredth of a cent."""
    assert 0 < billed <= Decimal(view["spent_usd"]) < billed + requests * Decimal("0.0001")


async def test_a_lost_response_counts(evaluations: Evaluations) -> None:
    """A lost response counts, its take is not submitted again where that is ambiguous, and no cap is exceeded."""
    evaluations.vendor.script = ["die"]
    view = await evaluations.start(PICTURES, "vendor/now", max_usd="2.40", at_once=2)
    view = await evaluations.until(view["evaluation_id"], "done", "capped")
    assert Decimal(view["spent_usd"]) <= Decimal("2.40")
    assert Decimal(view["spent_usd"]) >= Decimal("0.40") * len(evaluations.vendor.billed)
    assert view["failed"] == 1
    assert "vendor/now" in view["failures"][0]["model"]


async def test_cancelling_stops_jobs_and_reports(evaluations: Evaluations) -> None:
    """Takes under way are stopped and their bills count; the report has what was made."""
    evaluations.vendor.polls = 10_000
    view = await evaluations.start(PICTURES, "vendor/later", max_usd="2.40", at_once=3)
    evaluation_id = view["evaluation_id"]

    async def submitted() -> bool | None:
        return len(evaluations.vendor.jobs) == 3 or None

    await eventually(submitted)
    answer = await evaluations.http.post(f"{PATH}/{evaluation_id}/cancel")
    assert answer.status_code == 200, answer.text
    view = await evaluations.until(evaluation_id, "cancelled")
    assert (view["made"], len(evaluations.vendor.billed)) == (0, 3)
    assert not evaluations.vendor.jobs
    assert Decimal(view["spent_usd"]) <= Decimal("1.20")
    assert not (await evaluations.get(evaluation_id, "report"))["figures"]
    assert problem(await evaluations.http.post(f"{PATH}/{evaluation_id}/cancel"), 409)


async def test_a_paused_evaluation_starts_nothing(evaluations: Evaluations) -> None:
    """While it is paused, what is under way ends and nothing else begins; resumed, it is done."""
    evaluations.vendor.gate = asyncio.Event()
    view = await evaluations.start(PICTURES, "vendor/now", max_usd="2.40", at_once=1)
    evaluation_id = view["evaluation_id"]
    await evaluations.vendor.reached.wait()
    assert (await evaluations.http.post(f"{PATH}/{evaluation_id}/pause")).json()["status"] == "paused"
    evaluations.vendor.gate.set()

    async def one_made() -> bool | None:
        return (await evaluations.view(evaluation_id))["made"] >= 1 or None

    await eventually(one_made)
    assert (await evaluations.view(evaluation_id))["status"] == "paused"
    assert len(evaluations.vendor.billed) == 1  # the one under way; one that had been admitted waits
    assert (await evaluations.http.post(f"{PATH}/{evaluation_id}/resume")).status_code == 200
    assert (await evaluations.until(evaluation_id, "done"))["made"] == 6


async def test_people_vote_without_seeing_the_model(evaluations: Evaluations) -> None:
    """A person compares each pair once; neither ids nor links show the model, and the strengths are reported."""
    view = await evaluations.start(MIXED.splitlines()[0], *PREVIZ[:2])
    evaluation_id = view["evaluation_id"]
    await evaluations.until(evaluation_id, "done")
    pair = await evaluations.get(evaluation_id, "pair", voter="ben")
    assert (pair["done"], pair["total"]) == (0, 1)
    assert "narration" not in json.dumps(pair)
    media = await evaluations.http.get(pair["left"]["media"], params={"voter": "ben"})
    assert media.status_code == 307
    assert "rate" not in media.headers["location"]
    vote = {"pair_id": pair["pair_id"], "choice": "left", "voter": "ben"}
    after = await evaluations.http.post(f"{PATH}/{evaluation_id}/votes", json=vote)
    assert (after.json()["pair_id"], after.json()["done"]) == (None, 1)
    await evaluations.http.post(f"{PATH}/{evaluation_id}/votes", json={**vote, "choice": "tie"})
    found = (await evaluations.get(evaluation_id, "report"))["preference"]
    assert (found["votes"], found["voters"], found["strengths"][0]["ties"]) == (1, 1, 1)
    assert problem(
        await evaluations.http.post(f"{PATH}/{evaluation_id}/votes", json={**vote, "pair_id": "0" * 20}), 404
    )


async def test_two_evaluations_are_compared(evaluations: Evaluations) -> None:
    """The same model over the same cases has a difference of zero in what is deterministic."""
    ids = []
    for _ in range(2):
        view = await evaluations.start("\n".join(MIXED.splitlines()[:2]), PREVIZ[0])
        ids.append((await evaluations.until(view["evaluation_id"], "done"))["evaluation_id"])
    found = await evaluations.get(ids[0], "compare", to=ids[1])
    assert found["same_cases"] == 2
    pace = next(row for row in found["rows"] if row["metric"] == "pace")
    assert (pace["difference"]["mean"], pace["difference"]["paired"]) == (0, True)

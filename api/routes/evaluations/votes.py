"""Routes of blind votes: two takes of one case, without the names of their models."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse

from api.auth.caller import Caller
from api.deps import CurrentCaller, KnownEvaluation, ServicesDep
from api.problems import Problem, documented
from api.routes.evaluations.stored import read_report, store_vote, stored_votes, voter_name
from api.storage import no_media
from api.views.evaluations import PairSide, PairView, VoteBody
from api.views.production import PREFIX
from workflows.evaluation.preference import Pair, Vote, is_swapped
from workflows.evaluation.records import CellResult
from workflows.evaluation.report import EvaluationReport
from workflows.models import Modality, digest_of

router = APIRouter(prefix=f"{PREFIX}/evaluations", tags=["evaluations"], responses=documented(404, 409, 422, 503))

Voter = Annotated[
    str, Query(max_length=200, description="The person who votes; with API keys, the name of the key counts")
]
Side = Literal["left", "right"]
_ANYONE: Final = "anonymous"


@router.get("/{evaluation_id}/pair")
async def next_pair(
    services: ServicesDep, caller: CurrentCaller, evaluation_id: KnownEvaluation, voter: Voter = _ANYONE
) -> PairView:
    """The next pair that this person has not compared. Order and sides are by chance, and differ between people."""
    report = await read_report(services, evaluation_id)
    name = voter_name(_voter(caller, voter))
    pairs = report.pairs()
    known = {pair.pair_id for pair in pairs}
    done = {vote.pair_id for vote in await stored_votes(services, evaluation_id, name)} & known
    left = [pair for pair in pairs if pair.pair_id not in done]
    if not left:
        return PairView(done=len(done), total=len(pairs))
    pair = min(left, key=lambda each: digest_of([each.pair_id, name]))
    return _pair_view(report, pair, name, len(done), len(pairs))


@router.post("/{evaluation_id}/votes")
async def vote(
    services: ServicesDep, caller: CurrentCaller, evaluation_id: KnownEvaluation, body: VoteBody
) -> PairView:
    """Store a choice, and return the next pair."""
    report = await read_report(services, evaluation_id)
    voter = _voter(caller, body.voter)
    name = voter_name(voter)
    _find(report, body.pair_id)
    await store_vote(services, evaluation_id, Vote(pair_id=body.pair_id, voter=name, choice=_choice(body, name)))
    return await next_pair(services, caller, evaluation_id, voter)


@router.get(
    "/{evaluation_id}/pairs/{pair_id}/{side}",
    status_code=307,
    response_class=RedirectResponse,
    responses={307: {"description": "To the bytes, for 15 minutes"}},
)
async def pair_media(
    services: ServicesDep,
    caller: CurrentCaller,
    evaluation_id: KnownEvaluation,
    pair_id: str,
    side: Side,
    voter: Voter = _ANYONE,
) -> RedirectResponse:
    """The file of one side of a pair. Neither its address nor its name shows the model."""
    report = await read_report(services, evaluation_id)
    found = _sides(report, _find(report, pair_id), voter_name(_voter(caller, voter)))[side == "right"]
    if found.media is None:
        raise no_media("The take")
    extension = found.media.key.rpartition(".")[2]
    link = await services.vault.link(found.media.key, f"{side}.{extension}")
    return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})


def _voter(caller: Caller, voter: str) -> str:
    return voter or _ANYONE if caller.tenant is None else caller.name


def _choice(body: VoteBody, name: str) -> Literal["first", "second", "tie"]:
    if body.choice == "tie":
        return "tie"
    return "second" if (body.choice == "left") == is_swapped(body.pair_id, name) else "first"


def _find(report: EvaluationReport, pair_id: str) -> Pair:
    found = next((pair for pair in report.pairs() if pair.pair_id == pair_id), None)
    if found is None:
        raise Problem.of_field(
            "pair_id", f"there is no pair {pair_id[:20]!r}", "GET the next pair", status=404, kind="unknown-pair"
        )
    return found


def _sides(report: EvaluationReport, pair: Pair, name: str) -> tuple[CellResult, CellResult]:
    cells = {cell.number: cell for case in report.cases for cell in case.cells}
    first, second = cells[pair.first_cell], cells[pair.second_cell]
    return (second, first) if is_swapped(pair.pair_id, name) else (first, second)


def _pair_view(report: EvaluationReport, pair: Pair, name: str, done: int, total: int) -> PairView:
    left, right = _sides(report, pair, name)
    path = f"{PREFIX}/evaluations/{report.view.evaluation_id}/pairs/{pair.pair_id}"
    return PairView(
        pair_id=pair.pair_id,
        modality=left.modality,
        prompt=left.prompt,
        left=_side(left, f"{path}/left"),
        right=_side(right, f"{path}/right"),
        done=done,
        total=total,
    )


def _side(cell: CellResult, path: str) -> PairSide:
    assert cell.media is not None
    text = cell.modality is Modality.TEXT
    return PairSide(media_type=cell.media.media_type, media=None if text else path, text=cell.excerpt if text else "")

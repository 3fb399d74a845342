"""The client's endpoints of evaluations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from api.client.transport import Transport, not_seen, query
from api.views.evaluations import (
    CasePage,
    EvaluationBody,
    EvaluationPage,
    EvaluationResponse,
    ListedEvaluation,
    MetricList,
    PairView,
    VoteBody,
)
from workflows.evaluation.records import EvaluationView
from workflows.evaluation.report import Comparison, FullSummary
from workflows.provider_report import MetricInfo


class EvaluationEndpoints(Transport):
    """Evaluations: models measured over cases."""

    def metrics(self) -> tuple[MetricInfo, ...]:
        """All metrics of the workers."""
        found = self._request("GET", "/evaluation-metrics", MetricList)
        return found.metrics

    def start_evaluation(self, body: EvaluationBody, *, idempotency_key: str | None = None) -> EvaluationResponse:
        """Start an evaluation; it is checked and priced first. The same evaluation_id pays for nothing twice."""
        return self._request("POST", "/evaluations", EvaluationResponse, body=body, key=idempotency_key)

    def evaluation(self, evaluation_id: str) -> EvaluationView:
        """The state of an evaluation."""
        found = self._request("GET", _path(evaluation_id), EvaluationResponse)
        return found.view

    def evaluations(self, *, prefix: str | None = None, page_size: int = 50) -> Iterator[ListedEvaluation]:
        """Evaluations, open ones first; pages are requested when needed.

        Args:
            prefix: The ids begin with it.
        """
        seen: set[str] = set()
        for page in self._pages("/evaluations", EvaluationPage, query(prefix=prefix, page_size=page_size)):
            yield from not_seen(page.evaluations, "evaluation_id", seen)

    def change_evaluation(self, evaluation_id: str, change: Literal["pause", "resume", "cancel"]) -> EvaluationView:
        """Pause, resume or cancel it; what is made stays."""
        return self._request("POST", f"{_path(evaluation_id)}/{change}", EvaluationView)

    def evaluation_report(self, evaluation_id: str) -> FullSummary:
        """Each metric for each model with intervals, and the strengths by votes."""
        return self._request("GET", f"{_path(evaluation_id)}/report", FullSummary)

    def evaluation_cases(self, evaluation_id: str, *, after: int = 0, limit: int = 20) -> CasePage:
        """Cases with the results of all models."""
        parameters = query(after=after, limit=limit)
        return self._request("GET", f"{_path(evaluation_id)}/cases", CasePage, params=parameters)

    def compare_evaluations(self, evaluation_id: str, to: str) -> Comparison:
        """The second evaluation minus the first, for each model and metric that both have."""
        return self._request("GET", f"{_path(evaluation_id)}/compare", Comparison, params=query(to=to))

    def download_evaluation_page(self, evaluation_id: str, to: Path) -> Path:
        """Download the report as one HTML page that needs no other file."""
        return self._download(f"{_path(evaluation_id)}/report.html", to)

    def next_pair(self, evaluation_id: str, *, voter: str = "anonymous") -> PairView:
        """Two takes of one case, without the names of their models."""
        return self._request("GET", f"{_path(evaluation_id)}/pair", PairView, params=query(voter=voter))

    def vote(self, evaluation_id: str, body: VoteBody) -> PairView:
        """Store a choice, and return the next pair."""
        return self._request("POST", f"{_path(evaluation_id)}/votes", PairView, body=body)


def _path(evaluation_id: str) -> str:
    return f"/evaluations/{quote(evaluation_id, safe='')}"

"""What the bucket keeps of an evaluation: its report, its takes, and the votes of people."""

import hashlib
from typing import TYPE_CHECKING, Final, get_args

from api.deps import Services
from api.problems import Problem
from api.storage import parse_record
from workflows import keys
from workflows.evaluation import object_keys
from workflows.evaluation.preference import Choice, Preference, Vote
from workflows.evaluation.records import CellResult
from workflows.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)


async def read_report(services: Services, evaluation_id: str) -> EvaluationReport:
    """The report as the bucket keeps it.

    Raises:
        Problem: 404 where there is no such evaluation; 409 where it has no report yet; 503.
    """
    key = object_keys.report_key(evaluation_id, "json")
    content = await services.vault.content(key)
    if content is not None:
        return parse_record(EvaluationReport, key, content)
    view = await services.evaluations.view(evaluation_id)
    message = f"the evaluation is {view.status.value} and has no report"
    raise Problem.of_field("evaluation_id", message, "wait until it is done", status=409, kind="wrong-phase")


async def stored_cell(services: Services, evaluation_id: str, cell: int) -> CellResult | None:
    key = object_keys.result_key(evaluation_id, cell)
    content = await services.vault.content(key)
    return parse_record(CellResult, key, content) if content else None


def voter_name(voter: str) -> str:
    """The name of a person in keys: people's names have any characters."""
    return hashlib.sha256(voter.encode()).hexdigest()[: keys.DIGEST_CHARS]


async def stored_votes(services: Services, evaluation_id: str, voter: str = "") -> list[Vote]:
    """All votes, or those of one person (`voter_name`). Of two choices about a pair, the newer one counts."""
    prefix = object_keys.votes_prefix(evaluation_id)
    listed = await services.vault.listed(f"{prefix}{voter}/" if voter else prefix)
    found: dict[tuple[str, str], Vote] = {}
    for each in sorted(listed, key=lambda one: one.stored_at):
        name, pair_id, choice = each.key.removeprefix(prefix).split("/")
        found[name, pair_id] = Vote(pair_id=pair_id, voter=name, choice=choice)
    return [*found.values()]


async def store_vote(services: Services, evaluation_id: str, vote: Vote) -> None:
    """Store the choice of a person, and delete another one about the same pair."""
    folder = f"{object_keys.votes_prefix(evaluation_id)}{vote.voter}/{vote.pair_id}/"

    def write(client: "S3Client", bucket: str) -> None:
        client.put_object(Bucket=bucket, Key=f"{folder}{vote.choice}", Body=b"")
        for other in CHOICES:
            if other != vote.choice:
                client.delete_object(Bucket=bucket, Key=f"{folder}{other}")

    await services.vault.call(write)


async def read_votes(services: Services, report: EvaluationReport) -> Preference | None:
    """The strengths of the models by all votes; None where there is none."""
    from workflows.evaluation.preference import preference

    votes = await stored_votes(services, report.view.evaluation_id)
    return preference(report.pairs(), votes, len(report.view.columns)) if votes else None

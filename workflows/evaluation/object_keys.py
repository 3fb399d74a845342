"""The ids of an evaluation, and the keys of its objects; `workflows.keys` lists them all. Pure."""


def evaluation_workflow_id(evaluation_id: str) -> str:
    return f"evaluation-{evaluation_id}"


def evaluation_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("evaluation-")


def evaluation_takes(evaluation_id: str) -> str:
    """The id under which the takes of an evaluation are stored, like those of a production. No production has it,
    because its id has no tilde; the tenant stays in front."""
    head, dot, name = evaluation_id.rpartition(".")
    return f"{head}{dot}evaluation~{name}"


def evaluation_prefix(evaluation_id: str) -> str:
    return f"evaluations/{evaluation_id}"


def evaluation_record_key(evaluation_id: str) -> str:
    return f"{evaluation_prefix(evaluation_id)}/record.json"


def cells_key(evaluation_id: str, page: int) -> str:
    return f"{evaluation_prefix(evaluation_id)}/cells/{page:05}.json"


def results_prefix(evaluation_id: str) -> str:
    return f"{evaluation_prefix(evaluation_id)}/results/"


def result_key(evaluation_id: str, cell: int) -> str:
    return f"{results_prefix(evaluation_id)}{cell:05}.json"


def vectors_prefix(evaluation_id: str) -> str:
    return f"{evaluation_prefix(evaluation_id)}/vectors/"


def vectors_key(evaluation_id: str, cell: int) -> str:
    """Of a cell: an array of each metric of sets, and those of its reference (`.npz`)."""
    return f"{vectors_prefix(evaluation_id)}{cell:05}.npz"


def cell_of(key: str) -> int:
    """The number of the cell in the key of its vectors."""
    return int(key.rpartition("/")[2].partition(".")[0])


def report_key(evaluation_id: str, extension: str) -> str:
    return f"{evaluation_prefix(evaluation_id)}/report.{extension}"


def votes_prefix(evaluation_id: str) -> str:
    return f"{evaluation_prefix(evaluation_id)}/votes/"

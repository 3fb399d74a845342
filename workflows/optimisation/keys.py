"""The ids and object keys of optimisations; `workflows.keys` lists them."""


def optimisation_workflow_id(optimisation_id: str) -> str:
    return f"optimisation-{optimisation_id}"


def optimisation_id_of(workflow_id: str) -> str:
    return workflow_id.removeprefix("optimisation-")


def optimisation_questions(optimisation_id: str) -> str:
    """The id under which the questions of an optimisation are stored, like those of a production. No production has it,
    because its id has no tilde; the tenant stays in front."""
    head, dot, name = optimisation_id.rpartition(".")
    return f"{head}{dot}optimisation~{name}"


def optimisation_record_key(optimisation_id: str) -> str:
    return f"optimisations/{optimisation_id}/record.json"

"""The activities, ids and object keys of optimisations."""

from typing import Final

PREPARE_OPTIMISATION: Final = "prepare_optimisation"
"""An activity: checks and prices an optimisation, and stores its cases."""
SEARCH_PROMPT: Final = "search_prompt"
"""An activity: searches a better text of a prompt on the training cases."""
COMPARE_PROMPT: Final = "compare_prompt"
"""An activity: compares the text that was found on the held-out cases, and stores it as a version."""
SETTLE_OPTIMISATION: Final = "settle_optimisation"
"""An activity: allows no further question of an optimisation, and sums the bills."""


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

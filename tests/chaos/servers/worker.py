"""`python -m tests.chaos.servers.worker`: the product's worker with shorter timeouts.

Activities of a killed worker are retried after 5 s instead of 15, and jobs are polled every second or two: a trial
takes half a minute instead of some minutes. Nothing else differs.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Final

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion

from activities.catalogue import loader
from activities.catalogue.offers import Offer
from activities.providers import http_failures
from activities.providers.runway import answer
from activities.takes import attempt
from workflows.production import activity_options

LOOK: Final = timedelta(seconds=1)
USUALLY_SECONDS: Final = 2.0
SHORTER: Final[Mapping[ModuleType, Mapping[str, object]]] = {
    activity_options: {"HEARTBEAT": timedelta(seconds=5)},
    attempt: {"HEARTBEAT_SECONDS": 1.0},
    answer: {"LIMITED_SECONDS": 1.0},
    http_failures: {"POLL_TIMEOUT_SECONDS": 6.0, "RESPONSE_TIMEOUT_SECONDS": 8.0},
}
"""Module -> its shorter limits; the modules that are imported later read them."""

log = logging.getLogger("activations")
read = loader.read_catalogue


def quick(file: Traversable | Path) -> list[Offer]:
    """The catalogue, with the usual times of emulated jobs."""
    return [replace(offer, expected_seconds=min(offer.expected_seconds, USUALLY_SECONDS)) for offer in read(file)]


def shorten() -> None:
    """Shorten the limits, before any other module of the worker is imported."""
    for module, names in SHORTER.items():
        vars(module).update(names)
    vars(loader)["read_catalogue"] = quick
    from activities.providers.runway import provider
    from activities.takes import paid

    vars(paid)["POLL_AGAIN"] = vars(provider)["POLL_INTERVAL"] = LOOK


def trace() -> None:
    """Log the jobs and the commands of each activation: a history does not have the cause of a failure."""
    from worker import query_guard

    activate = query_guard._Guarded.activate

    def traced(self: query_guard._Guarded, act: WorkflowActivation) -> WorkflowActivationCompletion:
        done = activate(self, act)
        jobs = [job.WhichOneof("variant") for job in act.jobs]
        commands = [command.WhichOneof("variant") for command in done.successful.commands]
        how = "replayed" if act.is_replaying else "live"
        log.info("%s %s %s %s -> %s %s", act.run_id, act.history_length, how, jobs, done.WhichOneof("status"), commands)
        return done

    query_guard._Guarded.activate = traced  # type: ignore[method-assign]


if __name__ == "__main__":
    shorten()
    trace()
    from worker.__main__ import main

    main()

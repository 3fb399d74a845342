"""An optimisation of the delivery prompt over fifty cases on the whole stack, by each method: it outlives its worker,
its questions are paid once, and it stops at its cap."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import pytest

from activities.optimisation.methods.registry import missing_of
from api.client.client import GreenlightClient
from api.views.prompts.optimisations import OptimisationBody
from deploy.local import Stack, running_stack
from tests.activities.optimisation.test_optimisation import MODEL, SECRET, Voices, cases
from tests.support.stack import new_home
from tests.support.vendors import env_of
from tests.support.waiting import until
from workflows.models import digest_of
from workflows.optimisation.records import MethodName, OptimisationStatus, OptimisationView

pytestmark = pytest.mark.trial

CASES: Final = 50
KILLED_AFTER: Final = (15, 50, 85)
"""Requests of the search when the worker is killed."""
AT_ONCE: Final = 20
"""Requests under way when a worker is killed; their answers may be lost, so they may be sent again."""
_log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Voices]:
    with Voices() as emulator:
        emulator.slow_seconds = 0.05
        yield emulator


@pytest.fixture(scope="module")
def stack(vendor: Voices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = new_home(tmp_path_factory.mktemp("optimisation") / "home")
    with running_stack(home, ports="free", environ={**os.environ, **env_of("openai", vendor)}) as stack:
        yield stack


@pytest.mark.parametrize("method", ["halving", "mipro", "gepa"])
def test_the_delivery_prompt_is_optimised_over_fifty_cases(stack: Stack, vendor: Voices, method: MethodName) -> None:
    """The workers are killed three times, and the better text and its gain are found all the same. Only answers that
    died with a worker are asked again, and the bill is within what is on record. A small cap ends the search."""
    if reason := missing_of(method):
        pytest.skip(reason)
    body = OptimisationBody(
        name="delivery", cases=cases(CASES), metric="overlap", model=MODEL, method=method, candidates=4,
        max_usd=Decimal(2), optimisation_id=f"whole-{method}",
    )  # fmt: skip
    with GreenlightClient(stack.info.api_url) as greenlight:
        vendor.counts, vendor.proposals = True, 0
        before, sent = vendor.billed_usd, len(vendor.submissions)
        greenlight.start_optimisation(body)
        for after in KILLED_AFTER:
            _until_sent(vendor, sent + after)
            stack.supervisor.kill("worker")
        view = _until_closed(greenlight, f"whole-{method}")
        asked = Counter(digest_of(call.json) for call in vendor.submissions[sent:])
        again = sum(count - 1 for count in asked.values())
        _report(view, vendor.billed_usd - before, len(vendor.submissions) - sent, again)
        assert view.status is OptimisationStatus.DONE
        assert view.gain is not None
        assert view.gain.gain.clear
        assert (view.gain.held_out, view.gain.trained) == (20, 30)
        assert SECRET in greenlight.prompt_version("delivery", view.version).text
        assert vendor.billed_usd - before <= view.spent_usd <= body.max_usd
        assert again <= len(KILLED_AFTER) * AT_ONCE

        assert view.prepared is not None
        least = view.prepared.least_usd
        before, sent = vendor.billed_usd, len(vendor.submissions)
        vendor.counts = False  # an answer without its usage counts with the most that it may cost
        small = body.model_copy(update={"optimisation_id": f"small-{method}", "max_usd": least, "cases": cases(49)})
        greenlight.start_optimisation(small)
        view = _until_closed(greenlight, f"small-{method}")
        _report(view, vendor.billed_usd - before, len(vendor.submissions) - sent, 0)
        assert view.searched is not None
        assert view.searched.capped
        assert vendor.billed_usd - before <= view.spent_usd <= least


def _until_sent(vendor: Voices, requests: int) -> None:
    until(lambda: len(vendor.submissions) >= requests, f"{requests} requests")


def _until_closed(greenlight: GreenlightClient, optimisation_id: str) -> OptimisationView:
    until(lambda: greenlight.optimisation(optimisation_id).status.closed, f"{optimisation_id} is closed")
    return greenlight.optimisation(optimisation_id)


def _report(view: OptimisationView, billed: Decimal, sent: int, again: int) -> None:
    gain = view.gain.gain.mean if view.gain else None
    _log.info("%s: %s, gain %s: %s", view.optimisation_id, view.status.value, gain, view.message)
    _log.info("spent %s, billed %s, %d requests, %d again", view.spent_usd, billed, sent, again)

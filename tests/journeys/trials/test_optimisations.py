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
CAPPED_KILL_AFTER: Final = 20
"""The same of the search that ends at its cap, of 60 requests."""
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
    died with a worker are asked again, and the bill is within what is on record. A search that always finds better
    texts ends at a small cap, also where its worker is killed."""
    if reason := missing_of(method):
        pytest.skip(reason)
    body = OptimisationBody(
        name="delivery", cases=cases(CASES), metric="overlap", model=MODEL, method=method, candidates=4,
        max_usd=Decimal(2), optimisation_id=f"whole-{method}",
    )  # fmt: skip
    with GreenlightClient(stack.info.api_url) as greenlight:
        vendor.counts, vendor.climbs, vendor.proposals = True, False, 0
        before, sent = vendor.billed_usd, len(vendor.submissions)
        greenlight.start_optimisation(body)
        for after in KILLED_AFTER:
            _until_sent(vendor, sent + after)
            stack.supervisor.kill("worker")
        view = _until_closed(greenlight, f"whole-{method}")
        again = _report(view, vendor, before, sent)
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
        vendor.climbs = True  # each proposal is better than the one before, so that no method ends by itself
        vendor.counts = False  # an answer without its usage counts with the most that it may cost
        small = body.model_copy(update={"optimisation_id": f"small-{method}", "max_usd": least, "cases": cases(49)})
        greenlight.start_optimisation(small)
        _until_sent(vendor, sent + CAPPED_KILL_AFTER)
        stack.supervisor.kill("worker")
        view = _until_closed(greenlight, f"small-{method}")
        again = _report(view, vendor, before, sent)
        assert view.searched is not None
        assert view.searched.capped
        assert vendor.billed_usd - before <= view.spent_usd <= least
        assert again <= AT_ONCE


def _until_sent(vendor: Voices, requests: int) -> None:
    until(lambda: len(vendor.submissions) >= requests, f"{requests} requests")


def _until_closed(greenlight: GreenlightClient, optimisation_id: str) -> OptimisationView:
    until(lambda: greenlight.optimisation(optimisation_id).status.closed, f"{optimisation_id} is closed")
    return greenlight.optimisation(optimisation_id)


def _report(view: OptimisationView, vendor: Voices, before: Decimal, sent: int) -> int:
    """Log the figures of a search, and return how many of its requests were sent again."""
    asked = Counter(digest_of(call.json) for call in vendor.submissions[sent:])
    again = sum(asked.values()) - len(asked)
    gain = view.gain.gain.mean if view.gain else None
    _log.info("%s: %s, gain %s: %s", view.optimisation_id, view.status.value, gain, view.message)
    billed, on_record = vendor.billed_usd - before, view.spent_usd
    _log.info("spent %s, billed %s, %d requests, %d again", on_record, billed, sum(asked.values()), again)
    return again

"""A trial of several hosts for each fault of the network, and the switch that joins them.

`make hosts` plays more and larger ones.
"""

import random

import pytest

from tests.chaos.hosts.network import missing
from tests.chaos.hosts.switch import Links, receivers
from tests.chaos.hosts.trial import TRIES, Try, run

FRAME = bytes([2, 0, 0, 0, 0, 2, *range(8)])


@pytest.mark.trial
@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("which", TRIES)
def test_hosts(which: Try) -> None:
    """A production passes the audit of chaos while the network between its hosts fails, or their clocks are off."""
    outcome = run(which, 1, 1)
    assert outcome.problems == []
    assert outcome.statuses.total() == 1


def test_the_switch_keeps_what_is_cut_and_loses_a_share() -> None:
    """Nothing passes a cut link in either direction, and a share of the other frames is lost."""
    links = Links(frozenset([frozenset([0, 2])]), delay=0.04, loss=0.25)
    assert Links.parse(links.line()) == links
    dice = random.Random(1)
    assert not any(links.passes(a, b, dice) for a, b in ((0, 2), (2, 0)) for _ in range(20))
    assert 650 < sum(links.passes(0, 1, dice) for _ in range(1_000)) < 850


def test_frames_reach_the_hosts_that_they_name() -> None:
    """A frame reaches the host in its address, a broadcast all others, and anything else nobody."""
    assert receivers(FRAME, 0, 3) == [2]
    assert receivers(b"\xff" * 6 + FRAME[6:], 1, 3) == [0, 2]
    assert not receivers(FRAME, 2, 3)
    assert not receivers(FRAME, 0, 2)
    assert not receivers(b"short", 0, 3)

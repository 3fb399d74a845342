"""Estimates: the price ranges of the plan, to compare with the actual costs. Pure."""

from typing import Final

from workflows.events import AssetState, Snapshot
from workflows.models import UPLOAD, ZERO, Asset, Estimate

NOTHING: Final = Estimate(low=ZERO, high=ZERO)


def asset_estimate(asset: Asset, state: AssetState) -> Estimate | None:
    """The price range of all takes of an asset, or of its first take; None for an asset without a price.

    A take that an earlier version stored has no estimate: the asset's present price is used. A person's own file costs
    nothing.
    """
    made = [take for take in state.takes if take.provider != UPLOAD]
    ranges = [take.estimate_usd or asset.estimate for take in made] if state.takes else [asset.estimate]
    known = [each for each in ranges if each]
    only_uploads = bool(state.takes) and not made
    return sum(known, NOTHING) if known or only_uploads else None


def production_estimate(snapshot: Snapshot) -> Estimate | None:
    """The price range of the takes of a production and of its assets without a take; None before there is a plan.

    Takes of assets that were dropped from the plan are included, as their costs are in `spent_usd`.
    """
    if snapshot.plan is None:
        return None
    unmade = AssetState()
    ranges = [asset_estimate(a, snapshot.assets.get(a.asset_id, unmade)) for a in snapshot.plan.assets]
    dropped = [state for asset_id, state in snapshot.assets.items() if snapshot.plan.find(asset_id) is None]
    ranges += [take.estimate_usd for state in dropped for take in state.takes]
    ranges += [_review(a, snapshot.assets.get(a.asset_id, unmade)) for a in snapshot.plan.assets]
    return sum(filter(None, ranges), NOTHING)


def _review(asset: Asset, state: AssetState) -> Estimate | None:
    """The price range of the verdicts about the takes of an asset; before its first take, of the whole review."""
    if asset.review is None:
        return None
    review, judged = asset.review, sum(bool(t.verdict and t.verdict.judge) for t in state.takes)
    if not state.takes:
        return Estimate(low=review.low_usd, high=review.most_usd)
    return Estimate(low=judged * review.low_usd, high=judged * review.high_usd)

"""Which takes of a production may be those of another production. Pure."""

from workflows.models import Asset
from workflows.production.state.record import Record
from workflows.reuse.reused import ReuseTerms


def reuse_terms(record: Record, asset: Asset) -> ReuseTerms:
    """How the next take of an asset takes part in reuse.

    It is always a new one where a person requested it, and where the asset has a take from the same request already: a
    repeated request is for another result.
    """
    allowed = record.brief.reuse and not _is_requested(record, asset.asset_id) and not _is_repeated(record, asset)
    return ReuseTerms(allowed=allowed, twin=_twins_before(record, asset.asset_id))


def _is_requested(record: Record, asset_id: str) -> bool:
    return any(e.name == "take_requested" and e.asset_id == asset_id for e in record.events)


def _is_repeated(record: Record, asset: Asset) -> bool:
    sent = (asset.provider, asset.model, asset.prompt, asset.delivery, asset.parameters)
    takes = record.assets[asset.asset_id].takes
    return any((t.provider, t.model, t.prompt, t.delivery, t.parameters) == sent for t in takes)


def _twins_before(record: Record, asset_id: str) -> int:
    """How many earlier assets of the plan have the same prompt."""
    found = 0
    planned = record.find(asset_id)
    for each in record.plan.assets if record.plan and planned else ():
        if each.asset_id == asset_id:
            break
        found += planned is not None and (each.asset_type, each.prompt) == (planned.asset_type, planned.prompt)
    return found

"""The result of `/generate`: the production, and a short text about what was made."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field

from api.views.production import Links, ProductionView, production_view
from workflows.brief import Platform
from workflows.events import ProductionStatus, Snapshot
from workflows.models import Asset, Modality, Take

MAX_RESPONSE_CHARS: Final = 20_000
"""Of the text; a longer one is cut at the end, and the file of its asset has all of it."""
NAMED: Final = 5
"""How many assets a sentence names."""
_NAMES: Final = {Modality.IMAGE: "picture", Modality.VIDEO: "video", Modality.AUDIO: "recording"}


class GenerateView(ProductionView):
    """A production, with a text about its result once that is delivered."""

    response: str | None = Field(
        default=None,
        description="The text that was written, or a description of what was made; null until it is delivered",
    )


def generate_view(
    snapshot: Snapshot, links: Links, texts: Mapping[str, str] | None, revised: Mapping[str, str]
) -> GenerateView:
    """The result, from the takes alone.

    Args:
        texts: Asset id -> the text of its selected take; None where the texts cannot be read.
        revised: Asset id -> the prompt as the vendor rewrote it.
    """
    view = production_view(snapshot, links)
    assets = tuple(
        r.model_copy(update={"revised_prompt": revised[r.asset_id]}) if r.asset_id in revised else r
        for r in view.assets
    )
    fields = {name: getattr(view, name) for name in ProductionView.model_fields}
    return GenerateView(**fields | {"assets": assets}, response=None if texts is None else describe(snapshot, texts))


def used_takes(snapshot: Snapshot) -> list[tuple[Asset, Take]]:
    """The assets that have a selected take, in plan order."""
    if snapshot.plan is None:
        return []
    states = ((a, snapshot.assets.get(a.asset_id)) for a in snapshot.plan.assets)
    return [(asset, state.take) for asset, state in states if state and state.take]


def describe(snapshot: Snapshot, texts: Mapping[str, str]) -> str | None:
    """The texts of a document, or a description of a film; None until the production is delivered."""
    if snapshot.status is not ProductionStatus.DELIVERED or snapshot.deliverable is None:
        return None
    used = used_takes(snapshot)
    if snapshot.brief.platform is Platform.VIDEO and snapshot.deliverable.files[0].role == "video":
        return _cut(_film(snapshot, used))
    written = [texts[a.asset_id].strip() for a, _ in used if a.asset_id in texts]
    others = [_counted([a for a, _ in used if a.asset_type is kind], name) for kind, name in _NAMES.items()]
    return _cut("\n\n".join([*filter(None, written), *filter(None, others)])) or None


def _film(snapshot: Snapshot, used: Sequence[tuple[Asset, Take]]) -> str:
    made, brief = snapshot.deliverable, snapshot.brief
    assert made is not None
    assert snapshot.plan is not None
    count = len(made.chapters)
    shots = f"{count} shot{'s' * (count != 1)}"
    lines = [f"{snapshot.plan.title}: a film of {made.duration_seconds or 0:.0f} s in {shots}, {brief.aspect}."]
    lines += [f"{n}. {chapter.title} ({_clock(chapter.start_seconds)})" for n, chapter in enumerate(made.chapters, 1)]
    spoken = [take.prompt for asset, take in used if asset.spoken and not asset.language]
    if spoken:
        lines += ["", "Narration: " + " ".join(spoken)]
    return "\n".join(lines)


def _counted(assets: Sequence[Asset], name: str) -> str:
    """'2 pictures: Poster, Card.'; empty for none."""
    if not assets:
        return ""
    named = ", ".join(a.label or a.asset_id for a in assets[:NAMED])
    more = f" and {len(assets) - NAMED} more" if len(assets) > NAMED else ""
    return f"{len(assets)} {name}{'s' * (len(assets) != 1)}: {named}{more}."


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_RESPONSE_CHARS else text[: MAX_RESPONSE_CHARS - 1] + "…"

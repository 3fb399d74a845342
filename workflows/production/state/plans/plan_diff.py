"""The changes from one plan to the next, as lines for people."""

from typing import Final

from pydantic import JsonValue

from workflows.models import Asset, Plan

MAX_LINES: Final = 40
MAX_CHARS: Final = 200
"""The length of a value: the log shows what changed; the plans are stored whole under their digests."""
_FIELDS: Final = (
    "label", "prompt", "delivery", "provider", "model", "parameters", "depends_on", "continues", "last_frame",
)  # fmt: skip


def changes(before: Plan | None, after: Plan) -> list[JsonValue]:
    """Lines of {asset_id?, field, before?, after?}: of new, dropped, moved or changed assets, of cut and title."""
    if before is None:
        return []
    lines = [_line(None, "title", before.title, after.title)] if before.title != after.title else []
    lines += [_line(None, "cut", _cut_of(before), _cut_of(after))] if before.cut != after.cut else []
    lines += [_line(a.asset_id, "dropped", a.prompt, None) for a in before.assets if a.asset_id not in after.by_id]
    for asset in after.assets:
        was = before.find(asset.asset_id)
        if was is None:
            lines.append(_line(asset.asset_id, "added", None, asset.prompt))
        else:
            pairs = ((field, _of(was, field), _of(asset, field)) for field in _FIELDS)
            lines += [_line(asset.asset_id, field, old, new) for field, old, new in pairs if old != new]
    was_in_order = [a.asset_id for a in before.assets if a.asset_id in after.by_id]
    now_in_order = [a.asset_id for a in after.assets if a.asset_id in before.by_id]
    if was_in_order != now_in_order:
        lines.append(_line(None, "order", ", ".join(was_in_order), ", ".join(now_in_order)))
    more = len(lines) - MAX_LINES
    return lines if more <= 0 else [*lines[:MAX_LINES], {"field": "more", "after": f"{more} further changes"}]


def _cut_of(plan: Plan) -> str:
    """The cut in words."""
    joins = [
        f"{each.kind} to {asset_id}" + (f" ({each.seconds:g} s)" if each.kind != "cut" else "")
        for asset_id, each in plan.cut.transitions.items()
    ]
    cut = plan.cut
    texts = [f"{name} “{card.text}”" for name, card in (("title", cut.title), ("end card", cut.end_card)) if card]
    texts += [f"“{third.text}” over {third.asset_id}" for third in cut.lower_thirds]
    texts += [f"also in {', '.join(cut.renditions)}"] if cut.renditions else []
    texts += [f"focus of {i} at {at.x:g}, {at.y:g}" for i, at in cut.focus.items()]
    texts += [f"languages {', '.join(cut.languages)}"] if cut.languages else []
    translated = ((tag, text, words) for tag, known in cut.translations.items() for text, words in known.items())
    texts += [f"“{text}” in {tag}: “{words}”" for tag, text, words in translated]
    end = [f"fade out ({cut.fade_out_seconds:g} s)"] if cut.fade_out_seconds else []
    return ", ".join((*joins, *end, *texts)) or "no transitions"


def _of(asset: Asset, field: str) -> JsonValue:
    value = getattr(asset, field)
    return list(value) if isinstance(value, tuple) else value


def _line(asset_id: str | None, field: str, before: JsonValue, after: JsonValue) -> JsonValue:
    line = {"asset_id": asset_id, "field": field, "before": _cut(before), "after": _cut(after)}
    return {name: value for name, value in line.items() if value is not None}


def _cut(value: JsonValue) -> JsonValue:
    text = value if isinstance(value, str) else None if value is None else str(value)
    return text if text is None or len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "…"

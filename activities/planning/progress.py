"""Progress of a plan that a language model is writing, sent in heartbeats."""

from time import monotonic
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json
from temporalio import activity

from activities.text.model_text import partial_json
from workflows.models import Modality

HEARTBEAT_SECONDS: Final = 1.0
"""The interval of heartbeats; a plan is written within half a minute."""
MAX_CHARS: Final = 300
MAX_ASSETS: Final = 100
"""People read no more while a plan is being written, and the server stores each heartbeat."""
_SHOWN: Final = ("asset_id", "asset_type", "role", "label", "prompt", "provider", "model")


def read_partial_plan(answer: str) -> dict[str, JsonValue]:
    """The number of assets in an unfinished answer, and the first of them; the last one may be incomplete.

    Nothing of it is validated yet: it is only shown to people.
    """
    try:
        draft = from_json(partial_json(answer), allow_partial="trailing-strings")
    except ValueError:
        draft = None
    found = draft.get("assets") if isinstance(draft, dict) else None
    assets: list[JsonValue] = [shown for each in found if (shown := _shown(each))] if isinstance(found, list) else []
    return {"count": len(assets), "assets": assets[:MAX_ASSETS]}


def _shown(piece: object) -> dict[str, JsonValue]:
    """An asset as soon as its type is written."""
    if not isinstance(piece, dict) or piece.get("asset_type") not in list(Modality):
        return {}
    return {k: _short(v) for k, v in piece.items() if k in _SHOWN}


def _short(value: object) -> str:
    return " ".join(value.split())[:MAX_CHARS] if isinstance(value, str) else ""


class PlanProgress:
    """Collects a streamed plan, and reports its assets so far in heartbeats; the first one comes before any text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._heartbeat()

    def __call__(self, piece: str) -> None:
        self._pieces.append(piece)
        if monotonic() - self._last >= HEARTBEAT_SECONDS:
            self._heartbeat()

    def _heartbeat(self) -> None:
        self._last = monotonic()
        activity.heartbeat({"step": "planning", "plan": read_partial_plan("".join(self._pieces))})

"""What a planner has written so far, told to whoever waits for the plan."""

from time import monotonic
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json
from temporalio import activity

from workflows.models import Modality

TELL_SECONDS: Final = 1.0
"""Between two heartbeats; a plan is written within half a minute."""
MAX_CHARS: Final = 300
"""Of each string: nobody reads more while it is being written, and a heartbeat is kept at the server."""
_SHOWN: Final = ("asset_id", "asset_type", "role", "label", "prompt", "provider", "model")


def so_far(written: str) -> dict[str, JsonValue]:
    """The title and the assets of an answer that has not come to its end, the last of them as far as it goes.

    Nothing of it is checked yet: it is for people to look at. Empty where it is no JSON, or has no asset.
    """
    try:
        draft = from_json(written, allow_partial="trailing-strings")
    except ValueError:
        return {}
    if not isinstance(draft, dict) or not isinstance(draft.get("assets"), list):
        return {}
    assets: list[JsonValue] = [shown for each in draft["assets"] if (shown := _shown(each))]
    return {"title": _short(draft.get("title")), "assets": assets} if assets else {}


def _shown(piece: object) -> dict[str, JsonValue]:
    """An asset as soon as its type is written."""
    if not isinstance(piece, dict) or piece.get("asset_type") not in set(Modality):
        return {}
    return {k: _short(v) for k, v in piece.items() if k in _SHOWN}


def _short(value: object) -> str:
    return " ".join(value.split())[:MAX_CHARS] if isinstance(value, str) else ""


class Telling:
    """Hears an answer piece by piece, and says in heartbeats how far it has come."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._told = monotonic()

    def __call__(self, piece: str) -> None:
        self._pieces.append(piece)
        if monotonic() - self._told >= TELL_SECONDS and (plan := so_far("".join(self._pieces))):
            self._told = monotonic()
            activity.heartbeat({"step": "planning", "plan": plan})

"""What a planner has written so far, told to whoever waits for the plan."""

from time import monotonic
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json
from temporalio import activity

from activities.text.model_text import begun_json
from workflows.models import Modality

TELL_SECONDS: Final = 1.0
"""Between two heartbeats; a plan is written within half a minute."""
MAX_CHARS: Final = 300
MAX_ASSETS: Final = 100
"""Nobody reads more while it is being written, and a heartbeat is kept at the server."""
_SHOWN: Final = ("asset_id", "asset_type", "role", "label", "prompt", "provider", "model")


def so_far(written: str) -> dict[str, JsonValue]:
    """How many assets an answer has that has not come to its end, and the first of them, the last as far as it goes.

    Nothing of it is checked yet: it is for people to look at.
    """
    try:
        draft = from_json(begun_json(written), allow_partial="trailing-strings")
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


class Telling:
    """Hears an answer piece by piece, and says in heartbeats how far it has come: first that nothing is there yet."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._tell()

    def __call__(self, piece: str) -> None:
        self._pieces.append(piece)
        if monotonic() - self._told >= TELL_SECONDS:
            self._tell()

    def _tell(self) -> None:
        self._told = monotonic()
        activity.heartbeat({"step": "planning", "plan": so_far("".join(self._pieces))})

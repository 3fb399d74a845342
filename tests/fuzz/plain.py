"""A plan as a list of dictionaries, and edits applied to it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from hypothesis import strategies as st

from tests.fuzz.answers import MODELS, made_up
from workflows.models import Asset, Modality, Plan
from workflows.requests import EditOp

IDS: Final = ("a", "b", "c", "d", "e")
TYPES: Final = (Modality.TEXT, Modality.IMAGE, Modality.VIDEO)

Record = dict[str, Any]
small = st.integers(0, 11)
edits = st.lists(
    st.tuples(st.sampled_from(("change", "change", "drop", "add", "move", "title")), small, small),
    min_size=1,
    max_size=3,
)


def plain(asset: Asset) -> Record:
    """An asset as a plain record."""
    return {
        "id": asset.asset_id,
        "prompt": asset.prompt,
        "model": asset.model,
        "needs": sorted(asset.depends_on),
        "type": asset.asset_type.value,
        "spare": [f.model for f in asset.fallbacks],
    }


@dataclass
class PlainPlan:
    """The title and the assets in their order."""

    title: str = ""
    records: list[Record] = field(default_factory=list)

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(plan.title, [plain(a) for a in plan.assets])

    def __getitem__(self, asset_id: str) -> Record:
        return next(r for r in self.records if r["id"] == asset_id)

    @property
    def text(self) -> str:
        return json.dumps([self.title, self.records], sort_keys=True)

    def apply(self, edits: Iterable[EditOp]) -> None:
        """Apply valid edits in order."""
        for edit in edits:
            if edit.op == "title":
                self.title = edit.title or ""
            elif edit.op == "add":
                assert edit.asset is not None
                where = len(self.records) if edit.position is None else edit.position - 1
                self.records.insert(where, plain(edit.asset))
            elif edit.op == "change":
                self.change(str(edit.asset_id), edit.prompt, edit.model, edit.depends_on)
            else:
                record = self[str(edit.asset_id)]
                self.records.remove(record)
                if edit.op == "move":
                    assert edit.position is not None
                    self.records.insert(edit.position - 1, record)

    def change(self, asset_id: str, prompt: str | None, model: str | None, needs: Iterable[str] | None = None) -> None:
        record = self[asset_id]
        if prompt is not None:
            record["prompt"] = prompt
        if model is not None:
            record["model"], record["spare"] = model, []
        if needs is not None:
            record["needs"] = sorted(needs)


def op(name: str, which: int, how: int, ids: list[str]) -> EditOp:
    """One edit of a plan with these assets; it may be invalid."""
    asset_id = ids[which % len(ids)]
    match name:
        case "change" if how % 4 == 0:
            return EditOp(op="change", asset_id=asset_id, model=MODELS[how % len(MODELS)])
        case "change" if how % 4 == 1:
            return EditOp(op="change", asset_id=asset_id, depends_on=(ids[how % len(ids)],))
        case "change":
            return EditOp(op="change", asset_id=asset_id, prompt=f"words {how}")
        case "drop":
            return EditOp(op="drop", asset_id=asset_id)
        case "move":
            return EditOp(op="move", asset_id=asset_id, position=1 + how % 5)
        case "title":
            return EditOp(op="title", title=f"title {how}")
    new = made_up(IDS[which % 5], TYPES[how % 3], MODELS[how % 5], (), "added")
    return EditOp(op="add", asset=new, position=1 if how % 2 else None)

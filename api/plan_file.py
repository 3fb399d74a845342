"""A plan as a file for people: written as YAML, read back as the edits that lead from the one to the other."""

import io
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from api.views import PlanView
from workflows.models import Asset, Modality, Slug, Words
from workflows.requests import EditOp

HEADER: Final = """\
# Change anything but asset_id, asset_type and role; the order of the assets is the order of the plan.
# Delete an asset to drop it. Save and close to send the changes, or close without a change to send nothing.
"""


class PlanFileError(ValueError):
    """The edited file is not a plan any more; the message names the line or the field."""


class _FileAsset(BaseModel):
    model_config = ConfigDict(extra="forbid")

    asset_id: Slug
    asset_type: Modality
    role: Slug = "asset"
    label: Annotated[str, Field(max_length=200)] = ""
    prompt: Words
    provider: Slug
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: tuple[Slug, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    assets: list[_FileAsset] = Field(min_length=1)


class _Dumper(yaml.SafeDumper):
    """Long or many-lined words as a block, so that they can be read and edited."""


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    block = "\n" in value or len(value) > 80
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)


_Dumper.add_representer(str, _represent_str)


def to_yaml(plan: PlanView) -> str:
    """The editable part of a plan as YAML, in plan order."""
    fields = set(_FileAsset.model_fields)
    content = {"title": plan.title, "assets": [a.model_dump(mode="json", include=fields) for a in plan.assets]}
    out = io.StringIO(HEADER)
    out.seek(0, io.SEEK_END)
    yaml.dump(content, out, _Dumper, sort_keys=False, allow_unicode=True, width=110)
    return out.getvalue()


def edits_between(plan: PlanView, text: str) -> list[EditOp]:
    """The edits that turn `plan` into what the file says; none when nothing has changed.

    Raises:
        PlanFileError: the file is no YAML, lacks a field or names one that is not known.
    """
    wanted = _read(text)
    ids = [a.asset_id for a in wanted.assets]
    if len(ids) != len(set(ids)):
        raise PlanFileError("assets: two assets have the same asset_id")
    before = {a.asset_id: a for a in plan.assets}
    edits = [EditOp(op="title", title=wanted.title)] if wanted.title != plan.title else []
    edits += [EditOp(op="add", asset=_asset(a)) for a in wanted.assets if a.asset_id not in before]
    edits += [c for a in wanted.assets if a.asset_id in before and (c := _change(before[a.asset_id], a))]
    # Drops come after changes, so that no asset depends on one that has already gone.
    edits += [EditOp(op="drop", asset_id=i) for i in before if i not in ids]
    order = [i for i in before if i in ids] + [i for i in ids if i not in before]
    for position, asset_id in enumerate(ids):
        if order[position] != asset_id:
            order.remove(asset_id)
            order.insert(position, asset_id)
            edits.append(EditOp(op="move", asset_id=asset_id, position=position + 1))
    return edits


def _read(text: str) -> _File:
    try:
        return _File.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise PlanFileError(f"the plan is not YAML any more: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise PlanFileError(f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from None


def _asset(wanted: _FileAsset) -> Asset:
    return Asset.model_validate(wanted.model_dump())


def _change(before: Asset, wanted: _FileAsset) -> EditOp | None:
    for fixed in ("asset_type", "role"):
        if getattr(wanted, fixed) != getattr(before, fixed):
            raise PlanFileError(
                f"{before.asset_id}.{fixed}: it stays {getattr(before, fixed)}; add another asset instead"
            )
    changed: dict[str, object] = {}
    for name in ("label", "prompt", "provider", "model", "depends_on"):
        # A block of YAML ends with a line break that nobody typed.
        old, new = getattr(before, name), getattr(wanted, name)
        if (old.strip() != new.strip()) if isinstance(old, str) else (old != new):
            changed[name] = new
    parameters: dict[str, JsonValue] = {k: v for k, v in wanted.parameters.items() if before.parameters.get(k) != v}
    parameters |= {k: None for k in before.parameters if k not in wanted.parameters}
    if parameters:
        changed["parameters"] = parameters
    return EditOp.model_validate({"op": "change", "asset_id": before.asset_id, **changed}) if changed else None

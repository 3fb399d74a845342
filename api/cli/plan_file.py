"""A plan as a YAML file for editing: written from a plan, read back as the edits that lead to its content."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError, model_validator

from api.views.production import PlanView
from workflows.base import Language, MaybeSlug
from workflows.cut import Cut, Translations
from workflows.models import Asset, DeliveryText, Modality, PromptText, Slug
from workflows.requests import EditOp

HEADER: Final = """\
# Change anything but asset_id, asset_type, role, language and translates.
# The order of the assets is the order of the plan.
# Delete an asset to drop it. Save and close to send the changes, or close without a change to send nothing.
"""


_FRAMES: Final = ("continues", "last_frame")
"""What a shot starts from and ends with; a shot without them has no such line."""
_DELIVERY: Final = "delivery"
"""Of speech: how it is said; all other assets have no such line."""
_LANGUAGE: Final = ("language", "translates")
"""Of a narration in a further language; all others have no such line."""


class PlanFileError(ValueError):
    """The edited file is not a valid plan; the message names the line or the field."""


class _FileAsset(BaseModel):
    model_config = ConfigDict(extra="forbid")

    asset_id: Slug
    asset_type: Modality
    role: Slug = "asset"
    label: Annotated[str, Field(max_length=200)] = ""
    prompt: PromptText
    delivery: DeliveryText = ""
    provider: Slug
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: tuple[Slug, ...] = ()
    language: Language | Literal[""] = ""
    translates: Slug | Literal[""] = ""
    continues: MaybeSlug = ""
    last_frame: MaybeSlug = ""

    @model_validator(mode="after")
    def _wait_for_frames(self) -> "_FileAsset":
        """`depends_on` names the frames too, as in a plan, so that a file that names one of both has no other edit."""
        frames = (i for i in (self.continues, self.last_frame) if i and i not in self.depends_on)
        self.depends_on = (*self.depends_on, *frames)
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    cut: Cut | None = None
    assets: list[_FileAsset] = Field(min_length=1)


class _Dumper(yaml.SafeDumper):
    """Writes long or multi-line strings as a block, which is easy to read and edit."""


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    block = "\n" in value or len(value) > 80
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)


_Dumper.add_representer(str, _represent_str)


def to_yaml(plan: PlanView) -> str:
    """The editable part of a plan as YAML, in plan order."""
    fields = set(_FileAsset.model_fields)
    is_film = any(a.asset_type is Modality.VIDEO for a in plan.assets)
    content = {
        "title": plan.title,
        **({"cut": plan.cut.model_dump(mode="json")} if is_film or plan.cut != Cut() else {}),
        "assets": [_written(a, fields) for a in plan.assets],
    }
    out = io.StringIO(HEADER)
    out.seek(0, io.SEEK_END)
    yaml.dump(content, out, _Dumper, sort_keys=False, allow_unicode=True, width=110)
    return out.getvalue()


def _written(asset: Asset, fields: set[str]) -> dict[str, JsonValue]:
    """The fields of an asset, without frames, languages and a delivery that it cannot have."""
    found = asset.model_dump(mode="json", include=fields)
    absent = (*_FRAMES, *_LANGUAGE, *(() if asset.spoken else (_DELIVERY,)))
    return {name: value for name, value in found.items() if value or name not in absent}


def edits_between(plan: PlanView, text: str, *, keep_dropped: bool = False) -> list[EditOp]:
    """The edits that turn `plan` into the content of the file; none if nothing has changed.

    Args:
        keep_dropped: A dropped asset keeps its place in the plan, as it does after the approval.

    Raises:
        PlanFileError: the file is not YAML, lacks a field or has an unknown one.
    """
    wanted = _parse_plan(text)
    ids = [a.asset_id for a in wanted.assets]
    if len(ids) != len(set(ids)):
        raise PlanFileError("assets: two assets have the same asset_id")
    before = {a.asset_id: a for a in plan.assets}
    edits = [EditOp(op="title", title=wanted.title)] if wanted.title != plan.title else []
    edits += [EditOp(op="add", asset=_asset(a)) for a in wanted.assets if a.asset_id not in before]
    edits += [c for a in wanted.assets if a.asset_id in before and (c := _change_of(before[a.asset_id], a))]
    edits += [EditOp(op="cut", cut=wanted.cut)] if wanted.cut is not None and wanted.cut != plan.cut else []
    # Drops come after changes, so that no asset depends on a dropped one.
    edits += [EditOp(op="drop", asset_id=i) for i in before if i not in ids]
    order = [i for i in before if i in ids or keep_dropped] + [i for i in ids if i not in before]
    place = 0
    for asset_id in ids:
        while order[place] not in ids:  # a dropped asset, which keeps its place
            place += 1
        if order[place] != asset_id:
            order.remove(asset_id)
            order.insert(place, asset_id)
            edits.append(EditOp(op="move", asset_id=asset_id, position=place + 1))
        place += 1
    return edits


def edits_of_assets(text: str) -> list[EditOp]:
    """The edits that add the assets of the text: one or a list of them, as YAML or JSON.

    Each may have a `position`, counted from 1; without one it comes last.

    Raises:
        PlanFileError: the text is not YAML, or an asset lacks a field or has an unknown one.
    """
    found = _parse_yaml(text, "this is not YAML")
    with _field_errors():
        assets = [_Added.model_validate(each) for each in (found if isinstance(found, list) else [found])]
        return [EditOp(op="add", asset=_asset(a), position=a.position) for a in assets]


def cut_of(text: str) -> Cut:
    """The cut of a film, as YAML or JSON.

    Raises:
        PlanFileError: the text is not YAML, or lacks a field or has an unknown one.
    """
    found = _parse_yaml(text, "this is not YAML")
    with _field_errors(asset=False):
        return Cut.model_validate(found)


def translations_of(text: str) -> Translations:
    """Language -> a text of the original -> its translation, as YAML or JSON.

    Raises:
        PlanFileError: the text is not YAML, or has another form.
    """
    found = _parse_yaml(text, "this is not YAML")
    try:
        return _TRANSLATIONS.validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "translations"
        raise PlanFileError(f"{where}: {first['msg']}; write {{de: {{The sea.: Das Meer.}}}}") from None


_TRANSLATIONS: Final[TypeAdapter[Translations]] = TypeAdapter(Translations)


class _Added(_FileAsset):
    position: int | None = Field(default=None, ge=1)


def _parse_plan(text: str) -> _File:
    found = _parse_yaml(text, "the plan is not valid YAML")
    with _field_errors():
        return _File.model_validate(found)


def _parse_yaml(text: str, problem: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PlanFileError(f"{problem}: {error}") from None


@contextmanager
def _field_errors(*, asset: bool = True) -> Iterator[None]:
    """
    Raises:
        PlanFileError: the block failed with a ValidationError; the message names the field.
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        needed = ", ".join(name for name, field in _FileAsset.model_fields.items() if field.is_required())
        remedy = f"; an asset needs {needed}" if asset and first["type"] in ("missing", "model_type") else ""
        raise PlanFileError(f"{where or ('asset' if asset else 'cut')}: {first['msg']}{remedy}") from None


def _asset(wanted: _FileAsset) -> Asset:
    return Asset.model_validate(wanted.model_dump(exclude={"position"}))


def _change_of(before: Asset, wanted: _FileAsset) -> EditOp | None:
    for fixed in ("asset_type", "role", "language", "translates"):
        if getattr(wanted, fixed) != getattr(before, fixed):
            raise PlanFileError(
                f"{before.asset_id}.{fixed}: it cannot change from {getattr(before, fixed)}; add another asset instead"
            )
    changed: dict[str, object] = {}
    for name in ("label", "prompt", _DELIVERY, "provider", "model", "depends_on", *_FRAMES):
        # A YAML block ends with a line break that is not part of the value.
        old, new = getattr(before, name), getattr(wanted, name)
        if (old.strip() != new.strip()) if isinstance(old, str) else (old != new):
            changed[name] = new
    parameters: dict[str, JsonValue] = {k: v for k, v in wanted.parameters.items() if before.parameters.get(k) != v}
    parameters |= {k: None for k in before.parameters if k not in wanted.parameters}
    if parameters:
        changed["parameters"] = parameters
    return EditOp.model_validate({"op": "change", "asset_id": before.asset_id, **changed}) if changed else None

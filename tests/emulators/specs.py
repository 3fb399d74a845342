"""The vendors' own specifications and recorded responses, if they are present next to the repository."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from tests import ROOT

VENDOR: Final = ROOT.resolve().parent / "shared" / "vendor"

needs_vendor_data = pytest.mark.skipif(
    not VENDOR.is_dir(), reason="the vendors' specifications are not beside this repository"
)


def recorded(name: str) -> Any:
    """A recorded exchange, e.g. "openai/images.generate.gpt-image-1"."""
    return json.loads((VENDOR / "fixtures" / f"{name}.json").read_text(encoding="utf-8"))


@cache
def _content(schema: str) -> Any:
    folder = VENDOR if schema.startswith("specs-2/") else VENDOR / "specs"
    return json.loads((folder / schema).read_text(encoding="utf-8"))


@cache
def _validator(schema: str, definition: str) -> Validator:
    content = _content(schema)
    if definition:
        content = {**content, "$ref": f"#/{definition}"}
        content.pop("oneOf", None)
    return Draft202012Validator(content)


def violations(schema: str, body: Any, definition: str = "") -> list[str]:
    """The violations of a body against a schema under `specs/`, or `specs-2/`; none if the specifications are absent.

    Args:
        definition: A pointer into the file, e.g. "components/schemas/CreateImageRequest".
    """
    if not VENDOR.is_dir():
        return []
    errors = _validator(schema, definition).iter_errors(body)
    return [f"{schema}: {'/'.join(map(str, e.absolute_path)) or 'body'}: {e.message[:300]}" for e in errors]


def unknown_fields(schema: str, body: Mapping[str, Any], definition: str) -> list[str]:
    """The fields of a body that a definition with `properties` does not have; none if the specifications are absent."""
    if not VENDOR.is_dir():
        return []
    found = _content(schema)
    for name in definition.split("/"):
        found = found[name]
    return [f"{schema}: {name}: no such field" for name in body if name not in found["properties"]]

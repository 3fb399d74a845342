"""The fields to extract: from a preset, or from a JSON schema of a small subset.

A schema is an object with properties: text, numbers, dates, money, booleans, and tables (an array of objects). What is
not supported is refused with its place.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, StringConstraints

from workflows.base import Model
from workflows.extraction.rules import RuleError, check_names, parse_rule

FieldType = Literal["string", "number", "integer", "boolean", "date", "money", "table"]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,59}$")]
MAX_FIELDS: Final = 100
"""Of one schema, the columns of its tables included."""
MAX_RULES: Final = 30
_IGNORED: Final = frozenset({"$schema", "$id", "additionalProperties", "examples", "default"})
_KNOWN: Final = frozenset(
    {
        "type",
        "title",
        "description",
        "format",
        "enum",
        "minimum",
        "maximum",
        "properties",
        "required",
        "items",
        "labels",
    }
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


class FieldSpec(Model):
    """A field to extract."""

    name: FieldName
    type: FieldType = "string"
    label: str = Field(default="", max_length=100, description="For people; without it, the name")
    description: str = Field(default="", max_length=300)
    required: bool = False
    choices: tuple[str, ...] = Field(default=(), max_length=50, description="The only values that it may have")
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    labels: tuple[str, ...] = Field(
        default=(), max_length=60, description="How documents name it, in any language; for reading without a model"
    )
    columns: "tuple[FieldSpec, ...]" = Field(default=(), description="Of a table")

    @property
    def shown(self) -> str:
        return self.label or self.name.replace("_", " ").capitalize()


class SchemaError(ValueError):
    """A schema that cannot be used; the message begins with the place."""


def specs_of(schema: Mapping[str, JsonValue]) -> tuple[FieldSpec, ...]:
    """The fields of a JSON schema.

    Raises:
        SchemaError: it is no schema, or uses what is not supported.
    """
    specs = _properties(schema, "json_schema", tables=True)
    if (count := sum(1 for _ in names_of(specs))) > MAX_FIELDS:
        raise SchemaError(f"json_schema: it has {count} fields; give at most {MAX_FIELDS}")
    return specs


def names_of(specs: Sequence[FieldSpec]) -> Iterator[str]:
    """The names that rules may use: fields, and `table.column`."""
    for spec in specs:
        yield spec.name
        yield from (f"{spec.name}.{column.name}" for column in spec.columns)


def check_rules(rules: Sequence[str], specs: Sequence[FieldSpec]) -> None:
    """
    Raises:
        SchemaError: a rule does not parse, or names an unknown field; with its number and position.
    """
    if len(rules) > MAX_RULES:
        raise SchemaError(f"rules: there are {len(rules)}; give at most {MAX_RULES}")
    for number, rule in enumerate(rules):
        try:
            check_names(parse_rule(rule), frozenset(names_of(specs)), rule)
        except RuleError as error:
            raise SchemaError(f"rules.{number}: {error}") from None


def _properties(node: Mapping[str, JsonValue], at: str, *, tables: bool) -> tuple[FieldSpec, ...]:
    _check_keywords(node, at)
    if node.get("type") != "object":
        raise SchemaError(f'{at}.type: write "object"; it is {node.get("type")!r}')
    properties, required = node.get("properties"), node.get("required", [])
    if not isinstance(properties, dict) or not properties:
        raise SchemaError(f"{at}.properties: name at least one field")
    if not isinstance(required, list) or any(name not in properties for name in required):
        raise SchemaError(f"{at}.required: list names of its properties")
    return tuple(
        _field(name, child, f"{at}.properties.{name}", required=name in required, tables=tables)
        for name, child in properties.items()
    )


def _field(name: str, node: JsonValue, at: str, *, required: bool, tables: bool) -> FieldSpec:
    if not _NAME.fullmatch(name):
        raise SchemaError(
            f"{at}: a name has letters, digits and _, begins with a letter, and has at most 60 characters"
        )
    if not isinstance(node, dict):
        raise SchemaError(f'{at}: write an object, such as {{"type": "string"}}')
    _check_keywords(node, at)
    type_ = _type(node, at, tables=tables)
    columns: tuple[FieldSpec, ...] = ()
    if type_ == "table":
        items = node.get("items")
        if not isinstance(items, dict):
            raise SchemaError(f"{at}.items: describe the rows of the table as an object with properties")
        columns = _properties(items, f"{at}.items", tables=False)
    return FieldSpec(
        name=name,
        type=type_,
        label=_text(node, "title", at, 100),
        description=_text(node, "description", at, 300),
        required=required,
        choices=_texts(node, "enum", at, 50),
        minimum=_bound(node, "minimum", at),
        maximum=_bound(node, "maximum", at),
        labels=_texts(node, "labels", at, 60),
        columns=columns,
    )


def _check_keywords(node: Mapping[str, JsonValue], at: str) -> None:
    for keyword in node:
        if keyword not in _KNOWN | _IGNORED:
            known = ", ".join(sorted(_KNOWN))
            raise SchemaError(f"{at}.{keyword}: this keyword is not supported; use {known}")


def _type(node: Mapping[str, JsonValue], at: str, *, tables: bool) -> FieldType:
    kind, form = node.get("type", "string"), node.get("format")
    if form not in (None, "date", "money"):
        raise SchemaError(f"{at}.format: use date or money; it is {form!r}")
    if form and kind != "string":
        raise SchemaError(f'{at}.type: a {form} has the type "string"')
    match kind:
        case "string":
            return "date" if form == "date" else "money" if form == "money" else "string"
        case "number" | "integer" | "boolean":
            return kind
        case "array" if tables:
            return "table"
    allowed = "string, number, integer, boolean" + (", or array with objects for a table" if tables else "")
    raise SchemaError(f"{at}.type: use {allowed}; it is {kind!r}")


def _text(node: Mapping[str, JsonValue], name: str, at: str, most: int) -> str:
    value = node.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise SchemaError(f"{at}.{name}: write a text of at most {most} characters")
    return value


def _texts(node: Mapping[str, JsonValue], name: str, at: str, most: int) -> tuple[str, ...]:
    value = node.get(name, [])
    if not isinstance(value, list) or len(value) > most or any(not isinstance(v, str) or len(v) > 100 for v in value):
        raise SchemaError(f"{at}.{name}: list at most {most} texts of at most 100 characters")
    return tuple(str(each) for each in value)


def _bound(node: Mapping[str, JsonValue], name: str, at: str) -> Decimal | None:
    value = node.get(name)
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise SchemaError(f"{at}.{name}: write a number; it is {value!r}")
    return number

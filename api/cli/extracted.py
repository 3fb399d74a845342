"""Extracted fields as the command shows and stores them: one document, and many grouped by their kind."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.text import Text

from api.cli.context import Cli
from api.cli.tables import one_line, print_table, table
from api.views.fields import FieldsView, FieldView


def show_fields(cli: Cli, found: FieldsView, production_id: str) -> None:
    """Print the fields with their sources, the rules that fail, and the commands of a review."""
    cli.out.print(Text(f"reference-{found.reference} · {found.name} · {found.kind.replace('_', ' ')}", style="bold"))
    rows = table("field", "value", "sure", "source", "words", right=("sure",))
    for each in found.fields:
        style = "yellow" if each.waiting else ""
        sure = f"by {each.reviewed_by}" if each.reviewed_by else f"{each.confidence:.0%}"
        value = Text(_value(each) or "–", style=style)
        rows.add_row(each.path, value, sure, f"p. {each.page}" if each.page else "", one_line(each.quote))
    print_table(cli.out, rows)
    for rule in found.rules:
        if rule.outcome == "failed":
            by = f", accepted by {rule.accepted_by}" if rule.accepted_by else ""
            cli.out.print(Text(f"{rule.rule_id} fails: {rule.text}: {rule.message}{by}", style="yellow"))
    for unread in found.unread:
        cli.out.print(Text(f"not read: {unread}", style="yellow"))
    if found.waiting:
        _show_waiting(cli, found, production_id)


def _show_waiting(cli: Cli, found: FieldsView, production_id: str) -> None:
    cli.print(f"\n{len(found.waiting)} wait for a review:")
    for item in found.waiting:
        cli.out.print(Text(f"  {item.item}: {item.reason}", style="yellow"))
    review = f"greenlight review {production_id} {found.reference}"
    cli.out.print(Text(f"  Correct one: {review} --set {found.waiting[0].item}=VALUE"))
    cli.out.print(Text(f"  Accept all as they are: {review} --accept-all"))


def _value(field: FieldView) -> str:
    return f"{field.value} {field.currency}".strip() if field.value is not None else ""


def write_kinds(found: Iterable[tuple[str, FieldsView]], to: Path) -> dict[str, int]:
    """Write a CSV and a JSON file for each kind of document; the result is the number of documents of each kind.

    Args:
        found: The production and the fields of each document.
    """
    kinds: dict[str, list[tuple[str, FieldsView]]] = {}
    for production_id, fields in found:
        kinds.setdefault(fields.kind, []).append((production_id, fields))
    to.mkdir(parents=True, exist_ok=True)
    for kind, documents in sorted(kinds.items()):
        (to / f"{kind}.csv").write_text(_csv(documents), encoding="utf-8", newline="")
        listed = [{"production_id": i, **json.loads(fields.model_dump_json())} for i, fields in documents]
        (to / f"{kind}.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return {kind: len(documents) for kind, documents in sorted(kinds.items())}


def _csv(documents: Sequence[tuple[str, FieldsView]]) -> str:
    """A row for each document, with a column for each field that is no cell of a table."""
    names = dict.fromkeys(f.path for _, fields in documents for f in fields.fields if "." not in f.path)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["document", "production_id", "waiting", *names])
    for production_id, fields in documents:
        values = {f.path: f for f in fields.fields}
        cells = (_cell(values, name) for name in names)
        writer.writerow([_harmless(fields.name), production_id, len(fields.waiting), *cells])
    return out.getvalue()


def _cell(values: Mapping[str, FieldView], name: str) -> str:
    field = values.get(name)
    if field is None:
        return ""
    numeric = field.type in ("money", "number", "integer")
    return _value(field) if numeric else _harmless(_value(field))


def _harmless(text: str) -> str:
    """A text that a spreadsheet would run as a formula begins with an apostrophe."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

"""The API reference as one page of HTML, from the OpenAPI description. It needs no script and no other address."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

SNIPPETS: Final = {
    "sync_client": "A production from brief to result",
    "async_client": "Several productions at once, asynchronously",
    "agent": "An agent with a grant",
}
"""Module of `api/openapi/snippets` -> heading."""
_FOLDER: Final = Path(__file__).with_name("snippets")
MAX_EXAMPLE_CHARS: Final = 6_000
_METHODS: Final = ("get", "post", "patch", "delete")
_INTRODUCTION: Final = (
    "Send a key as <code>Authorization: Bearer gl_…</code>; an open API on this machine needs none. Errors are problem "
    "details (RFC 9457) that name the field and the remedy. Amounts are USD, as text. Repeat a request safely with the "
    "header <code>Idempotency-Key</code>. Event streams resume with <code>Last-Event-ID</code>. The machine-readable "
    'description is <a href="/openapi.json">openapi.json</a>.'
)


def reference_page(described: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        described: The OpenAPI description with its examples.
    """
    groups: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = defaultdict(list)
    for path, operations in described["paths"].items():
        for method in _METHODS:
            if operation := operations.get(method):
                groups[(operation.get("tags") or ["other"])[0]].append((method.upper(), path, operation))
    contents = "".join(f"<li>{_link(tag)}</li>" for tag in groups)
    sections = "".join(_section(tag, each, described) for tag, each in groups.items())
    title = escape(f"{described['info']['title']} API {described['info']['version']}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        '<link rel="stylesheet" href="/studio/base.css"><link rel="stylesheet" href="/studio/docs.css"></head><body>'
        f"<header><h1>{title}</h1><p>{_INTRODUCTION}</p></header>"
        f'<nav aria-label="Contents"><ul><li><a href="#python">Python</a></li>{contents}</ul></nav>'
        f'<main><section id="python"><h2>Python</h2>{"".join(_snippets())}</section>{sections}</main></body></html>'
    )


def _link(tag: str) -> str:
    return f'<a href="#{_anchor(tag)}">{escape(tag)}</a>'


def _anchor(tag: str) -> str:
    return tag.replace(" ", "-")


def _snippets() -> Iterator[str]:
    for name, heading in SNIPPETS.items():
        source = (_FOLDER / f"{name}.py").read_text("utf-8").replace("  # noqa: T201", "")
        yield f"<h3>{escape(heading)}</h3>{_code(source.rstrip())}"


def _section(tag: str, operations: list[tuple[str, str, Mapping[str, Any]]], described: Mapping[str, Any]) -> str:
    parts = "".join(_operation(method, path, each, described) for method, path, each in operations)
    return f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2>{parts}</section>'


def _operation(method: str, path: str, operation: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    body, result = _example(operation.get("requestBody", {}), described), _result(operation, described)
    return (
        f'<article id="{escape(operation["operationId"])}"><h3><span class="method">{method}</span> '
        f"<code>{escape(path)}</code></h3>{_paragraphs(operation)}{_parameters(operation)}"
        f"{_code(_curl(method, path, operation, body))}"
        f"{'<h4>Response</h4>' + _code(_json(result)) if result is not None else ''}{_statuses(operation)}</article>"
    )


def _paragraphs(operation: Mapping[str, Any]) -> str:
    text = operation.get("description") or operation.get("summary", "")
    return "".join(f"<p>{escape(' '.join(each.split()))}</p>" for each in text.split("\n\n"))


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td>{escape(each.get('description') or each.get('schema', {}).get('description', ''))}</td></tr>"
        for each in operation.get("parameters", ())
    )
    head = "<tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>"
    return f'<div class="wide"><table>{head}{rows}</table></div>' if rows else ""


def _statuses(operation: Mapping[str, Any]) -> str:
    found = operation["responses"].items()
    listed = "".join(f"<li><code>{status}</code> {escape(each['description'])}</li>" for status, each in found)
    return f"<ul>{listed}</ul>"


def _curl(method: str, path: str, operation: Mapping[str, Any], body: object) -> str:
    """A command that works in a shell; names in braces are replaced by examples."""
    for each in operation.get("parameters", ()):
        examples = each.get("examples") or each.get("schema", {}).get("examples") or ()
        if each["in"] == "path" and isinstance(examples, list | tuple) and examples:
            path = path.replace(f"{{{each['name']}}}", str(examples[0]))
    parts = ["curl -s", f'"$GREENLIGHT_URL{path}"', '-H "Authorization: Bearer $GREENLIGHT_API_KEY"']
    if method != "GET":
        parts.insert(1, f"-X {method}")
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", "-d @- <<'BODY'\n" + _json(body) + "\nBODY"]
    return " \\\n  ".join(parts)


def _result(operation: Mapping[str, Any], described: Mapping[str, Any]) -> object:
    good = (each for status, each in operation["responses"].items() if str(status).startswith("2"))
    return next((found for each in good if (found := _example(each, described)) is not None), None)


def _example(content: Mapping[str, Any], described: Mapping[str, Any]) -> object:
    """The example of the schema that a body or a response names; None where it names none."""
    schema = content.get("content", {}).get("application/json", {}).get("schema", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    examples = described["components"]["schemas"].get(name, {}).get("examples") or (None,)
    return examples[0]


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text) <= MAX_EXAMPLE_CHARS else f"{text[:MAX_EXAMPLE_CHARS]}\n…"


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'

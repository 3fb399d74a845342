"""Examples in the OpenAPI description: one for each body and each response, by the name of the schema."""

import json
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final[dict[str, dict[str, Any]]] = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))


def add_examples(openapi: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Add the examples, and the schemas that only a `$ref` names, to an OpenAPI description."""
    schemas = openapi["components"]["schemas"]
    for name, schema in extra.items():
        schemas.update(schema.pop("$defs", {}))
        schemas.setdefault(name, schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    return openapi

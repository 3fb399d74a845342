"""The text of pydantic's errors: what is wrong with a field, and how to fix it."""

from collections.abc import Mapping
from typing import Any, Final

_NO_MONEY: Final = ("is not an amount of money", "give USD such as 2.50")
_NO_NUMBER: Final = ("is not a number", "give one such as 20")
_NO_INTEGER: Final = ("is not a whole number", "give one such as 1")
_NO_FLAG: Final = ("is neither true nor false", "give true or false")
_NO_LIST: Final = ("is not a list", "give one in brackets [ ]")
_NO_OBJECT: Final = ("is not an object", "give one in braces {{ }}")
_MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is required", "add it"),
    "extra_forbidden": ("is not a known field", "remove it, or check its spelling"),
    "string_too_short": ("is empty", "give a text"),
    "string_type": ("is not a text", "give one in quotes"),
    "string_pattern_mismatch": ("does not have the expected form", "match {pattern}"),
    "decimal_parsing": _NO_MONEY,
    "decimal_type": _NO_MONEY,
    "finite_number": _NO_MONEY,
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "int_parsing": _NO_INTEGER,
    "int_type": _NO_INTEGER,
    "int_from_float": _NO_INTEGER,
    "bool_parsing": _NO_FLAG,
    "bool_type": _NO_FLAG,
    "list_type": _NO_LIST,
    "tuple_type": _NO_LIST,
    "dict_type": _NO_OBJECT,
    "model_type": _NO_OBJECT,
    "decimal_max_places": ("is too precise", "give USD with at most {decimal_places} decimals"),
    "greater_than_equal": ("is too small", "give at least {ge}"),
    "less_than_equal": ("is too large", "give at most {le}"),
    "string_too_long": ("is too long", "shorten it to at most {max_length} characters"),
    "too_long": ("has too many items", "give at most {max_length}"),
    "too_short": ("has too few items", "give at least {min_length}"),
    "enum": ("is not known", "choose from {expected}"),
    "literal_error": ("is not known", "choose from {expected}"),
    "model_attributes_type": ("is not a JSON object", "send one, with the header Content-Type: application/json"),
    "string_unicode": ("is not valid Unicode", "send text without lone surrogates"),
}
"""pydantic's error types -> message and remedy, with placeholders for the error's context."""
_FORMS: Final[dict[str, str]] = {
    "^(https://": "give an https:// address, the `source` from the response of POST /api/v1/references, or "
    "stored:inbox/{tenant}/{path}",
    "^https?://": "give an http:// or https:// address without spaces",
    "^[a-z0-9][a-z0-9-]{0,62}$": "give 1 to 63 characters of a-z, 0-9 and -, which do not start with -",
}
"""The start of a pattern -> the remedy where a text does not match it; other patterns are shown."""


def text_of(error: Mapping[str, Any]) -> tuple[str, str]:
    """The message and the remedy of one pydantic error; an unknown type has pydantic's message and no remedy."""
    message, remedy = _MESSAGES.get(error["type"], (str(error["msg"]), ""))
    context = error.get("ctx", {})
    if error["type"] == "model_attributes_type" and len(error["loc"]) > 1:  # a field, not the whole body
        message, remedy = _NO_OBJECT
    if "languages" in error["loc"] and error["type"] != "too_long":
        return message, "give BCP 47 tags such as 'en' or 'pt-BR', the original first"
    pattern = str(context.get("pattern", ""))
    form = next((form for start, form in _FORMS.items() if pattern.startswith(start)), None)
    return message, form or remedy.format_map(context)

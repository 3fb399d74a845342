"""Rules about the fields of a document: a small expression language that is parsed, never executed as code.

    total == subtotal + value(tax, 0)
    line_items.amount == round(line_items.quantity * line_items.unit_price, 2)
    due_date >= date and same_currency(total, subtotal)

Names are fields; the name of a column stands for all of its rows. Numbers are exact. An operation on columns works row
by row, and a comparison holds where it holds in every row. A rule about a field without a value does not apply.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

MAX_RULE_CHARS: Final = 500
MAX_TOKENS: Final = 200
MAX_DEPTH: Final = 30
FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "sum": (1, 1),
    "count": (1, 1),
    "min": (1, 10),
    "max": (1, 10),
    "round": (1, 2),
    "abs": (1, 1),
    "present": (1, 1),
    "value": (2, 2),
    "same_currency": (1, 20),
}
"""Name -> least and most arguments."""
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>\"[^\"]*\"|'[^']*')|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<operator>==|!=|<=|>=|[-+*/<>(),]))"
)
_BINARY: Final[Mapping[str, int]] = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/"), 6),
}
_NOT, _COMPARE, _NEGATE = 3, 4, 7


class RuleError(ValueError):
    """A rule that does not parse; `position` counts its characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


@dataclass(frozen=True)
class Node:
    """A node of a parsed rule.

    Attributes:
        kind: What it is.
        text: The literal, the name, the operator or the function.
        parts: The operands or arguments.
    """

    kind: Literal["number", "text", "name", "unary", "binary", "call"]
    text: str
    parts: tuple["Node", ...] = ()

    @property
    def names(self) -> Iterator[str]:
        """The fields that it is about."""
        if self.kind == "name":
            yield self.text
        for part in self.parts:
            yield from part.names


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse_rule(text: str) -> Node:
    """The parsed rule.

    Raises:
        RuleError: with the position.
    """
    if len(text) > MAX_RULE_CHARS:
        raise RuleError(f"a rule has at most {MAX_RULE_CHARS} characters; it continues", MAX_RULE_CHARS + 1)
    parser = _Parser(_tokens(text), len(text))
    node = parser.expression(0, 0)
    if token := parser.peek():
        raise RuleError(f"unexpected {token.text!r}", token.position)
    return node


def check_names(node: Node, known: frozenset[str], text: str) -> None:
    """
    Raises:
        RuleError: the rule names a field that the schema does not have.
    """
    for name in node.names:
        if name not in known:
            position = (match.start() if (match := re.search(rf"\b{re.escape(name)}\b", text)) else 0) + 1
            shown = ", ".join(sorted(known)[:30])
            raise RuleError(f"unknown field {name!r} (known: {shown})", position)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            hint = "; write == to compare" if text[start] == "=" else ""
            raise RuleError(f"unexpected {text[start]!r}{hint}", start + 1)
        kind = match.lastgroup or ""
        word = match[kind]
        is_word = kind == "name" and word in ("and", "or", "not")
        tokens.append(_Token("operator" if is_word else kind, word, match.start(kind) + 1))
        at = match.end()
    if len(tokens) > MAX_TOKENS:
        raise RuleError(f"a rule has at most {MAX_TOKENS} words and signs; it continues", tokens[MAX_TOKENS].position)
    return tokens


class _Parser:
    """Parses by precedence; a comparison cannot be followed by another one."""

    def __init__(self, tokens: list[_Token], length: int) -> None:
        self._tokens, self._next, self._end = tokens, 0, length + 1

    def peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, expected: str = "") -> _Token:
        token = self.peek()
        if token is None:
            raise RuleError(f"expected {expected or 'a value'}, and the rule ends", self._end)
        if expected and token.text != expected:
            raise RuleError(f"expected {expected!r} instead of {token.text!r}", token.position)
        self._next += 1
        return token

    def expression(self, least: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            token = self.peek()
            raise RuleError(f"more than {MAX_DEPTH} levels", token.position if token else self._end)
        left = self._operand(depth)
        while (token := self.peek()) and token.kind == "operator" and (level := _BINARY.get(token.text, 0)) > least:
            self._take()
            left = Node("binary", token.text, (left, self.expression(level, depth + 1)))
            following = self.peek()
            if level == _COMPARE and following and _BINARY.get(following.text) == _COMPARE:
                raise RuleError(
                    f"unexpected second comparison {following.text!r}; join them with and", following.position
                )
        return left

    def _operand(self, depth: int) -> Node:
        token = self._take()
        if token.kind in ("number", "text"):
            return Node("number" if token.kind == "number" else "text", token.text.strip("\"'"))
        if token.text == "(" and token.kind == "operator":
            inner = self.expression(0, depth + 1)
            self._take(")")
            return inner
        if token.text in ("-", "not") and token.kind == "operator":
            return Node("unary", token.text, (self.expression(_NEGATE if token.text == "-" else _NOT, depth + 1),))
        if token.kind != "name":
            raise RuleError(f"expected a value instead of {token.text!r}", token.position)
        following = self.peek()
        if following is None or following.text != "(":
            return Node("name", token.text)
        return self._call(token, depth)

    def _call(self, name: _Token, depth: int) -> Node:
        if name.text not in FUNCTIONS:
            raise RuleError(f"unknown function {name.text!r}; there are {', '.join(FUNCTIONS)}", name.position)
        self._take("(")
        arguments = [self.expression(0, depth + 1)]
        while (token := self.peek()) and token.text == ",":
            self._take()
            arguments.append(self.expression(0, depth + 1))
        self._take(")")
        least, most = FUNCTIONS[name.text]
        if not least <= len(arguments) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise RuleError(f"{name.text} takes {count} arguments, not {len(arguments)}", name.position)
        return Node("call", name.text, tuple(arguments))

"""The outcome of a rule for the values of a document. Exact: numbers are Decimal with 50 digits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from typing import Final, Literal

from workflows.extraction.rules import Node
from workflows.extraction.values import Amount

Scalar = Decimal | Amount | date | str | bool | None
Value = Scalar | tuple[Scalar, ...]
Outcome = Literal["passed", "failed", "not applicable"]
_CONTEXT: Final = Context(prec=50)
_SIGNS: Final[Mapping[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": _CONTEXT.add,
    "-": _CONTEXT.subtract,
    "*": _CONTEXT.multiply,
    "/": _CONTEXT.divide,
}


class _Missing(Exception):
    """A field of the rule has no value."""


class _Wrong(Exception):
    """The values do not go together; the message says which."""


def evaluate(node: Node, values: Mapping[str, Value]) -> tuple[Outcome, str]:
    """Whether the rule holds, and the values that show it where it does not."""
    try:
        result = _value(node, values)
        if not isinstance(result, bool):
            return "failed", f"it is {_shown(result)}, and no condition"
        return ("passed", "") if result else ("failed", _why(node, values))
    except _Missing as error:
        return "not applicable", f"{error} has no value"
    except _Wrong as error:
        return "failed", str(error)
    except DecimalException:
        return "failed", "its numbers cannot be computed"


def _why(node: Node, values: Mapping[str, Value]) -> str:
    """The two sides of the comparison that fails."""
    if node.kind == "binary" and node.text == "and":
        part = next(p for p in node.parts if _value(p, values) is not True)
        return _why(part, values)
    if node.kind != "binary" or node.text in ("or",):
        return "it does not hold"
    left, right = (_value(part, values) for part in node.parts)
    if isinstance(left, tuple) or isinstance(right, tuple):
        rows = _rows(left, right)
        at = next(n for n, (a, b) in enumerate(rows) if not _compared(node.text, a, b))
        return f"row {at + 1}: {_shown(rows[at][0])} {node.text} {_shown(rows[at][1])} does not hold"
    return f"{_shown(left)} {node.text} {_shown(right)} does not hold"


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value[:5]))}{', …' if len(value) > 5 else ''}]"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _value(node: Node, values: Mapping[str, Value]) -> Value:
    match node.kind:
        case "number":
            return Decimal(node.text)
        case "text":
            return node.text
        case "name":
            found = values.get(node.text)
            if found is None or found == ():
                raise _Missing(node.text)
            return found
        case "unary":
            return _unary(node, values)
        case "call":
            return _call(node, values)
    return _binary(node, values)


def _unary(node: Node, values: Mapping[str, Value]) -> Value:
    inner = _value(node.parts[0], values)
    if node.text == "not":
        return not _condition(inner)
    return _each(inner, Decimal(-1), lambda a, b: _arithmetic("*", a, b))


def _binary(node: Node, values: Mapping[str, Value]) -> Value:
    first, second = node.parts
    if node.text == "and":
        return _condition(_value(first, values)) and _condition(_value(second, values))
    if node.text == "or":
        return _condition(_value(first, values)) or _condition(_value(second, values))
    left, right = _value(first, values), _value(second, values)
    if node.text in _SIGNS:
        return _each(left, right, lambda a, b: _arithmetic(node.text, a, b))
    return all(_compared(node.text, a, b) for a, b in _rows(left, right))


def _condition(value: Value) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"{_shown(value)} is no condition")
    return value


def _is_rows(value: Value) -> bool:
    return isinstance(value, tuple)


def _list(value: Value) -> Sequence[Scalar]:
    return value if isinstance(value, tuple) else (value,)


def _pairs(left: Value, right: Value) -> list[tuple[Scalar, Scalar]]:
    """The values of both sides row by row; a single value stands for each row.

    Raises:
        _Wrong: the columns have different numbers of rows.
    """
    a, b = list(_list(left)), list(_list(right))
    if _is_rows(left) and _is_rows(right) and len(a) != len(b):
        raise _Wrong(f"the columns have {len(a)} and {len(b)} rows")
    size = max(len(a), len(b))
    return list(zip(a if _is_rows(left) else a * size, b if _is_rows(right) else b * size, strict=True))


def _rows(left: Value, right: Value) -> list[tuple[Scalar, Scalar]]:
    """The pairs to compare; rows without a value are left out."""
    found: list[tuple[Scalar, Scalar]] = [(x, y) for x, y in _pairs(left, right) if x is not None and y is not None]
    if not found:
        raise _Missing("every row")
    return found


def _each(left: Value, right: Value, apply: Callable[[Scalar, Scalar], Scalar]) -> Value:
    if not _is_rows(left) and not _is_rows(right):
        return apply(_list(left)[0], _list(right)[0])
    return tuple(None if x is None or y is None else apply(x, y) for x, y in _pairs(left, right))


def _arithmetic(sign: str, left: Scalar, right: Scalar) -> Scalar:
    a, b = _number(left), _number(right)
    if sign == "/" and b == 0:
        raise _Wrong("a division by zero")
    money = [each for each in (left, right) if isinstance(each, Amount)]
    if len(money) == 2 and sign == "*":
        raise _Wrong("two amounts of money cannot be multiplied")
    currency = _common(money)
    result = _SIGNS[sign](a, b)
    if not money or (len(money) == 2 and sign == "/"):
        return result
    return Amount(result, currency)


def _number(value: Scalar) -> Decimal:
    if isinstance(value, Amount):
        return value.amount
    if isinstance(value, Decimal):
        return value
    raise _Wrong(f"{value!s} is no number")


def _common(money: Sequence[Amount]) -> str:
    currencies = {each.currency for each in money if each.currency}
    if len(currencies) > 1:
        raise _Wrong(f"{' and '.join(sorted(currencies))} cannot be added or compared")
    return next(iter(currencies), "")


def _compared(sign: str, left: Scalar, right: Scalar) -> bool:
    a, b = left, right
    if isinstance(left, Amount | Decimal) and isinstance(right, Amount | Decimal):
        _common([each for each in (left, right) if isinstance(each, Amount)])
        a, b = _number(left), _number(right)
    elif isinstance(left, date) and isinstance(right, str):
        b = _as_date(right)
    elif isinstance(right, date) and isinstance(left, str):
        a = _as_date(left)
    elif type(left) is not type(right):
        raise _Wrong(f"{left!s} and {right!s} cannot be compared")
    if sign in ("==", "!="):
        return (a == b) is (sign == "==")
    if isinstance(a, bool | str) or not isinstance(a, Decimal | date):
        raise _Wrong(f"{left!s} and {right!s} have no order")
    low, high = (a, b) if sign in ("<", "<=") else (b, a)
    return low < high if sign in ("<", ">") else low <= high  # type: ignore[operator]  # both are numbers, or dates


def _as_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Wrong(f"{text!r} is no date; write it as 2026-11-29") from None


def _call(node: Node, values: Mapping[str, Value]) -> Value:
    if node.text == "present":
        return _present(node.parts[0], values)
    if node.text == "value":
        try:
            return _value(node.parts[0], values)
        except _Missing:
            return _value(node.parts[1], values)
    if node.text == "same_currency":
        return _same_currency(node, values)
    arguments = [_value(part, values) for part in node.parts]
    match node.text:
        case "count":
            return Decimal(len(_list(arguments[0])))
        case "sum":
            return _sum(_list(arguments[0]))
        case "abs":
            return _each(arguments[0], Decimal(1), lambda a, _: _absolute(a))
        case "round":
            places = arguments[1] if len(arguments) > 1 else Decimal(0)
            return _each(arguments[0], places, _rounded)
    items = [each for argument in arguments for each in _list(argument) if each is not None]
    if not items:
        raise _Missing("every row")
    best = items[0]
    for each in items[1:]:
        if _compared("<" if node.text == "min" else ">", each, best):
            best = each
    return best


def _present(node: Node, values: Mapping[str, Value]) -> bool:
    try:
        return any(each is not None for each in _list(_value(node, values)))
    except _Missing:
        return False


def _same_currency(node: Node, values: Mapping[str, Value]) -> bool:
    found: set[str] = set()
    for part in node.parts:
        try:
            found |= {a.currency for a in _list(_value(part, values)) if isinstance(a, Amount) and a.currency}
        except _Missing:
            continue
    if len(found) > 1:
        raise _Wrong(f"it has amounts in {' and '.join(sorted(found))}")
    return True


def _sum(rows: Sequence[Scalar]) -> Scalar:
    if any(row is None for row in rows):
        raise _Missing("a row")
    total: Scalar = rows[0]
    _number(total)
    for row in rows[1:]:
        total = _arithmetic("+", total, row)
    return total


def _absolute(value: Scalar) -> Scalar:
    number = abs(_number(value))
    return Amount(number, value.currency) if isinstance(value, Amount) else number


def _rounded(value: Scalar, places: Scalar) -> Scalar:
    digits = int(_number(places))
    if not 0 <= digits <= 10:
        raise _Wrong("round takes 0 to 10 places")
    number = _number(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _CONTEXT)
    return Amount(number, value.currency) if isinstance(value, Amount) else number

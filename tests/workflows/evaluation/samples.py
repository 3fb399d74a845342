"""Evaluations, cells and results for tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from workflows.evaluation.cases import Case, parse_model
from workflows.evaluation.records import (
    Cell,
    CellResult,
    EvaluationStart,
    EvaluationState,
    ModelColumn,
    ModelProgress,
    Prepared,
)
from workflows.models import Asset, Media, Modality, Quote

AT = datetime(2026, 11, 29, tzinfo=UTC)


def start(max_usd: str = "0", **given: Any) -> EvaluationStart:
    return EvaluationStart.model_validate(
        {
            "evaluation_id": "e-1",
            "models": (parse_model("vendor/now"),),
            "max_usd": Decimal(max_usd),
            "created_at": AT,
            **given,
        }
    )


def cell(number: int, usd: str = "0.40", line: int | None = None, column: int = 0) -> Cell:
    price = Decimal(usd)
    asset = Asset(
        asset_id=f"c{number:05}",
        asset_type=Modality.IMAGE,
        role="still",
        prompt="A boat",
        provider="vendor",
        model="now",
        quote=Quote(low_usd=price, high_usd=price, expected_seconds=1),
    )
    case = Case(case_id=f"case-{line or number}", line=line or number, prompt="A boat", modality=Modality.IMAGE)
    return Cell(number=number, case=case, column=column, asset=asset)


def column(label: str = "vendor/now", cells: int = 10) -> ModelColumn:
    return ModelColumn(label=label, provider="vendor", model="now", modality=Modality.IMAGE, cells=cells)


def state(columns: int = 1, **given: Any) -> EvaluationState:
    prepared = Prepared(
        columns=tuple(column(f"vendor/now?n={n}") for n in range(columns)),
        metrics=("cost",),
        cases=10,
        cells=10 * columns,
        pages=1,
        high_usd=Decimal("4.00"),
    )
    return EvaluationState(prepared=prepared, progress=tuple(ModelProgress() for _ in range(columns)), **given)


def media(key: str = "m.png", media_type: str = "image/png") -> Media:
    return Media(key=key, bytes=1, sha256="0" * 64, media_type=media_type)


def result(number: int, line: int, column: int, failure: str = "", **values: float) -> CellResult:
    return CellResult(
        number=number,
        case_id=f"case-{line}",
        line=line,
        prompt="A <b>boat</b>",
        column=column,
        modality=Modality.IMAGE,
        asset_id=f"c{number:05}",
        media=None if failure else media(),
        values=values,
        failure=failure,
    )

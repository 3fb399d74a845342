"""The report as one HTML page, which needs neither scripts nor other files. All texts are escaped."""

from html import escape
from typing import Final

from workflows.evaluation.records import CellResult
from workflows.evaluation.report import CaseResults, EvaluationReport
from workflows.evaluation.statistics import Interval

MAX_CASES_WITH_PICTURES: Final = 200
"""A page of 600 small pictures has about 6 MB."""

_STYLE: Final = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #8886;padding:.4rem .6rem;text-align:left;
vertical-align:top}td{font-variant-numeric:tabular-nums}.scroll{overflow-x:auto}.clear{font-weight:600}
small{opacity:.75}img{max-width:200px;height:auto;display:block}pre{white-space:pre-wrap;font:inherit;margin:0;
max-width:24rem}
"""


def render_report(report: EvaluationReport) -> str:
    view = report.view
    title = escape(view.title or view.evaluation_id)
    facts = f"{view.made} takes made, {view.failed} failed · spent {view.spent_usd} of {view.max_usd} USD"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width">',
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
        f"<p>{escape(view.status.value)} · {facts} · {report.written_at:%Y-%m-%d %H:%M} UTC</p>",
        f"<p><strong>{escape(view.message)}</strong></p>" if view.message else "",
        _table(report),
        _cases(report),
        "</body></html>",
    ]
    return "\n".join(filter(None, parts))


def shown(interval: Interval) -> str:
    """'0.42 (0.31 to 0.53)'."""
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.4g}"
    return f"{interval.mean:.4g} ({interval.low:.4g} to {interval.high:.4g})"


def _table(report: EvaluationReport) -> str:
    """A row for each model, a column for each metric, with the difference from the first model of its modality."""
    figures = {(f.metric, f.column): f.interval for f in report.figures}
    differences = {(d.metric, d.column): d.difference for d in report.differences}
    heads = "".join(f'<th scope="col">{escape(m.title)}{f" ({m.unit})" if m.unit else ""}</th>' for m in report.metrics)
    rows = []
    for n, column in enumerate(report.view.columns):
        cells = []
        for metric in report.metrics:
            interval, difference = figures.get((metric.name, n)), differences.get((metric.name, n))
            text = shown(interval) if interval else "–"
            if interval and difference:
                mark = ' class="clear"' if difference.clear else ""
                text += f"<br><small{mark}>{difference.mean:+.4g} against the first</small>"
            cells.append(f"<td>{text}</td>")
        progress = report.view.progress[n]
        made = f"{progress.made} of {column.cells}"
        rows.append(f'<tr><th scope="row">{escape(column.label)}</th><td>{made}</td>{"".join(cells)}</tr>')
    caption = "Means with their 95 % intervals; a difference in bold excludes zero"
    head = f'<tr><th scope="col">Model</th><th scope="col">Made</th>{heads}</tr>'
    return (
        f'<div class="scroll"><table><caption>{caption}</caption><thead>{head}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cases(report: EvaluationReport) -> str:
    parts = ["<h2>Cases</h2>"]
    parts += [_case(report, case) for case in report.cases[:MAX_CASES_WITH_PICTURES]]
    if len(report.cases) > MAX_CASES_WITH_PICTURES:
        parts.append(f"<p>and {len(report.cases) - MAX_CASES_WITH_PICTURES} more in report.json</p>")
    return "\n".join(parts)


def _case(report: EvaluationReport, case: CaseResults) -> str:
    labels = report.view.columns
    heads = "".join(f'<th scope="col">{escape(labels[cell.column].label)}</th>' for cell in case.cells)
    cells = "".join(f"<td>{_cell(cell)}</td>" for cell in case.cells)
    return (
        f'<h3>{escape(case.case_id)}</h3><p>{escape(case.prompt)}</p><div class="scroll"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table></div>"
    )


def _cell(cell: CellResult) -> str:
    if cell.failure:
        return f"failed: {escape(cell.failure)}"
    picture = f'<img src="data:image/jpeg;base64,{cell.thumbnail}" alt="">' if cell.thumbnail else ""
    text = f"<pre>{escape(cell.excerpt)}</pre>" if cell.excerpt else ""
    values = "<br>".join(f"{escape(name)} {value:.4g}" for name, value in cell.values.items())
    notes = "".join(f"<br>{escape(name)}: {escape(note)}" for name, note in cell.notes.items())
    return f"{picture}{text}<small>{values}{notes}</small>"

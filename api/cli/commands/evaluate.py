"""The commands of evaluations: evaluate, evaluations, evaluation, metrics."""

from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from api.cli.batch_file import batch_id_of
from api.cli.context import (
    EXIT_REFUSED,
    EXIT_TOO_EXPENSIVE,
    INSPECT,
    MAKE,
    Cli,
    Context,
    JsonOption,
    LimitOption,
    check_out,
    cli_of,
    current_user,
    usd_option,
)
from api.cli.files import file_argument
from api.cli.tables import counted, label, local_time, one_line, print_table, spent, table
from api.views.evaluations import EvaluationBody
from workflows.evaluation.cases import MAX_CASES_BYTES
from workflows.evaluation.records import MAX_AT_ONCE, EvaluationStatus, EvaluationView
from workflows.evaluation.report import Comparison, FullSummary
from workflows.evaluation.statistics import Interval
from workflows.models import ZERO

app = typer.Typer()

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The evaluation: its id, or the start of it.")]


@app.command(rich_help_panel=MAKE)
def evaluate(
    context: Context,
    file: Annotated[Path, file_argument('The cases: JSON Lines, e.g. {"prompt": "A red boat"}.')],
    models: Annotated[
        list[str],
        typer.Option(
            "--models", "-m", metavar="MODEL", help="provider/model?name=value; several with commas, or again."
        ),
    ],
    metrics: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC", help="Default: all that fit and are free. `greenlight metrics` lists them."),
    ] = None,
    max_usd: Annotated[Decimal | None, usd_option("The most that all takes may cost together. Default: 0.")] = None,
    transcriber: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A model that writes down what voices say, for `wer`.")
    ] = None,
    judge: Annotated[
        str, typer.Option(metavar="MODEL", help="The judge of `judge_score`. Default: the worker's GREENLIGHT_JUDGE.")
    ] = "",
    at_once: Annotated[int, typer.Option(min=1, max=MAX_AT_ONCE, help="The number of takes at a time.")] = 10,
    title: Annotated[str, typer.Option(help="A title for people. Default: the name of the file.")] = "",
    evaluation_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Default: derived from the file, the models and metrics.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="The tenant for whom it runs.")] = "default",
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow it, and print the report.")] = True,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Also write the report as HTML.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make each case with each model, and measure the takes. Repeat the command to continue; nothing is paid twice."""
    cli = cli_of(context)
    check_out(out.parent if out else None)
    named, measured = _split(models), _split(metrics or [])
    try:
        cases = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8 text ({error}); save it as such.") from None
    if len(cases) > MAX_CASES_BYTES:
        message = f"{file} has {len(cases):,} characters of at most {MAX_CASES_BYTES:,}; split it."
        raise typer.BadParameter(message)
    body = EvaluationBody(
        cases=cases,
        models=tuple(named),
        metrics=tuple(measured),
        transcriber=transcriber,
        judge=judge,
        max_usd=max_usd or ZERO,
        at_once=at_once,
        evaluation_id=evaluation_id or f"e{batch_id_of(file, tenant, *named, *measured, transcriber or '', judge)[1:]}",
        title=title or file.name,
        tenant=tenant,
        requester=current_user(),
    )
    started = cli.client.start_evaluation(body)
    view = started.view
    cli.warn(f"Evaluation {view.evaluation_id}: {counted(view.cases, 'case')}, {_price(view)}")
    if watch:
        view = _follow(cli, view.evaluation_id)
        _print_result(cli, view, out, as_json=as_json)
    elif as_json:
        cli.print_json(view)


@app.command(rich_help_panel=INSPECT)
def evaluations(
    context: Context,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List evaluations: open ones first."""
    cli = cli_of(context)
    found = tuple(islice(cli.client.evaluations(page_size=min(limit, 100)), limit))
    if as_json:
        cli.print_json(found)
        return
    rows = table("evaluation", "status", "cases", "models", "USD", "created", "title", right=("cases", "models", "USD"))
    for e in found:
        sums = (str(e.cases), str(e.models), spent(e.spent_usd))
        rows.add_row(Text(e.evaluation_id), label(e.status), *sums, local_time(e.created_at), one_line(e.title))
    print_table(cli.out, rows)


@app.command(rich_help_panel=INSPECT)
def evaluation(
    context: Context,
    evaluation_id: IdArgument,
    compare: Annotated[
        str | None, typer.Option(metavar="ID", help="Another evaluation: show its values minus those of this one.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report as HTML.")] = None,
    pause: Annotated[bool, typer.Option("--pause", help="Start no further takes.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Start takes again.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop all takes; the report covers what is made.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show an evaluation: its progress or its report, or a comparison with another one."""
    cli = cli_of(context)
    if pause + resume + cancel > 1:
        raise typer.BadParameter("--pause, --resume and --cancel exclude each other; give one of them")
    check_out(out.parent if out else None)
    found = cli.evaluation_id(evaluation_id)
    if compare:
        comparison = cli.client.compare_evaluations(found, cli.evaluation_id(compare))
        if as_json:
            cli.print_json(comparison)
        else:
            _print_comparison(cli, comparison)
        return
    if pause or resume or cancel:
        view = cli.client.change_evaluation(found, "pause" if pause else "resume" if resume else "cancel")
    else:
        view = cli.client.evaluation(found)
    if view.status.closed and not cancel:
        _print_result(cli, view, out, as_json=as_json)
    elif as_json:
        cli.print_json(view)
    else:
        cli.out.out(_progress(view), highlight=False)


@app.command(rich_help_panel=INSPECT)
def metrics(context: Context, as_json: JsonOption = False) -> None:
    """List what evaluations can measure, and what some of it needs."""
    cli = cli_of(context)
    found = cli.client.metrics()
    if as_json:
        cli.print_json(found)
        return
    rows = table("metric", "meaning", "unit", "better", "for", "")
    for m in found:
        of = ", ".join(modality.value for modality in m.modalities)
        rows.add_row(Text(m.name), one_line(m.title), m.unit, m.better, of, one_line(m.missing))
    print_table(cli.out, rows)


def _price(view: EvaluationView) -> str:
    """'150 takes, at most 2.00 USD'; of one that is not priced yet its status."""
    if view.status is EvaluationStatus.PREPARING:
        return label(view.status)
    return f"{counted(view.cells, 'take')}, {f'at most {view.high_usd} USD' if view.high_usd else 'free'}"


def _split(texts: list[str]) -> list[str]:
    """Names that are given several times, or with commas between them."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _follow(cli: Cli, evaluation_id: str) -> EvaluationView:
    """Print the progress until it is closed."""
    warn = cli.warn_changes()
    with cli.interruptible(f"The evaluation continues: {evaluation_id}"):
        return cli.follow(
            lambda: cli.client.evaluation(evaluation_id),
            lambda view: warn(_progress(view)),
            lambda view: view.status.closed,
        )


def _progress(view: EvaluationView) -> str:
    """'running · 12 of 150 takes · 1 failed · spent 0.12 of 2.00 USD'."""
    parts = [label(view.status), f"{view.made + view.failed} of {counted(view.cells, 'take')}"]
    parts += [f"{view.failed} failed"] if view.failed else []
    parts.append(f"spent {spent(view.spent_usd)} of {view.max_usd} USD")
    return " · ".join(parts)


def _print_result(cli: Cli, view: EvaluationView, out: Path | None, *, as_json: bool) -> None:
    """Print the report of an evaluation that is closed, and exit with the code of its status."""
    if view.status in (EvaluationStatus.REFUSED, EvaluationStatus.FAILED) or not view.cells:
        cli.warn(f"[red]{label(view.status).capitalize()}[/red]: {escape(view.message)}")
        raise typer.Exit(EXIT_REFUSED)
    report = cli.client.evaluation_report(view.evaluation_id)
    if as_json:
        cli.print_json(report)
    else:
        _print_report(cli, report)
    if out:
        cli.client.download_evaluation_page(view.evaluation_id, out)
        cli.warn(escape(str(out)))
    if view.status is EvaluationStatus.CAPPED:
        cli.warn(f"[yellow]Capped[/yellow]: {escape(view.message)}")
        raise typer.Exit(EXIT_TOO_EXPENSIVE)
    if view.status is EvaluationStatus.CANCELLED or (view.failed and not view.made):
        raise typer.Exit(EXIT_REFUSED)


def _print_report(cli: Cli, report: FullSummary) -> None:
    """A row for each model and metric: a terminal has no room for a column of each metric."""
    rows = table("model", "metric", "n", "mean", "95 %", "against the first", right=("n", "mean"))
    figures = {(f.column, f.metric): f.interval for f in report.figures}
    differences = {(d.column, d.metric): d.difference for d in report.differences}
    for n, column in enumerate(report.view.columns):
        for metric in report.metrics:
            if interval := figures.get((n, metric.name)):
                difference = differences.get((n, metric.name))
                against = f"{difference.mean:+.4g}{' *' if difference.clear else ''}" if difference else ""
                name = f"{metric.name}{f' ({metric.unit})' if metric.unit else ''}"
                cells = (str(interval.n), f"{interval.mean:.4g}", _range(interval), against)
                rows.add_row(one_line(column.label), Text(name), *cells)
    print_table(cli.out, rows)
    for failure in report.view.failures:
        text = f"failed: {failure.case_id} with {failure.model}: {failure.message}"
        cli.warn(escape(text))
    if report.preference:
        _print_preference(cli, report)


def _print_preference(cli: Cli, report: FullSummary) -> None:
    assert report.preference
    rows = table("model", "strength", "95 %", "wins", "losses", "ties", right=("strength", "wins", "losses", "ties"))
    for s in report.preference.strengths:
        counts = (str(s.wins), str(s.losses), str(s.ties))
        interval = f"{s.low:.3g} to {s.high:.3g}"
        rows.add_row(one_line(report.view.columns[s.column].label), f"{s.strength:.3g}", interval, *counts)
    cli.out.out(f"\n{counted(report.preference.votes, 'vote')} of {report.preference.voters} people", highlight=False)
    print_table(cli.out, rows)


def _print_comparison(cli: Cli, comparison: Comparison) -> None:
    rows = table("model", "metric", "first", "second", "difference", "95 %", right=("first", "second", "difference"))
    for row in comparison.rows:
        sums = (f"{row.first.mean:.4g}", f"{row.second.mean:.4g}", f"{row.difference.mean:+.4g}")
        rows.add_row(one_line(row.model), Text(row.metric), *sums, _range(row.difference))
    print_table(cli.out, rows)
    cli.warn(f"{counted(comparison.same_cases, 'case')} in both")


def _range(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f"{interval.low:.4g} to {interval.high:.4g}"

"""The commands of schedules: schedule create, list, show, pause, resume, run, delete."""

from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from api.cli.context import Context, JsonOption, Studio, studio_of
from api.cli.options import takes_brief
from api.cli.tables import one_line, print_table, table
from api.views.batches import ListedSchedule, ScheduleBody, ScheduleList
from workflows.models import Brief

app = typer.Typer(no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The schedule, as `greenlight schedule list` shows it.")]
NoteOption = Annotated[str, typer.Option(help="Why; shown beside it.")]


@app.command()
@takes_brief
def create(
    context: Context,
    brief: Brief,
    schedule_id: Annotated[str, typer.Option("--id", metavar="ID", help="Its name: letters a-z, digits, dashes.")],
    cron: Annotated[
        str, typer.Option(metavar="CRON", help="Minute, hour, day, month, day of the week: '0 9 * * MON'.")
    ],
    timezone: Annotated[str, typer.Option(help="Of these times, e.g. Europe/Berlin.")] = "UTC",
    note: NoteOption = "",
) -> None:
    """Make a brief again and again. Each time its plan waits for an approval, unless --auto-below gives it."""
    studio = studio_of(context)
    body = ScheduleBody(schedule_id=schedule_id, brief=brief, cron=cron, timezone=timezone, note=note)
    _say(studio, "Created", studio.client.create_schedule(body))


@app.command("list")
def list_(context: Context, as_json: JsonOption = False) -> None:
    """List schedules with their next times."""
    studio = studio_of(context)
    found = studio.client.schedules()
    if as_json:
        studio.json(ScheduleList(schedules=found))
        return
    rows = table("schedule", "times", "next", "platform", "title")
    for s in found:
        rows.add_row(Text(s.schedule_id), f"{s.cron} {s.timezone}", _next(s), s.platform.value, one_line(s.title))
    print_table(studio.out, rows)


@app.command()
def show(context: Context, schedule_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show a schedule and the productions that it started last."""
    studio = studio_of(context)
    schedule = studio.client.schedule(schedule_id)
    if as_json:
        studio.json(schedule)
        return
    _say(studio, schedule.title, schedule)
    for run in schedule.recent:
        studio.out.out(f"  {_moment(run.at)}  {run.production_id}", highlight=False)


@app.command()
def pause(context: Context, schedule_id: IdArgument, note: NoteOption = "") -> None:
    """Start nothing more until it is resumed."""
    studio = studio_of(context)
    _say(studio, "Paused", studio.client.pause_schedule(schedule_id, note))


@app.command()
def resume(context: Context, schedule_id: IdArgument, note: NoteOption = "") -> None:
    """Go on with the next time."""
    studio = studio_of(context)
    _say(studio, "Resumed", studio.client.resume_schedule(schedule_id, note))


@app.command()
def run(context: Context, schedule_id: IdArgument) -> None:
    """Start one production now."""
    studio = studio_of(context)
    studio.client.run_schedule(schedule_id)
    studio.say(f"Started. Its production is listed by: [bold]greenlight schedule show {schedule_id}[/bold]")


@app.command()
def delete(context: Context, schedule_id: IdArgument) -> None:
    """Start nothing more; what was started goes on."""
    studio = studio_of(context)
    studio.client.delete_schedule(schedule_id)
    studio.say(f"Deleted {schedule_id}; what it started goes on.")


def _say(studio: Studio, what: str, schedule: ListedSchedule) -> None:
    words = f"{what}: {schedule.schedule_id} · {schedule.cron} {schedule.timezone} · next {_next(schedule)}"
    studio.out.out(" · ".join(filter(None, (words, schedule.note))), highlight=False)


def _next(schedule: ListedSchedule) -> str:
    if schedule.paused:
        return "paused"
    return _moment(schedule.next_runs[0]) if schedule.next_runs else "never"


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")

"""The commands of schedules: schedule create, list, show, pause, resume, run, delete."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.text import Text

from api.cli.context import Cli, Context, JsonOption, cli_of
from api.cli.languages import with_language
from api.cli.options import takes_brief
from api.cli.tables import one_line, print_table, table
from api.views.batches import ListedSchedule, ScheduleBody, ScheduleList
from workflows.brief import Brief

app = typer.Typer(no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The schedule: its id, or the start of it.")]
NoteOption = Annotated[str, typer.Option(help="The reason, shown with the schedule.")]


@app.command()
@takes_brief
def create(
    context: Context,
    brief: Brief,
    schedule_id: Annotated[str, typer.Option("--id", metavar="ID", help="Its name: letters a-z, digits, dashes.")],
    cron: Annotated[
        str, typer.Option(metavar="CRON", help="Minute, hour, day, month, day of the week: '0 9 * * MON'.")
    ],
    timezone: Annotated[str, typer.Option(help="The time zone of CRON, e.g. Europe/Berlin.")] = "UTC",
    note: NoteOption = "",
) -> None:
    """Start productions of a brief at set times. Each plan waits for an approval, unless --auto-below approves it."""
    cli = cli_of(context)
    brief = with_language(cli, brief, ask=True)
    body = ScheduleBody(schedule_id=schedule_id, brief=brief, cron=cron, timezone=timezone, note=note)
    _print_schedule(cli, "Created", cli.client.create_schedule(body))


@app.command("list")
def list_(context: Context, as_json: JsonOption = False) -> None:
    """List schedules with their next times."""
    cli = cli_of(context)
    found = cli.client.schedules()
    if as_json:
        cli.print_json(ScheduleList(schedules=found))
        return
    rows = table("schedule", "times", "next", "platform", "title")
    for s in found:
        times = Text(f"{s.cron} {s.timezone}")
        rows.add_row(Text(s.schedule_id), times, _next_run(s), s.platform.value, one_line(s.title))
    print_table(cli.out, rows)


@app.command()
def show(context: Context, schedule_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show a schedule and the productions that it started last."""
    cli = cli_of(context)
    schedule = cli.client.schedule(cli.schedule_id(schedule_id))
    if as_json:
        cli.print_json(schedule)
        return
    _print_schedule(cli, schedule.title, schedule)
    for at in schedule.next_runs[1:]:
        cli.out.out(f"  then {zone_time(at, schedule.timezone)}", highlight=False)
    for run in schedule.recent:
        cli.out.out(f"  {zone_time(run.at, schedule.timezone)}  {run.production_id}", highlight=False)


@app.command()
def pause(context: Context, schedule_id: IdArgument, note: NoteOption = "") -> None:
    """Start no production until the schedule is resumed."""
    cli = cli_of(context)
    _print_schedule(cli, "Paused", cli.client.pause_schedule(cli.schedule_id(schedule_id), note))


@app.command()
def resume(context: Context, schedule_id: IdArgument, note: NoteOption = "") -> None:
    """Start productions again, from the next time on."""
    cli = cli_of(context)
    _print_schedule(cli, "Resumed", cli.client.resume_schedule(cli.schedule_id(schedule_id), note))


@app.command()
def run(context: Context, schedule_id: IdArgument) -> None:
    """Start one production now."""
    cli = cli_of(context)
    schedule_id = cli.schedule_id(schedule_id)
    cli.client.run_schedule(schedule_id)
    cli.print(f"Started. To see its production: [bold]greenlight schedule show {schedule_id}[/bold]")


@app.command()
def delete(context: Context, schedule_id: IdArgument) -> None:
    """Delete a schedule; productions that it started continue."""
    cli = cli_of(context)
    schedule_id = cli.schedule_id(schedule_id)
    cli.client.delete_schedule(schedule_id)
    cli.print(f"Deleted {schedule_id}; productions that it started continue.")


def _print_schedule(cli: Cli, heading: str, schedule: ListedSchedule) -> None:
    line = f"{heading}: {schedule.schedule_id} · {schedule.cron} {schedule.timezone} · next {_next_run(schedule)}"
    cli.out.out(" · ".join(filter(None, (line, schedule.note))), highlight=False)


def _next_run(schedule: ListedSchedule) -> str:
    if schedule.paused:
        return "paused"
    return zone_time(schedule.next_runs[0], schedule.timezone) if schedule.next_runs else "never"


def zone_time(at: datetime, timezone: str) -> str:
    """Date, minute and zone in the time zone of the schedule, in which its times are written: '2026-11-23 09:00 CET'.

    Without a time zone database here, the time is that of this machine.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")

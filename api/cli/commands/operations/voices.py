"""The command `voices`: the voices that workers offer, and how they sound."""

import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.text import Text

from api.cli.context import (
    EXIT_REFUSED,
    EXIT_TOO_EXPENSIVE,
    INSPECT,
    Cli,
    Context,
    JsonOption,
    UnknownOption,
    check_out,
    cli_of,
    current_user,
    usd_option,
)
from api.cli.tables import print_table, table
from api.views.voice import VoiceSampleBody, VoiceSampleView
from workflows.models import SPEECH, ZERO, Modality
from workflows.provider_report import ModelInfo

app = typer.Typer()

POLL_SECONDS: Final = 0.5


@app.command(rich_help_panel=INSPECT)
def voices(
    context: Context,
    listen: Annotated[
        str | None, typer.Option(metavar="MODEL", help="provider/model: store a sample of its voice.")
    ] = None,
    voice: Annotated[str, typer.Option(metavar="VOICE", help="A voice of that model. Default: the model's own.")] = "",
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help="What the sample speaks, e.g. de.")] = "en",
    max_usd: Annotated[
        Decimal | None, usd_option("The most that the sample may cost. Default: only a free one.")
    ] = None,
    allow_unknown_prices: UnknownOption = False,
    again: Annotated[bool, typer.Option("--again", help="Make another attempt, where the last one failed.")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for its file. Default: here.")] = Path(),
    tenant: Annotated[str, typer.Option(help="The tenant for whom it is made.")] = "default",
    as_json: JsonOption = False,
) -> None:
    """List the models that speak; with --listen, hear one. A sample is paid once for each voice and language."""
    cli = cli_of(context)
    if listen is None:
        _list(cli, as_json=as_json)
        return
    check_out(out)
    wanted = VoiceSampleBody(
        model=listen,
        voice=voice,
        language=language,
        max_usd=max_usd or ZERO,
        allow_unknown_price=allow_unknown_prices,
        again=again,
        tenant=tenant,
        requester=current_user(),
    )
    sample = _made(cli, wanted)
    if as_json:
        cli.print_json(sample)
    if sample.status == "ready":
        stored = cli.client.download_voice_sample(sample, out / sample.file)
        cli.warn(f"It says: {escape(sample.text)}")
        if not as_json:
            cli.print(escape(str(stored)))
        return
    cli.warn(f"[red]{sample.status.capitalize()}[/red]: {escape(_reason(sample))}")
    raise typer.Exit(EXIT_TOO_EXPENSIVE if sample.status == "priced" else EXIT_REFUSED)


def _made(cli: Cli, wanted: VoiceSampleBody) -> VoiceSampleView:
    sample = cli.client.hear_voice(wanted)
    while sample.status == "making":
        time.sleep(POLL_SECONDS)
        sample = cli.client.hear_voice(wanted.model_copy(update={"again": False}))
    return sample


def _reason(sample: VoiceSampleView) -> str:
    if sample.status == "failed":
        return f"{sample.message}; --again makes another attempt"
    if sample.price_usd is None:
        return "the price of this model is not published; --allow-unknown-prices makes it all the same"
    return f"the sample costs up to {sample.price_usd} USD; --max-usd {sample.price_usd} makes it"


def _list(cli: Cli, *, as_json: bool) -> None:
    """A row for each enabled model that speaks."""
    found = [m for p in cli.client.providers().providers if p.enabled for m in p.models if _speaks(m)]
    if as_json:
        cli.print_json(found)
        return
    rows = table("model", "price", "voice", folded="price")
    for model in found:
        rows.add_row(Text(f"{model.provider}/{model.model}"), Text(model.price), Text(model.parameters["voice"]))
    print_table(cli.out, rows, uncut=True)


def _speaks(model: ModelInfo) -> bool:
    known = model.modality is Modality.AUDIO and "voice" in model.parameters
    return known and not model.unavailable and (not model.sounds or SPEECH in model.sounds)

"""`python -m deploy.demo`: a sample film from brief to deliverable, over HTTP, on the stack of this machine."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table

from api.cli.progress import ProductionProgress
from api.cli.tables import make_console, money, print_table, show_plan
from api.client.client import GreenlightClient, GreenlightError
from api.views.production import ProductionView
from deploy.home import StackInfo, find_running_stack
from deploy.local import PROBLEMS, prepare_process, running_stack
from deploy.settings import StackSettings
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.requests import Approval, Rejection

OUT: Final = Path("out/demo")

BRIEF: Final = Brief(
    title="The Last Light",
    text=(
        "At dusk a storm rolls in over a northern island. "
        "Ingrid climbs the lighthouse stairs with an old brass lamp. "
        "Her light finds a small fishing boat between the waves. "
        "At dawn the sea is calm, and the boat comes home."
    ),
    platform=Platform.VIDEO,
    style="cinematic, painterly light, deep blue and amber, slow camera",
    duration_seconds=20,
    requester="make demo",
)


class DemoFailed(Exception):
    """The film was not made; the message names the reason and the remedy."""


def make_film(console: Console, client: GreenlightClient) -> ProductionView | None:
    """Plan, ask for approval, and produce with one bar per asset; None if the person at the terminal declines.

    Raises:
        DemoFailed: the production ended, but was not delivered.
    """
    production = _wait_for_plan(client, client.start(BRIEF).production_id)
    plan = production.plan
    assert plan is not None
    show_plan(console, plan)
    if not _ask_approval(console, plan.high_usd == 0, money(plan.high_usd)):
        client.reject(production.production_id, Rejection(rejecter="make demo", reason="declined at the terminal"))
        return None
    client.approve(production.production_id, Approval(plan_digest=plan.digest, approver="make demo"))
    with ProductionProgress(console, plan.assets) as progress:
        for event in client.events(production.production_id):
            progress.show(event)
            if event.name == "needs_attention":
                raise DemoFailed(
                    f"Production {production.production_id} waits for a decision: {event.asset_id} {event.data}. "
                    f"`make up`, then `.venv/bin/greenlight show {production.production_id}`"
                )
    production = client.get(production.production_id)
    if production.status is not ProductionStatus.DELIVERED:
        raise DemoFailed(f"The production ended as {production.status}: {production.error or 'no reason given'}")
    return production


def _wait_for_plan(client: GreenlightClient, production_id: str) -> ProductionView:
    for event in client.events(production_id):
        if event.name in ("plan_ready", "plan_failed"):
            break
    production = client.get(production_id)
    if production.plan is None:
        raise DemoFailed(f"The brief could not be planned: {production.error or production.status}")
    return production


def _ask_approval(console: Console, free: bool, price: str) -> bool:
    costs = "making it costs nothing" if free else f"it costs up to {price}"
    if sys.stdin.isatty() and console.is_terminal:
        return Confirm.ask(f"\nApprove this plan? ({costs})", console=console, default=True)
    if not free:
        raise DemoFailed(f"The plan may cost {price} and needs an approval: run `make demo` in a terminal")
    console.print(f"\nThere is no terminal, so the plan is approved ({costs}).")
    return True


def download(client: GreenlightClient, production: ProductionView) -> list[Path]:
    """Download the deliverable's files and the manifest to OUT, and replace those of an earlier demo."""
    shutil.rmtree(OUT, ignore_errors=True)
    return list(client.download_all(production, OUT))


def summarize(info: StackInfo, production: ProductionView, files: list[Path]) -> Table:
    """A table of the files and addresses of the production."""
    names = {
        "deliverable.mp4": "Video",
        "captions.vtt": "Captions",
        "captions.srt": "Captions",
        "timeline.otio": "Timeline",
        "contact-sheet.png": "Contact sheet",
        "overview.json": "Overview",
        "content.md": "Script",
        "manifest.json": "Manifest",
    }
    run = f"namespaces/{info.temporal_namespace}/workflows/{keys.workflow_id(production.production_id)}"
    table = Table(show_header=False, box=None, pad_edge=False)
    for file in files:
        table.add_row(f"[bold]{names.get(file.name, 'File')}", str(file))
    table.add_row("[bold]Studio and API", info.api_url)
    table.add_row("[bold]This production", f"{info.api_url}/api/v1/productions/{production.production_id}")
    if info.temporal_ui_url:
        table.add_row("[bold]Its run in Temporal", f"{info.temporal_ui_url}/{run}")
    return table


@contextmanager
def _stack(console: Console) -> Iterator[tuple[StackInfo, bool]]:
    """The running stack of GREENLIGHT_HOME, or a new one during the demo; True if it is the demo's own."""
    home = StackSettings.of(os.environ).home
    if info := find_running_stack(home):
        console.print(f"Using the stack that runs at {info.api_url}")
        yield info, False
        return
    console.print("Starting Temporal, S3, worker and API …")
    with running_stack(home, say=console.print) as stack:
        yield stack.info, True


def main() -> int:
    """The exit code: 0 after a film or a declined plan, 1 after a failure with a message."""
    prepare_process()
    console = make_console()
    try:
        with _stack(console) as (info, own), GreenlightClient(info.api_url, instance=info.instance) as client:
            production = make_film(console, client)
            if production is None:
                console.print("Not approved: nothing was made and nothing was spent.")
                return 0
            console.print()
            print_table(console, summarize(info, production, download(client, production)))
            if own:
                console.print(
                    "\nThe demo's stack stops now and its data is kept: `make up` starts it again at these addresses."
                )
    except KeyboardInterrupt:
        console.print("\nStopped. Unfinished productions continue with `make up`.")
        return 130
    except (DemoFailed, GreenlightError, *PROBLEMS) as problem:
        console.print(f"\n{problem}", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)

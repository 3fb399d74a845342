"""`python -m tests.activities.judging [kind=provider/model …]`: precision and recall of judges over the labelled set.

Without arguments the emulated judge looks at the takes. A real judge is named for a kind of takes, e.g.
image=openai/gpt-6-luna; its key is in the environment, and its verdicts are paid.
"""

# ruff: noqa: T201 - it is a program for the terminal

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from activities.storage.bucket import Storage
from deploy.local import running_stack
from tests.activities.judging.labelled.figures import Result, judge_all, of_observer
from tests.activities.judging.labelled.takes import labelled
from tests.support.stack import new_home
from workflows.models import Modality


def main(named: Sequence[str]) -> None:
    judges = {Modality(kind): judge for kind, _, judge in (each.partition("=") for each in named)}
    keys = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="greenlight-judges-") as folder:
        home = new_home(Path(folder) / "home")
        with running_stack(home, ports="free", api=False, worker=False) as stack:
            os.environ.update({name: value for name, value in stack.env.items() if name.startswith("AWS_")})
            _print(asyncio.run(_figures(keys, judges)))


async def _figures(keys: dict[str, str], judges: dict[Modality, str]) -> Result:
    storage = Storage("judges")
    await storage.ensure_bucket()
    return await (judge_all(storage, labelled(), keys, judges) if judges else of_observer(storage))


def _print(result: Result) -> None:
    for kind, figures in result.figures.items():
        bad, good = figures.found + figures.missed, figures.flagged + figures.passed
        shares = f"recall {figures.recall:.1%}, precision {figures.precision:.1%}"
        print(f"{kind.value}: {bad} damaged and {good} good takes, {shares}")
    for title, names in (("wrong", result.wrong), ("unjudged", result.unjudged)):
        for name in names:
            print(f"{title}: {name}")


if __name__ == "__main__":
    main(sys.argv[1:])

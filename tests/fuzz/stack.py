"""The stack that is fuzzed: as `make up` runs it, with previz alone; some models cost money, or cannot be made."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local import Stack, running_stack
from tests.support.stack import hermetic, new_home

BROKEN: Final = "previz-broken"
"""In the catalogue, and nobody can make it: each take of it fails for good."""
WORDS_USD: Final = "0.02"
"""Of each text, so that there are budgets, reservations and ledgers."""
_MODEL: Final = """
[[models]]
provider = "previz"
model = "{model}"
modality = "text"
media_type = "text/markdown"
expected_seconds = 0.1
price = {{ rates = [{{ unit = "asset", usd = "{usd}" }}], source = "a test", date = "2026-11-20" }}
rank = {rank}
"""


@contextmanager
def fuzzed_stack(folder: Path) -> Iterator[Stack]:
    """Everything of it lies in `folder`, its logs in `home/logs`."""
    catalogue = folder / "own.toml"
    models = [("previz-text", WORDS_USD, 90), (BROKEN, "0", 99)]
    catalogue.write_text("".join(_MODEL.format(model=m, usd=usd, rank=rank) for m, usd, rank in models))
    environ = hermetic(os.environ) | {"GREENLIGHT_CATALOGUE": str(catalogue)}
    with running_stack(new_home(folder / "home"), ports="free", environ=environ, say=lambda _: None) as stack:
        yield stack

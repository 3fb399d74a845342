"""The stack under test: as `make up` runs it, with previz alone; some models cost money, and one always fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local import Stack, running_stack
from tests.support.stack import hermetic, new_home

BROKEN: Final = "previz-broken"
"""A model in the catalogue whose takes always fail."""
WORDS_USD: Final = "0.02"
"""The price of each text, so that there are budgets, reservations and ledgers."""
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
    """Run the stack with all files in `folder`, and its logs in `home/logs`."""
    catalogue = folder / "own.toml"
    models = [("previz-text", WORDS_USD, 90), (BROKEN, "0", 99)]
    catalogue.write_text("".join(_MODEL.format(model=m, usd=usd, rank=rank) for m, usd, rank in models))
    environ = hermetic(os.environ) | {"GREENLIGHT_CATALOGUE": str(catalogue)}
    with running_stack(new_home(folder / "home"), ports="free", environ=environ, say=lambda _: None) as stack:
        yield stack

"""The README and the guides of the folders, and their examples.

`python -m tests.guides FOLDER` writes their Python into a folder, for `make check`, which type-checks it with the code.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Final

from tests import ROOT

GUIDES: Final = {
    path: (ROOT / path).read_text(encoding="utf-8")
    for path in (
        "README.md",
        "workflows/README.md",  # after the README: its commands change the production that the README's commands make
        "activities/providers/README.md",
        "deploy/README.md",
        "tests/README.md",
        "CONTRIBUTING.md",
    )
}
TEXT: Final = "".join(GUIDES.values())
BLOCKS: Final[list[tuple[str, str]]] = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """The blocks of code in one language, in the order of the guides."""
    return [body for name, body in BLOCKS if name == language]


def write_python(folder: Path) -> list[Path]:
    """Write each Python block as a module; the provider example must fit the protocol too."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = []
    for number, code in enumerate(blocks("python")):
        if "class Chalk" in code:
            code += "\n\nfrom activities.providers.protocol import Provider\n\nfits: Provider = Chalk({})\n"
        written.append(folder / f"guide_example_{number}.py")
        written[-1].write_text(code, encoding="utf-8")
    return written


if __name__ == "__main__":
    write_python(Path(sys.argv[1]))

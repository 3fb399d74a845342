"""Claims, one sentence each; the folders mirror the layout of the code."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent

"""Media that was damaged in many ways: each file is inspected to its end, or refused by the error tree."""

import io
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from activities.errors import OutputUnusable
from activities.media.facts import probe
from activities.takes.uploads import INSPECTORS
from tests.emulators import samples
from tests.support.vendor import png
from workflows.models import Modality

LONGEST_SECONDS: Final = 120.0
"""For one file, on a busy machine; an intact file of this size takes milliseconds."""


@dataclass
class FileChecks:
    """The results of all inspections."""

    files: int = 0
    refused: int = 0
    slowest_seconds: float = 0.0
    findings: list[str] = field(default_factory=list)


def inspect_files(count: int, seed: int, folder: Path) -> FileChecks:
    """Inspect so many damaged files, as outputs of a vendor and as uploads."""
    rng, checks = Random(seed), FileChecks()
    whole = {
        "image/png": png(),
        "image/jpeg": samples.picture(kind="JPEG"),
        "audio/wav": samples.wav(),
        "audio/mpeg": samples.mp3(),
        "video/mp4": samples.video(),
    }
    for number in range(count):
        media_type = rng.choice(list(whole))
        data = damaged(whole[media_type], rng)
        path = folder / "damaged"
        path.write_bytes(data)
        checks.files += 1
        began = time.monotonic()
        try:
            probe(io.BytesIO(data), media_type)
            INSPECTORS[Modality(media_type.partition("/")[0])](path)
        except OutputUnusable:
            checks.refused += 1
        except Exception as error:
            checks.findings.append(f"file {number} of seed {seed}, {media_type}: {error!r}")
        seconds = time.monotonic() - began
        checks.slowest_seconds = max(seconds, checks.slowest_seconds)
        if seconds > LONGEST_SECONDS:
            checks.findings.append(f"file {number} of seed {seed}, {media_type}: took {seconds:.0f} s")
    return checks


def damaged(data: bytes, rng: Random) -> bytes:
    """Cut off, overwritten, stretched or shuffled in a few places, mostly where the headers are."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(min(len(made), 400)) if made and rng.random() < 0.7 else rng.randrange(len(made) or 1)
        match rng.randrange(5):
            case 0:
                del made[at:]
            case 1:
                made[at : at + 4] = rng.randbytes(4)
            case 2:
                made[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1"))
            case 3:
                made[at:at] = made[: rng.randrange(200)]
            case _:
                made[at : at + 1] = bytes([rng.randrange(256)])
    return bytes(made)

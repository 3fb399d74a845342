"""The renditions of a film: their names, the sound that each one needs, and the check of each file.

Synchronous, so call it from a thread. Sizes are pixels, times seconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from activities.finishing.sound.mastering import Goal
from workflows.cut import Levels
from workflows.destinations.profiles import PROFILES, Profile, SafeArea
from workflows.models import Check, Measured

TOLERANCE_LU: Final = 0.5
"""Of the loudness of a film for no destination in particular."""
PEAK_DBTP: Final = -1.0
MAIN: Final = ""
"""The rendition that is the film itself."""

Box = tuple[int, int, int, int]
"""Left, top, right and lower edge."""

_REMEDIES: Final[Mapping[str, str]] = {
    "length": "change the film's length, or leave this rendition out",
    "file size": "make the film shorter, or leave this rendition out",
    "safe area": "shorten the text",
}


def file_name(rendition: str, language: str = "") -> str:
    """deliverable.mp4, deliverable-9x16.mp4, deliverable-tiktok.mp4, deliverable.de-tiktok.mp4"""
    name = f"deliverable{f'.{language}' if language else ''}{f'-{rendition}' if rendition else ''}.mp4"
    return name.replace(":", "x")


def goal_of(rendition: str, levels: Levels) -> Goal:
    """What the sound of a rendition has to be."""
    profile = PROFILES.get(rendition)
    if profile is None:
        return Goal(levels.loudness_lufs, PEAK_DBTP)
    return Goal(profile.lufs, profile.peak_dbtp, profile.sound_bps)


@dataclass(frozen=True)
class Heard:
    """The loudness of the encoded sound of a film; both are None for a film without sound.

    Attributes:
        lufs: Integrated; at most -70 for silence.
    """

    lufs: float | None = None
    peak_dbtp: float | None = None


def measure_file(
    path: Path, rendition: str, heard: Heard, levels: Levels, boxes: Iterable[Box], ai_label: bool
) -> Measured:
    """Measure a finished film, and compare it with its profile.

    Args:
        boxes: Where text is drawn into its frames.
        ai_label: Whether models made any of it.
    """
    import av

    with av.open(str(path)) as film:
        video = film.streams.video[0]
        seconds = float((video.duration or 0) * (video.time_base or 0))
        size, rate, kbps = (video.width, video.height), float(video.average_rate or 0), (video.bit_rate or 0) / 1_000
    profile, file_bytes = PROFILES.get(rendition), path.stat().st_size
    checks = list(_of_sound(heard, profile, levels))
    if profile:
        checks = [
            _check("size", _by(size), _by(profile.size), size == profile.size),
            *_of_time(seconds, rate, profile),
            *checks,
            *_of_bytes(file_bytes, kbps, profile, seconds),
            *_of_text(size, profile.safe, boxes),
        ]
    return Measured(
        profile=rendition if profile else "",
        frame_rate=round(rate, 3),
        duration_seconds=round(seconds, 3),
        bytes=file_bytes,
        loudness_lufs=heard.lufs,
        true_peak_dbtp=heard.peak_dbtp,
        checks=tuple(checks),
        ai_label=profile.ai_label if profile and ai_label else "",
    )


def notes_on(measured: Measured, language: str = "") -> Iterator[str]:
    """A note on each check that failed. The note on loudness comes with the sound.

    Args:
        language: The further language of the film; empty for the original.
    """
    film = f"{measured.profile or 'the film'}{f' in {language}' if language else ''}"
    for check in measured.failed:
        if check.name != "loudness":
            remedy = _REMEDIES.get(check.name)
            what = f"{check.name} is {check.measured} instead of {check.required}"
            yield f"{film}: {what}{f'; {remedy}' if remedy else ''}"


def _of_sound(heard: Heard, profile: Profile | None, levels: Levels) -> Iterator[Check]:
    if heard.lufs is None or heard.lufs <= -70:
        return
    wanted, tolerance = (profile.lufs, profile.tolerance_lu) if profile else (levels.loudness_lufs, TOLERANCE_LU)
    fits = abs(heard.lufs - wanted) <= tolerance
    yield _check("loudness", f"{heard.lufs:.1f} LUFS", f"{wanted:g} ±{tolerance:g} LUFS", fits)
    if heard.peak_dbtp is not None:
        most = profile.peak_dbtp if profile else PEAK_DBTP
        fits = heard.peak_dbtp <= most
        yield _check("true peak", f"{heard.peak_dbtp:.1f} dBTP", f"at most {most:g} dBTP", fits)


def _of_time(seconds: float, rate: float, profile: Profile) -> Iterator[Check]:
    *others, last = map(str, profile.rates)
    rates = f"{', '.join(others)} or {last}" if others else last
    yield _check("rate", f"{rate:g}", rates, any(abs(rate - each) < 0.01 for each in profile.rates))
    most = profile.most_seconds
    required = f"{profile.least_seconds:g} to {most:g} s" if most else f"at least {profile.least_seconds:g} s"
    fits = profile.least_seconds <= seconds and (most is None or seconds <= most)
    if most or profile.least_seconds:
        yield _check("length", f"{seconds:.1f} s", required, fits)


def _of_bytes(file_bytes: int, kbps: float, profile: Profile, seconds: float) -> Iterator[Check]:
    if profile.most_bytes:
        required = f"at most {profile.most_bytes / 1e6:g} MB"
        yield _check("file size", f"{file_bytes / 1e6:.1f} MB", required, file_bytes <= profile.most_bytes)
    fits = kbps <= profile.most_kbps
    yield _check("bit rate", f"{kbps / 1_000:.1f} Mbit/s", f"at most {profile.most_kbps / 1_000:g} Mbit/s", fits)


def _of_text(size: tuple[int, int], safe: SafeArea, boxes: Iterable[Box]) -> Iterator[Check]:
    """Whether all text is in the safe area, to two pixels: overlays begin on even ones."""
    found = list(boxes)
    if not found:
        return
    width, height = size
    limits = (safe.left * width, safe.top * height, (1 - safe.right) * width, (1 - safe.bottom) * height)
    union = (min(b[0] for b in found), min(b[1] for b in found), max(b[2] for b in found), max(b[3] for b in found))
    fits = all(
        edge >= limit - 2 if side < 2 else edge <= limit + 2
        for side, (edge, limit) in enumerate(zip(union, limits, strict=True))
    )
    yield _check("safe area", _edges(union), f"inside {_edges(limits)}", fits)


def _check(name: str, measured: str, required: str, ok: bool) -> Check:
    return Check.model_validate({"name": name, "measured": measured, "required": required, "ok": ok})


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _edges(box: Iterable[float]) -> str:
    left, top, right, low = map(round, box)
    return f"x {left} to {right}, y {top} to {low}"

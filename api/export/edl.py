"""EDLs (CMX 3600), one for each track, and the markers as DaVinci Resolve imports them.

An event is a clip: its reel, its times in its file, and its times in the film. A transition belongs to the clip after
it, and begins where the event does: the clip before it ends there, and is shown further from its file. A track that
begins with a transition has an event of black without length before it, because some readers, such as that of
OpenTimelineIO, refuse a transition in the first event. A file of the archive has no reel and no timecode of its own, so
its reel is made from its name, and its first frame is 00:00:00:00.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from api.export.timeline import Clip, Gap, Timeline, Track, Transition

REEL_CHARS: Final = 8
_RESERVED: Final = ("AX", "BARS", "BL", "BLACK")
"""Reels that stand for no file: an unknown one, bars, black."""
_CODES: Final[Mapping[str, str]] = {"wipe": "W001"}
"""Kind of a transition -> its code; W001 is a wipe from left to right. All others are dissolves."""
_BLACK: Final = "BL"


@dataclass
class _Event:
    """One or two lines of a list; times are frames."""

    reel: str
    source: tuple[int, int]
    record: tuple[int, int]
    transition: Transition | None
    comments: list[str]


def write(timeline: Timeline) -> dict[str, str]:
    """File name -> content: V1.edl, A1.edl, … and markers.edl; texts over the picture are in V2.edl, …"""
    reels = reels_of(timeline)
    tracks = {f"V{number}": track for number, track in enumerate(timeline.pictures, start=1)}
    tracks |= {f"A{number}": track for number, track in enumerate(timeline.sounds, start=1)}
    lists = {f"{name}.edl": _List(timeline, name, track, reels).text() for name, track in tracks.items()}
    return lists | {"markers.edl": _markers(timeline)}


def reels_of(timeline: Timeline) -> dict[str, str]:
    """Media file -> its reel name: at most 8 letters and digits, and no two files have the same."""
    reels: dict[str, str] = {}
    for clip in timeline.clips:
        if clip.file in reels:
            continue
        letters = re.sub(r"[^A-Z0-9]", "", clip.file.rpartition(".")[0].upper())
        reel, number = letters[:REEL_CHARS], 1
        while reel in reels.values() or reel in _RESERVED:
            number += 1
            reel = f"{letters[: REEL_CHARS - len(str(number)) - 1]}X{number}"
        reels[clip.file] = reel
    return reels


class _List:
    """The EDL of one track."""

    def __init__(self, timeline: Timeline, name: str, track: Track, reels: Mapping[str, str]) -> None:
        self._timeline, self._name, self._track, self._reels = timeline, name, track, reels

    def text(self) -> str:
        lines = [f"TITLE: {self._timeline.title} {self._name}", "FCM: NON-DROP FRAME", ""]
        before: _Event | None = None
        for number, event in enumerate(self._from_a_cut(), start=1):
            lines += [*self._lines(number, event, before), ""]
            before = event
        return "\n".join(lines)

    def _from_a_cut(self) -> list[_Event]:
        """The events; the first one has no transition."""
        events = [*self._events()]
        if events and events[0].transition:
            events.insert(0, _Event(_BLACK, (0, 0), (events[0].record[0],) * 2, None, []))
        return events

    def _events(self) -> Iterator[_Event]:
        items = self._track.items
        for index, item in enumerate(items):
            if isinstance(item, Transition):
                continue
            into, after = (items[i] if 0 <= i < len(items) else None for i in (index - 1, index + 1))
            transition = into if isinstance(into, Transition) else None
            if isinstance(item, Gap) and transition is None:
                continue
            early = transition.before if transition else 0
            late = after.before if isinstance(after, Transition) else 0
            record = (item.start - early, item.start + item.frames - late)
            length = record[1] - record[0]
            if isinstance(item, Gap):
                yield _Event(_BLACK, (0, length), record, transition, [])
                continue
            first = item.first - (item.of_file(early) if early and not item.held else 0)
            yield _Event(
                self._reels[item.file],
                (first, first + (1 if item.held else item.of_file(length))),
                record,
                transition,
                self._comments(item, "TO" if transition else "FROM"),
            )

    def _comments(self, clip: Clip, way: str) -> list[str]:
        rate = 0 if clip.held else clip.speed * self._timeline.rate
        speed = f"M2   {self._reels[clip.file]:8}       {rate:05.1f}                {self._clock(clip.first)}"
        return [
            *([speed] if clip.held or clip.speed != 1 else []),
            f"* {way} CLIP NAME:  {clip.file}",
            *(["* FREEZE FRAME"] if clip.held else []),
            f"* {way} CLIP: media/{clip.file}",
            f"* LABEL: {clip.label}",
            *(
                f"* LOC: {self._clock(marker.start)} GREEN   {marker.name}"
                for marker in self._timeline.markers
                if self._track is self._timeline.picture and clip.start <= marker.start < clip.start + clip.frames
            ),
        ]

    def _lines(self, number: int, event: _Event, before: _Event | None) -> Iterator[str]:
        if event.transition is None:
            yield self._line(number, event.reel, "C", "", event.source, event.record)
        else:
            # The first line has no length: it names the clip from which the transition comes.
            assert before is not None
            reel, at = before.reel, before.source[1]
            yield self._line(number, reel, "C", "", (at, at), (event.record[0],) * 2)
            code, frames = _CODES.get(event.transition.kind, "D"), f"{event.transition.frames:03d}"
            yield self._line(number, event.reel, code, frames, event.source, event.record)
            yield from (c.replace("* TO ", "* FROM ") for c in before.comments if " CLIP NAME: " in c)
        yield from event.comments

    def _line(
        self, number: int, reel: str, code: str, frames: str, source: tuple[int, ...], record: tuple[int, ...]
    ) -> str:
        channel = self._name[0]
        times = " ".join(self._clock(frame) for frame in (*source, *record))
        return f"{number:03d}  {reel:8} {channel:5} {code:4} {frames:3} {times}"

    def _clock(self, frame: int) -> str:
        return clock(frame, self._timeline.rate)


def clock(frame: int, rate: int) -> str:
    """The timecode of a frame, without drop frames."""
    seconds, frames = divmod(frame, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"


def _markers(timeline: Timeline) -> str:
    """Each marker is an event of one frame, with its colour and name in a comment."""
    lines = [f"TITLE: {timeline.title}", "FCM: NON-DROP FRAME", ""]
    for number, marker in enumerate(timeline.markers, start=1):
        times = " ".join(clock(frame, timeline.rate) for frame in (marker.start, marker.start + 1) * 2)
        lines.append(f"{number:03d}  001      V     C        {times}")
        lines += [f" |C:ResolveColorGreen |M:{marker.name.replace('|', '/')} |D:1", ""]
    return "\n".join(lines)

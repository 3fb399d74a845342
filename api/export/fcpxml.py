"""FCPXML 1.8, which Final Cut Pro and DaVinci Resolve read.

Times are multiples of the frame. Media has addresses relative to this file, as Apple's reference allows.

https://developer.apple.com/documentation/professional-video-applications/fcpxml-reference
"""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from api.export.timeline import Clip, Marker, Timeline, Track, Transition, without_gaps

_VERSION: Final = "1.8"
_EFFECTS: Final[Mapping[str, tuple[str, str]]] = {
    "dissolve": ("Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"),
    "wipe": ("Wipe", "FxPlug:857E2FBA-98DB-411B-A88C-CE6ABC1F65D8"),
}
"""Kind of a transition -> name and id of the effect in Final Cut Pro. Resolve shows a wipe as a dissolve."""
_ROLES: Final[Mapping[str, str]] = {"narration": "dialogue", "own-sound": "dialogue", "music": "music"}
"""Role of a track -> audio role; `effects` for all others."""


def write(timeline: Timeline) -> str:
    """The timeline as FCPXML: the picture is the primary storyline. Texts are connected to it in lanes above, and
    sounds in lanes below."""
    return _Document(timeline).text()


class _Document:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline, self._rate = timeline, timeline.rate
        self._seen, self._heard = timeline.seen, timeline.heard
        self._root = Element("fcpxml", version=_VERSION)
        self._resources = SubElement(self._root, "resources")
        self._ids: dict[tuple[str, ...], str] = {}
        self._format = self._format_of(timeline.width, timeline.height)

    def text(self) -> str:
        name = self._timeline.title
        project = SubElement(SubElement(self._root, "event", name=name), "project", name=name)
        sequence = SubElement(project, "sequence", format=self._format, duration=self._time(self._timeline.frames))
        for attribute in ("tcStart=0s", "tcFormat=NDF", "audioLayout=stereo", "audioRate=48k"):
            sequence.set(*attribute.split("="))
        spine = SubElement(sequence, "spine")
        parents: list[tuple[Clip, Element]] = []
        for item in without_gaps(self._timeline.picture):
            if isinstance(item, Transition):
                spine.append(self._transition(item))
            else:
                spine.append(element := self._shown(item))
                parents.append((item, element))
        for lane, track in enumerate(self._timeline.texts, start=1):
            for clip in track.clips:
                self._overlay(clip, lane, parents)
        for lane, track in enumerate(self._timeline.sounds, start=1):
            for clip in track.clips:
                self._connect(clip, lane, track, parents)
        for marker in self._timeline.markers:
            self._mark(marker, parents)
        ElementTree.indent(self._root)
        body = ElementTree.tostring(self._root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n{body}\n'

    # Resources

    def _id(self, *key: str) -> tuple[str, bool]:
        """The id of a resource, and whether it is new."""
        new = key not in self._ids
        return self._ids.setdefault(key, f"r{len(self._ids) + 1}"), new

    def _format_of(self, width: int, height: int) -> str:
        found, new = self._id("format", str(width), str(height))
        if new:
            size = {"width": str(width), "height": str(height), "colorSpace": "1-1-1 (Rec. 709)"}
            SubElement(self._resources, "format", {"id": found, "frameDuration": self._time(1), **size})
        return found

    def _asset(self, clip: Clip) -> str:
        found, new = self._id("asset", clip.file)
        if not new:
            return found
        duration = "0s" if clip.still else self._time(clip.available)
        about = {"id": found, "name": clip.file, "src": f"./media/{clip.file}", "start": "0s", "duration": duration}
        if clip.file in self._seen:
            own = self._format_of(clip.width, clip.height) if clip.width and clip.height else self._format
            about |= {"hasVideo": "1", "format": own}
        if clip.file in self._heard:
            about |= {"hasAudio": "1", "audioSources": "1", "audioRate": "48000"}
        SubElement(self._resources, "asset", about)
        return found

    def _effect(self, kind: str) -> tuple[str, str]:
        name, uid = _EFFECTS.get(kind, _EFFECTS["dissolve"])
        found, new = self._id("effect", uid)
        if new:
            SubElement(self._resources, "effect", id=found, name=name, uid=uid)
        return found, name

    # The storyline

    def _shown(self, clip: Clip) -> Element:
        asset = self._asset(clip)
        placed = {"name": clip.file, "offset": self._time(clip.start), "duration": self._time(clip.frames)}
        if clip.still:
            element = Element("clip", placed)
        else:
            # The film leaves out the sound of a shot, unless a track has it.
            start = self._time(_local_start(clip))
            element = Element("asset-clip", {**placed, "ref": asset, "start": start, "srcEnable": "video"})
        SubElement(element, "note").text = clip.prompt
        self._map_time(element, clip)
        if clip.fade_in or clip.fade_out:
            amount = SubElement(SubElement(element, "adjust-blend", amount="1"), "param", name="amount", value="1")
            for tag, frames in (("fadeIn", clip.fade_in), ("fadeOut", clip.fade_out)):
                if frames:
                    SubElement(amount, tag, type="linear", duration=self._time(frames))
        if clip.still:
            SubElement(element, "video", offset="0s", ref=asset, duration=self._time(clip.frames))
        return element

    def _map_time(self, element: Element, clip: Clip) -> None:
        """Map the time of a clip to that of its file, where one frame is held, or the speed is another one."""
        if clip.held:
            points = [(0, clip.first), (clip.frames, clip.first)]
        elif clip.speed != 1:
            points = [(0, 0), (clip.as_played(clip.available), clip.available)]
        else:
            return
        times = SubElement(element, "timeMap")
        for at, value in points:
            SubElement(times, "timept", time=self._time(at), value=self._time(value), interp="smooth2")

    def _transition(self, transition: Transition) -> Element:
        effect, name = self._effect(transition.kind)
        placed = {"name": name, "offset": self._time(transition.start), "duration": self._time(transition.frames)}
        element = Element("transition", placed)
        SubElement(element, "filter-video", ref=effect, name=name)
        return element

    def _overlay(self, text: Clip, lane: int, parents: Sequence[tuple[Clip, Element]]) -> None:
        """Connect a text to the clip that is shown at its first frame."""
        parent, element = _shown_at(text.start, parents)
        shown = self._shown(text)
        shown.set("lane", str(lane))
        shown.set("offset", self._time(_local_start(parent) + text.start - parent.start))
        element.append(shown)

    def _connect(self, sound: Clip, lane: int, track: Track, parents: Sequence[tuple[Clip, Element]]) -> None:
        """Connect a sound to the clip that is shown at its first frame."""
        parent, element = _shown_at(sound.start, parents)
        placed = {
            "lane": str(-lane),
            "offset": self._time(_local_start(parent) + sound.start - parent.start),
            "name": sound.file,
            "ref": self._asset(sound),
            "start": self._time(_local_start(sound)),
            "duration": self._time(sound.frames),
            "audioRole": _role(track.role),
            **({} if track.enabled else {"enabled": "0"}),
        }
        connected = SubElement(element, "asset-clip", placed)
        SubElement(connected, "note").text = sound.prompt
        self._map_time(connected, sound)

    def _mark(self, marker: Marker, parents: Sequence[tuple[Clip, Element]]) -> None:
        parent, element = _shown_at(marker.start, parents)
        start = self._time(_local_start(parent) + marker.start - parent.start)
        SubElement(element, "marker", start=start, duration=self._time(1), value=marker.name, note=marker.note)

    def _time(self, frames: int) -> str:
        return f"{frames * 100}/{self._rate * 100}s" if frames else "0s"


def _role(role: str) -> str:
    """The audio role of a track; a further language is a subrole, such as dialogue.de."""
    main, _, language = role.partition("-") if role.startswith("narration-") else (role, "", "")
    return ".".join(filter(None, (_ROLES.get(main, "effects"), language)))


def _local_start(clip: Clip) -> int:
    """The first frame of a clip in its own time: that of its file at its speed, unless the file has only one frame."""
    return 0 if clip.held or clip.still else clip.as_played(clip.first)


def _shown_at(frame: int, parents: Sequence[tuple[Clip, Element]]) -> tuple[Clip, Element]:
    return next(each for each in reversed(parents) if each[0].start <= frame)

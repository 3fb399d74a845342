"""Final Cut Pro 7 XML (xmeml 4), which Premiere Pro reads.

Times are frames, those in a file at the speed of its clip. A clip next to a transition has -1 for its start or end in
the film, and its frames in its file include those of the transition.

https://developer.apple.com/library/archive/documentation/AppleApplications/Reference/FinalCutPro_XML/
"""

from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from api.export.edl import clock
from api.export.timeline import Clip, Timeline, Track, Transition, without_gaps

_EFFECTS: Final[Mapping[str, tuple[str, str]]] = {
    "dissolve": ("Cross Dissolve", "Dissolve"),
    "wipe": ("Edge Wipe", "Wipe"),
}
"""Kind of a transition -> the effect's name and id, and its category."""


def write(timeline: Timeline) -> str:
    return _Document(timeline).text()


class _Document:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._seen, self._heard = timeline.seen, timeline.heard
        self._files: dict[str, str] = {}
        self._clips = 0

    def text(self) -> str:
        timeline = self._timeline
        root = Element("xmeml", version="4")
        sequence = SubElement(root, "sequence", id="sequence-1")
        _texts(sequence, name=timeline.title, duration=timeline.frames)
        self._rate(sequence)
        self._timecode(sequence)
        media = SubElement(sequence, "media")
        video = SubElement(media, "video")
        size = SubElement(SubElement(video, "format"), "samplecharacteristics")
        _texts(size, width=timeline.width, height=timeline.height, anamorphic="FALSE", pixelaspectratio="square")
        self._rate(size)
        video.extend(self._track(track, video=True) for track in timeline.pictures)
        audio = SubElement(media, "audio")
        audio.extend(self._track(track, video=False) for track in timeline.sounds)
        for marker in timeline.markers:
            element = SubElement(sequence, "marker")
            _texts(element, name=marker.name, comment=marker.note)
            _texts(element, **{"in": marker.start, "out": marker.start + 1})
        ElementTree.indent(root)
        body = ElementTree.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'

    def _track(self, track: Track, *, video: bool) -> Element:
        made = Element("track")
        items = _with_fades(without_gaps(track))
        for index, item in enumerate(items):
            if isinstance(item, Transition):
                made.append(self._transition(item))
                continue
            into, after = (items[i] if 0 <= i < len(items) else None for i in (index - 1, index + 1))
            made.append(
                self._clip(
                    item,
                    into if isinstance(into, Transition) else None,
                    after if isinstance(after, Transition) else None,
                    video=video,
                )
            )
        _texts(made, enabled="TRUE" if track.enabled else "FALSE", locked="FALSE")
        return made

    def _clip(self, clip: Clip, into: Transition | None, after: Transition | None, *, video: bool) -> Element:
        self._clips += 1
        element = Element("clipitem", id=f"clipitem-{self._clips}")
        _texts(element, name=clip.label, enabled="TRUE", duration=clip.as_played(clip.available))
        self._rate(element)
        first = clip.as_played(clip.first)
        _texts(
            element,
            start=-1 if into else clip.start,
            end=-1 if after else clip.start + clip.frames,
            **{"in": first - (into.before if into else 0)},
            out=first + clip.frames + (after.after if after else 0),
        )
        if video and not clip.asset_id:
            _texts(element, alphatype="straight")
        element.append(self._file(clip))
        if clip.held or clip.speed != 1:
            element.append(_time_remap(0 if clip.held else clip.speed, video=video))
        if not video:
            _texts(SubElement(element, "sourcetrack"), mediatype="audio", trackindex=1)
        if clip.prompt:
            _texts(SubElement(element, "comments"), mastercomment1=clip.prompt)
        return element

    def _file(self, clip: Clip) -> Element:
        """The whole description of a file at its first use, and a reference to that afterwards."""
        known = clip.file in self._files
        element = Element("file", id=self._files.setdefault(clip.file, f"file-{len(self._files) + 1}"))
        if known:
            return element
        _texts(element, name=clip.file, pathurl=f"media/{clip.file}")
        self._rate(element)
        _texts(element, duration=clip.available)
        self._timecode(element)
        media = SubElement(element, "media")
        if clip.file in self._seen:
            size = SubElement(SubElement(media, "video"), "samplecharacteristics")
            width, height = clip.width or self._timeline.width, clip.height or self._timeline.height
            _texts(size, width=width, height=height)
        if clip.file in self._heard:
            SubElement(media, "audio")
        return element

    def _transition(self, transition: Transition) -> Element:
        element = Element("transitionitem")
        end = transition.start + transition.frames
        alignment = "center"
        if transition.kind == "fade":
            alignment = "end-black" if transition.before else "start-black"
        _texts(element, start=transition.start, end=end, alignment=alignment)
        self._rate(element)
        name, category = _EFFECTS.get(transition.kind, _EFFECTS["dissolve"])
        effect = SubElement(element, "effect")
        _texts(effect, name=name, effectid=name, effectcategory=category, effecttype="transition", mediatype="video")
        return element

    def _rate(self, parent: Element) -> None:
        _texts(SubElement(parent, "rate"), timebase=self._timeline.rate, ntsc="FALSE")

    def _timecode(self, parent: Element) -> None:
        element = SubElement(parent, "timecode")
        self._rate(element)
        _texts(element, string=clock(0, self._timeline.rate), frame=0, displayformat="NDF")


def _with_fades(items: list[Clip | Transition]) -> list[Clip | Transition]:
    """The items, where each fade of a clip is a transition at its start or end."""
    found: list[Clip | Transition] = []
    for item in items:
        if isinstance(item, Transition):
            found.append(item)
            continue
        if item.fade_in:
            found.append(Transition("fade", item.start, 0, item.fade_in))
        found.append(item)
        if item.fade_out:
            found.append(Transition("fade", item.start + item.frames, item.fade_out, 0))
    return found


def _time_remap(speed: float, *, video: bool) -> Element:
    """The filter of a clip with a constant speed; at 0 it shows one frame."""
    made = Element("filter")
    effect = SubElement(made, "effect")
    about = {"effectid": "timeremap", "effectcategory": "motion", "effecttype": "motion"}
    _texts(effect, name="Time Remap", **about, mediatype="video" if video else "audio")
    for name, value in (("variablespeed", 0), ("speed", f"{speed * 100:.4g}")):
        _texts(SubElement(effect, "parameter"), parameterid=name, name=name, value=value)
    return made


def _texts(parent: Element, **values: str | int) -> None:
    """Add an element for each value."""
    for name, value in values.items():
        SubElement(parent, name).text = str(value)

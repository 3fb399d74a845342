"""The README.txt of an exported archive: how to open it, and what editing software shows differently from the film."""

from collections.abc import Iterable
from typing import Final

from api.export.timeline import Timeline
from api.views.exports import ExportFormat

NAME: Final = "README.txt"

_OPEN: Final[dict[ExportFormat, str]] = {
    ExportFormat.OTIO: """\
DaVinci Resolve   File > Import > Timeline, choose timeline.otio. If Resolve asks for media, choose the folder media.
Premiere Pro      File > Import, choose timeline.otio (version 25 and newer). For older versions, export as fcp7xml.
Final Cut Pro     It does not read OpenTimelineIO: export as fcpxml.
""",
    ExportFormat.FCPXML: """\
Final Cut Pro     File > Import > XML, choose timeline.fcpxml. It finds the files in media next to it.
DaVinci Resolve   File > Import > Timeline, choose timeline.fcpxml. If Resolve asks for media, choose the folder media.
Premiere Pro      It does not read this format: export as fcp7xml.
""",
    ExportFormat.EDL: """\
DaVinci Resolve   Import the folder media into the Media Pool first. Then File > Import > Timeline, choose V1.edl, and
                  choose the frame rate below. Each event names its file. Import V2.edl (texts), A1.edl and the others
                  in the same way, and copy them into one timeline. Markers: right click the timeline in the Media
                  Pool, Timelines > Import > Timeline Markers from EDL, choose markers.edl.
Premiere Pro      File > Import, choose V1.edl, then link the media. fcp7xml keeps more.
Final Cut Pro     It does not read EDLs: export as fcpxml.
""",
    ExportFormat.FCP7XML: """\
Premiere Pro      File > Import, choose timeline.xml. It asks for the first file: choose it in the folder media, and it
                  finds the others.
DaVinci Resolve   File > Import > Timeline, choose timeline.xml. If Resolve asks for media, choose the folder media.
Final Cut Pro     Version 10 does not read this format: export as fcpxml.
""",
}


def text(to: ExportFormat, timeline: Timeline, names: Iterable[str]) -> str:
    """The guide to an archive with these files."""
    listed = sorted(name for name in names if not name.startswith("media/"))
    return f"""\
{timeline.title}

The timeline of revision {timeline.revision} of production {timeline.production_id}, made by Greenlight.
{timeline.width} x {timeline.height} pixels, {timeline.rate} frames per second, without drop frames, from 00:00:00:00.

Extract the whole archive before you open it: the timeline refers to the files in media.
Files: {", ".join(listed)}, and in media the takes that the film uses, and its texts as pictures.

HOW TO OPEN IT

{_OPEN[to]}
WHAT IS DIFFERENT FROM THE FINISHED FILM

Stills            The film zooms slowly into a still; the timeline only shows it.
Held frames       A last frame that is held for the narration is a clip of its own, a freeze frame.
Speed             A narration or a shot that is played faster or slower has that speed. Shots repeat or skip frames.
Fades             A fade through black is two dissolves, to black and from it.
Texts             Titles and lower thirds are pictures on a track above the shots, and an end card follows the last
                  shot. They are in the original language. The film also fades titles and lower thirds in and out.
Sound             A sound begins at the nearest frame, at most half a frame from its time in the film.
Own sound         The sound of a shot is in its file; it is only in the timeline if the film uses it. In the film it
                  fades with its picture, and cross-fades where two shots are shown.
Sizes             The film crops a picture of almost its own shape to fill the frame; other pictures have bars.
Levels            Each sound is as loud as in its file: the film has levels, and lowers other sounds under speech.
Languages         Each further language is a sound track that is off. Its narrations begin where those of the original
                  do; in its own film, a shot lasts longer where its narration does.
Captions          They are separate files: import them as subtitles.
Wipes             DaVinci Resolve shows the wipes of an FCPXML file as dissolves.
"""

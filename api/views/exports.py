"""The formats in which a film is exported for editing software."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """otio: OpenTimelineIO. fcpxml: Final Cut Pro and DaVinci Resolve. edl: CMX 3600, one list per track.
    fcp7xml: Final Cut Pro 7 XML, which Premiere Pro reads."""

    OTIO = "otio"
    FCPXML = "fcpxml"
    EDL = "edl"
    FCP7XML = "fcp7xml"

"""The files of an exported archive, except for its media, which are streamed from the storage."""

from api.export import edl, fcp7xml, fcpxml, guide
from api.export.timeline import FILE, read_timeline
from api.views.exports import ExportFormat


def files_of(
    content: bytes, to: ExportFormat, others: tuple[str, ...]
) -> tuple[dict[str, bytes], dict[str, tuple[str, int]]]:
    """Name -> content of the files that are made here, and media file -> asset id and number of the take.

    Args:
        content: The timeline of the deliverable.
        others: Names of further files in the archive.

    Raises:
        ValueError: the content is no timeline.
    """
    timeline = read_timeline(content)
    media = {f"media/{clip.file}": (clip.asset_id, clip.take) for clip in timeline.clips}
    files = {FILE: content}
    match to:
        case ExportFormat.FCPXML:
            files["timeline.fcpxml"] = fcpxml.write(timeline).encode()
        case ExportFormat.FCP7XML:
            files["timeline.xml"] = fcp7xml.write(timeline).encode()
        case ExportFormat.EDL:
            files |= {name: text.encode() for name, text in edl.write(timeline).items()}
        case ExportFormat.OTIO:
            pass
    about = guide.text(to, timeline, [*files, *others])
    return {guide.NAME: about.encode(), **files}, media

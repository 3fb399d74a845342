"""The files of an exported archive, except for its media, which are streamed from the storage."""

from typing import NamedTuple

from api.export import edl, fcp7xml, fcpxml, guide
from api.export.timeline import FILE, read_timeline
from api.views.exports import ExportFormat


class Archive(NamedTuple):
    """The entries of an archive by their names.

    Attributes:
        files: Name -> content of the files that are made here.
        takes: Media file -> asset id and number of the take.
        texts: Media file -> name of the file of the deliverable, a text that the film draws.
    """

    files: dict[str, bytes]
    takes: dict[str, tuple[str, int]]
    texts: dict[str, str]


def archive_of(content: bytes, to: ExportFormat, others: tuple[str, ...]) -> Archive:
    """The archive of a film.

    Args:
        content: The timeline of the deliverable.
        others: Names of further files in the archive.

    Raises:
        ValueError: the content is no timeline.
    """
    timeline = read_timeline(content)
    takes = {f"media/{clip.file}": (clip.asset_id, clip.take) for clip in timeline.clips if clip.asset_id}
    texts = {f"media/{clip.file}": clip.file for clip in timeline.clips if not clip.asset_id}
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
    return Archive({guide.NAME: about.encode(), **files}, takes, texts)

"""Each kind of reference: what is accepted, what it is converted to, and what is refused with the reason."""

import dataclasses
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.activities.references import files
from tests.activities.references.pictures import Desk
from workflows import keys
from workflows.activity_io import TakeInReferences
from workflows.brief import Reference
from workflows.models import Media
from workflows.references.kinds import Use


@dataclasses.dataclass
class Inbox(Desk):
    """Ingests files with a `use`."""

    async def bring(self, *given: tuple[bytes, Use]) -> tuple[Media, ...]:
        references = tuple([Reference(source=await self.stored(data), use=use) for data, use in given])
        request = TakeInReferences(production_id=self.production_id, references=references)
        activities = Activities(self.storage, {}, ActivitySettings())
        return await ActivityEnvironment().run(activities.take_in_references, request)

    async def problem(self, data: bytes, use: Use = Use.MATERIAL) -> str:
        """The message of a refusal, after which nothing is stored."""
        with pytest.raises(ApplicationError) as caught:
            await self.bring((data, use))
        assert caught.value.non_retryable
        assert await self.storage.list_keys(f"productions/{self.production_id}/") == []
        return caught.value.message


@pytest.fixture
def inbox(storage: Storage) -> Inbox:
    return Inbox(storage)


async def test_pictures_are_converted_once(inbox: Inbox) -> None:
    """HEIC, AVIF, GIF, TIFF, CMYK, 16 bits and turned pictures are stored as PNG or JPEG, upright, in 8 bits of RGB."""
    turned = Image.Exif()
    turned[0x0112] = 6
    given = [
        files.HEIC,
        files.image("AVIF"),
        files.image("GIF"),
        files.image("TIFF"),
        files.image("JPEG", "CMYK"),
        files.image("PNG", "I;16"),
        files.image("JPEG", exif=turned),
    ]
    found = await inbox.bring(*[(data, Use.MATERIAL) for data in given])
    assert {m.media_type for m in found} <= {"image/png", "image/jpeg"}
    assert [(m.width, m.height) for m in found] == [(64, 64), *[(60, 40)] * 5, (40, 60)]
    for media in found:
        stored = await inbox.storage.get_bytes(media.key)
        assert stored is not None
        with Image.open(io.BytesIO(stored[0])) as picture:
            assert picture.mode in ("RGB", "RGBA", "L")
            assert picture.getexif().get(0x0112, 1) == 1
    assert await inbox.bring(*[(data, Use.MATERIAL) for data in given]) == found


async def test_video_sound_and_documents_are_kept(inbox: Inbox, tmp_path: Path) -> None:
    """Recordings and documents are stored as they are, with the type and the length that their content has."""
    given = [
        files.video(tmp_path / "a.mp4"),
        files.video(tmp_path / "a.webm", form="webm"),
        files.sound(),
        files.pdf([(72, 700, "Price: 49 EUR")]),
        files.docx(files.paragraph("Lamp")),
        files.pptx(["Lamp"]),
    ]
    found = await inbox.bring(*[(data, Use.MATERIAL) for data in given])
    office = "application/vnd.openxmlformats-officedocument"
    assert [m.media_type for m in found] == [
        *("video/mp4", "video/webm", "audio/wav", "application/pdf"),
        *(f"{office}.wordprocessingml.document", f"{office}.presentationml.presentation"),
    ]
    assert [m.duration_seconds for m in found[:3]] == pytest.approx([2.0, 2.0, 2.0], abs=0.1)
    assert [m.bytes for m in found] == [len(data) for data in given]
    more = [b"Just words, in a line.", b"# Title\n\n- one", b"<html><body>Hi</body></html>", b"a;b\n1;2\n"]
    other = Inbox(inbox.storage)
    kinds = [m.media_type for m in await other.bring(*[(data, Use.BRIEF) for data in more])]
    assert kinds == ["text/plain", "text/markdown", "text/html", "text/csv"]


def _bomb() -> bytes:
    return files.docx("", word__media__x_dot_xml=bytes(80_000_000))


def digits() -> str:
    """2.1 million characters, which pack to half of that."""
    return "".join(map(str, range(390_000)))


def _entities() -> bytes:
    lol = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><w:document xmlns:w="w"><w:p>&b;</w:p></w:document>'
    return files.zipped(word__document_dot_xml=lol)


def _huge_picture() -> bytes:
    """A PNG of a few kilobytes that claims 100,000 x 100,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = (100_000).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1_000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\x03 nothing known", "is of no known type; give a picture (PNG"),
        (b"MZ\x90\x00\x03\x00", "is a program"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old or encrypted Office file"),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "is an XML or SVG file"),
        (b"%PDF-1.7 and then nothing", "does not open as a PDF"),
        (files.pdf([], encrypted=True), "the PDF is encrypted; save it without a password"),
        (lambda: files.pdf(*[[]] * 10_000), "the PDF has 10,000 pages; give at most 500"),
        (files.zipped(a_dot_txt="x"), "is a ZIP archive; give the document inside it"),
        (_bomb, "times its size; save it again without embedded files"),
        (lambda: files.xlsx([["a" * 8_000_000]]), "xl/worksheets/sheet1.xml in it unpacks to 1,0"),
        (lambda: files.docx(files.paragraph(digits())), "its text is longer than 2,000,000 characters"),
        (b"PK\x03\x04 and then nothing", "does not open as an Office or OpenDocument file; save it again"),
        (b"Just words.\n" + files.docx(files.paragraph("x")), "is of no known type"),
        (_entities, "declares entities"),
        (lambda: files.zipped(**{f"word__{n}": b"" for n in range(5_001)}), "has 5,001 files in it"),
        (_huge_picture(), "100,000 x 100,000 pixels, more than 50,000,000"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "does not open as video or sound"),
        (files.sound(0.0), "give at least 0.1 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_files_are_refused(inbox: Inbox, data: bytes | Callable[[], bytes], words: str) -> None:
    """Bombs, encrypted, empty, damaged and unknown files are refused with the reason, and nothing of them is kept."""
    assert words in await inbox.problem(data() if callable(data) else data)


def _claims_ten_hours(folder: Path) -> bytes:
    data = files.video(folder / "a.webm", seconds=1.0, form="webm")
    duration = data.index(b"\x44\x89\x88") + 3  # Matroska's element, in milliseconds
    return data[:duration] + struct.pack(">d", 36_000_000.0) + data[duration + 8 :]


def _lasts_ten_hours(folder: Path) -> bytes:
    return files.video(folder / "a.mp4", seconds=0.2, apart=36_000.0)


def _has_no_frame(folder: Path) -> bytes:
    return files.video(folder / "a.mp4", seconds=0.0)


def _is_no_video(folder: Path) -> bytes:
    return files.video(folder / "a.mp4", seconds=1.0)[:700]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (_claims_ten_hours, "the video lasts 36,000 s; cut it to at most 3,600"),
        (_lasts_ten_hours, "the video lasts 36,000 s; cut it to at most 3,600"),
        (_has_no_frame, "it has neither a picture nor a sound; export it again"),
        (_is_no_video, "does not open as video or sound"),
    ],
)
async def test_videos_without_a_usable_length_are_refused(
    inbox: Inbox, tmp_path: Path, made: Callable[[Path], bytes], words: str
) -> None:
    """A video of ten hours, by its header or by its frames, one of no length and one that is cut off are refused, and
    nothing of them is kept."""
    assert words in await inbox.problem(made(tmp_path))


async def test_only_the_picture_of_a_file_with_two_formats_is_kept(inbox: Inbox) -> None:
    """A GIF with a document behind it is stored as a PNG without the document."""
    (kept,) = await inbox.bring((files.image("GIF") + files.docx(files.paragraph("hidden")), Use.MATERIAL))
    stored = await inbox.storage.get_bytes(kept.key)
    assert stored is not None
    assert kept.media_type == "image/png"
    assert b"word/document.xml" not in stored[0]


async def test_uses_fit_kinds(inbox: Inbox) -> None:
    """A use that needs another kind of file is refused, with the field, as is a mask that marks nothing or is of
    another size than every picture."""
    assert "use: voice needs a video or a sound" in await inbox.problem(files.image("PNG"), Use.VOICE)
    assert "no transparent part" in await inbox.problem(files.image("PNG"), Use.MASK)
    small, fitting = files.image("PNG", "RGBA", (10, 10)), files.image("PNG", "RGBA")
    with pytest.raises(ApplicationError, match="no picture of the brief has that size"):
        await inbox.bring((files.image("PNG"), Use.MATERIAL), (small, Use.MASK))
    picture, mask = await Inbox(inbox.storage).bring((files.image("PNG"), Use.MATERIAL), (fitting, Use.MASK))
    assert (picture.use, mask.use) == ("material", "mask")


async def test_objects_of_the_inbox_belong_to_a_tenant(storage: Storage) -> None:
    """A brief names an object under its tenant's inbox, and none of another tenant."""
    await storage.put_bytes("inbox/acme/2026/bottle.png", files.image("PNG"), "image/png")
    reference = Reference(source="stored:inbox/acme/2026/bottle.png")
    activities = Activities(storage, {}, ActivitySettings())

    async def take_in(production_id: str) -> tuple[Media, ...]:
        request = TakeInReferences(production_id=production_id, references=(reference,))
        return await ActivityEnvironment().run(activities.take_in_references, request)

    assert (await take_in(keys.qualify_id("acme", "inbox-1")))[0].media_type == "image/png"
    with pytest.raises(ApplicationError, match="there is no 'inbox/acme/2026/bottle"):
        await take_in("inbox-2")

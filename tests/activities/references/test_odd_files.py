"""Files that are legal and unusual, as telephones, cameras and old programs write them."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from activities.errors import InvalidRequest
from activities.media.containers import in_container
from activities.media.facts import probe
from activities.references.reading.contents import read_contents
from activities.references.reading.documents.encodings import decoded_text
from activities.references.reading.inspection import inspect
from activities.references.reading.limits import Unusable
from tests.activities.finishing.media import display_p3
from tests.activities.references import files

RED, GREY = (200, 80, 60), (90, 90, 90)
RED_OF_P3 = (218, 65, 46)


def problem(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(Unusable) as caught:
        inspect(path, path.parent, "material")
    return str(caught.value)


def texts(path: Path, data: bytes) -> list[str]:
    """What is read in a document."""
    path.write_bytes(data)
    found = inspect(path, path.parent, "material")
    return [part["text"] for part in read_contents(path, path.parent, found["media_type"])["parts"]]


# Pictures


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_telephones_photograph_is_upright_and_in_srgb(turn: int, tmp_path: Path) -> None:
    """A photograph with a profile of Display P3 and an orientation is stored with both applied: red on top of grey."""
    picture = Image.new("RGB", (60, 40), GREY)
    picture.paste(RED, (0, 0, 60, 20))
    turned = {1: 0, 3: 180, 6: 90, 8: 270}[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path / "a.jpg"
    picture.rotate(turned, expand=True).save(path, exif=exif, icc_profile=display_p3(), quality=100)
    found = inspect(path, tmp_path, "material")
    assert (found["width"], found["height"]) == (60, 40)
    with Image.open(found["file"]) as stored:
        assert "icc_profile" not in stored.info
        shown = stored.convert("RGB")
        assert shown.getpixel((30, 5)) == pytest.approx(RED_OF_P3, abs=6)
        assert shown.getpixel((30, 35)) == pytest.approx(GREY, abs=6)


def test_a_damaged_png_is_refused(tmp_path: Path) -> None:
    """A PNG whose pixels are damaged is refused when it is ingested, not when it is shown to a model."""
    data = bytearray(files.image("PNG", size=(200, 200)))
    data[data.index(b"IDAT") + 8] ^= 0xFF
    assert "the picture does not open" in problem(tmp_path / "a.png", bytes(data))


def test_a_dark_picture_of_16_bits_stays_dark(tmp_path: Path) -> None:
    """The values of a picture of 16 bits are not taken for those of 8 bits because they are small."""
    path = tmp_path / "a.png"
    Image.new("I;16", (20, 20), 250).save(path)
    with Image.open(inspect(path, tmp_path, "material")["file"]) as stored:
        assert stored.getextrema() == (1, 1)


# Recordings


def _turned(path: Path) -> Path:
    """A video whose track is rotated by 90 degrees, as a telephone that is held upright records it."""
    data = bytearray(files.video(path))
    track = data.index(b"tkhd") + 4 + 4 + 20 + 16
    data[track : track + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def _wide_pixels(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("made", [_turned, _wide_pixels])
def test_videos_are_measured_and_seen_as_they_are_shown(made: Callable[[Path], Path], tmp_path: Path) -> None:
    """The size and the key frames of a rotated or anamorphic video are those that players show."""
    path = made(tmp_path / "a.mp4")
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        size = (stream.height, stream.width) if made is _turned else (2 * stream.width, stream.height)
    found = inspect(path, tmp_path, "material")
    assert (found["width"], found["height"]) == size
    facts = probe(path, "video/mp4")
    assert (facts.width, facts.height) == size
    read_contents(path, tmp_path, "video/mp4", found["duration_seconds"])
    with Image.open(tmp_path / "frame-1.jpg") as frame:
        assert frame.width / frame.height == pytest.approx(size[0] / size[1], rel=0.05)


def test_a_recording_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    """A sound that ends long before the length in its header is refused, as a take is."""
    data = files.sound(8.0)
    assert "claims 8.0 s and ends after 2.0" in problem(tmp_path / "a.wav", data[: len(data) // 4])


def test_a_sound_without_a_length_is_measured_by_its_packets(tmp_path: Path) -> None:
    """AAC without a container has no length: it is that of its packets, not the estimate by its rate."""
    path = files.aac(tmp_path / "a.aac")
    assert inspect(path, tmp_path, "material")["duration_seconds"] == pytest.approx(1.0, abs=0.05)
    copy, media_type = in_container(path, "audio/aac", ["audio/mp4"])
    assert (copy.suffix, media_type) == (".m4a", "audio/mp4")
    assert probe(copy, media_type).duration_seconds == pytest.approx(1.0, abs=0.05)


def test_vendors_get_containers_that_they_take(tmp_path: Path) -> None:
    """A video in Matroska is sent as MP4, a type that is taken as it is, and what MP4 cannot hold is refused."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert in_container(path, "video/x-matroska", ["video/x-matroska"]) == (path, "video/x-matroska")
    copy, media_type = in_container(path, "video/x-matroska", ["video/mp4"])
    assert (copy.name, media_type) == ("a.mp4", "video/mp4")
    assert probe(copy, media_type).duration_seconds == pytest.approx(2.0, abs=0.11)
    with pytest.raises(InvalidRequest, match="give it as MP4"):
        in_container(Path(__file__), "video/x-matroska", [])


# Documents


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Das Café öffnet um 7 Uhr – früh. Preis: 59 €."),
        ("cp1252", "Wie geht´s? 12 m², 5 °C, ½ Liter, „Zitat“ — fertig…"),
        ("mac_roman", "Räksmörgås på Åland är över."),
        ("cp1250", "Nocny pociąg wraca. Łódź płynie w stronę źródła, gęś śpi."),
        ("cp1254", "İstanbul’da güneşli bir gün, çok güzel ışık vardı."),
        ("cp1251", "Ночной поезд возвращается. Цена билета – 59 рублей."),
        ("koi8_r", "Ночной поезд возвращается. Цена билета: 59 рублей."),
        ("cp1253", "Η νύχτα είναι ήσυχη. Το τρένο έρχεται."),
        ("cp1255", "שלום עולם, זה מבחן של טקסט ארוך יותר בעברית."),
        ("cp1256", "القطار الليلي يعود من جديد."),
        ("cp932", "名前,価格\n自転車,1200\n"),
        ("euc_jp", "雨の夜、終電を逃した二人が駅で出会う。"),
        ("iso2022_jp", "雨の夜、終電を逃した二人が駅で出会う。"),
        ("gb18030", "雨夜，两个错过末班车的人在车站相遇。"),
        ("big5", "雨夜，兩個錯過末班車的人在車站相遇。"),
        ("cp949", "비 오는 밤, 막차를 놓친 두 사람이 역에서 만난다."),
        ("utf-16-le", "The night train is back – from 59 €."),
        ("utf-16-be", "The night train is back."),
        ("utf-32", "The night train is back."),
    ],
)
def test_texts_in_other_encodings_are_read(encoding: str, text: str) -> None:
    """A text in the encoding of an old program, or in Unicode without a mark, is read as it was written."""
    assert decoded_text(text.encode(encoding)).removeprefix("\ufeff") == text


def test_a_text_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    """Bytes that form no words in any encoding are refused with the remedy: a model would read them as any text."""
    assert "save it in UTF-8" in problem(tmp_path / "a.txt", "สวัสดีชาวโลก ราคา".encode("cp874"))


def test_a_damaged_character_does_not_change_the_others() -> None:
    """UTF-8 that was cut within a character, or has a damaged one, is read as UTF-8."""
    text = "雨の夜、終電を逃した二人が駅で出会う。"
    assert decoded_text(text.encode()[:-1]) == f"{text[:-1]}\ufffd"


def test_a_web_page_names_its_encoding(tmp_path: Path) -> None:
    """A page is read in the encoding that it names, which is that of browsers for the name."""
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><p>价格：5 €</p>'
    assert texts(tmp_path / "a.html", page.encode("gb18030")) == ["价格：5 €"]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<html><head><title>x</title><body><p>Night train", ["Night train"]),
        ("<html><table><tr><td>a<td>b<tr><td>c<td>d</table><p>after", ["a,b\nc,d", "after"]),
        ('<?xml version="1.0"?><!DOCTYPE html><html><body><p>Night train</p></body></html>', ["Night train"]),
    ],
)
def test_web_pages_may_leave_tags_out(page: str, found: list[str], tmp_path: Path) -> None:
    """The end tags that HTML makes optional may be absent: no text is lost."""
    assert texts(tmp_path / "a.html", page.encode()) == found


def test_parts_of_office_files(tmp_path: Path) -> None:
    """Rows in fields of a form are read, and the copy of a drawing for old programs is not read twice."""
    cell = files.paragraph("cell")
    row = f"<w:sdt><w:sdtContent><w:tr><w:tc>{cell}</w:tc></w:tr></w:sdtContent></w:sdt>"
    box = "<w:r><w:t>box</w:t></w:r>"
    drawing = f"<w:p><w:pict><w:Choice>{box}</w:Choice><w:Fallback>{box}</w:Fallback></w:pict></w:p>"
    assert texts(tmp_path / "a.docx", files.docx(f"<w:tbl>{row}</w:tbl>{drawing}")) == ["cell", "box"]
    relation = "<r><r Type='http://x/officeDocument' Target='/word/document2.xml'/></r>"
    body = f"<w:d xmlns:w='w'><w:body>{files.paragraph('renamed')}</w:body></w:d>"
    renamed = files.zipped(word__document2_dot_xml=body, _rels___dot_rels=relation)
    assert texts(tmp_path / "c.docx", renamed) == ["renamed"]
    assert "contains no text; if it shows pictures" in problem(tmp_path / "b.docx", files.docx(""))


def test_a_text_about_pdf_is_no_pdf(tmp_path: Path) -> None:
    """A text that mentions the signature of PDF is read as text."""
    assert texts(tmp_path / "a.md", b"Each file begins with %PDF- and a version.")[0].startswith("Each file")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"RIFF\x24\x00\x00\x00AVI LIST\x00", "is AVI video; save it as MP4"),
        (b"FORM\x00\x00\x00\x24AIFF\x00", "is AIFF sound; save it as WAV"),
        (b"BM\x36\x00\x00\x00\x00\x00\x00\x00", "is a BMP picture; save it as PNG"),
        (b"#!AMR\n\x00", "is AMR sound"),
        ((b"\x47" + bytes(187)) * 3, "is an MPEG transport stream; save it as MP4"),
        (b"<!-- made by hand --><svg xmlns='x'/>", "is an XML or SVG file"),
    ],
)
def test_known_formats_are_refused_by_their_names(data: bytes, words: str, tmp_path: Path) -> None:
    """A file of a usual format that is not read is refused by its name, with the format to give instead."""
    assert words in problem(tmp_path / "a", data)

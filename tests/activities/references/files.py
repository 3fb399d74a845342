"""Small files of each kind that a brief may bring, made here."""

import base64
import io
import wave
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from PIL import Image

HEIC: Final = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xy"
    "bmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACFt"
    "ZGF0AAAAFSgBrwtg+sbB1//5ZXv1FEHQh+07cA=="
)
"""A red square of 64 pixels, as a telephone stores it."""
PDF_FONT: Final = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def pdf(*pages: list[tuple[float, float, str]], encrypted: bool = False) -> bytes:
    """A PDF with texts at places, (x, y, text) in points from the lower left; a page without texts is empty."""
    objects: list[str] = ["", "", PDF_FONT]  # catalogue and pages come last
    kids = []
    for texts in pages:
        lines = "\n".join(f"BT /F1 11 Tf {x} {y} Td ({_escaped(text)}) Tj ET" for x, y, text in texts)
        objects.append(f"<< /Length {len(lines.encode('cp1252'))} >>\nstream\n{lines}\nendstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[0] = "<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, each in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{each}\nendobj\n".encode("cp1252"))
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    for place in places:
        out.write(f"{place:010} 00000 n \n".encode())
    key = " /Encrypt << /Filter /Standard /V 1 /R 2 /O (" + "a" * 32 + ") /U (" + "b" * 32 + ") /P -4 >>"
    ids = " /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R{key + ids if encrypted else ''} >>"
    out.write(f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def zipped(**entries: bytes | str) -> bytes:
    """A ZIP archive; '__' in a name is a slash, and '_dot_' a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries.items():
            kind = zipfile.ZIP_DEFLATED if content else zipfile.ZIP_STORED  # thousands of empty ones cost half a second
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content, kind)
    return out.getvalue()


W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body: str, **more: bytes | str) -> bytes:
    document = f'<?xml version="1.0"?><w:document {W}><w:body>{body}</w:body></w:document>'
    return zipped(word__document_dot_xml=document, **more)


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(rows: list[list[str]]) -> bytes:
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t>{text}</t></is></c>'

    cells = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return zipped(
        xl__workbook_dot_xml=f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        '<sheet name="Prices" sheetId="1" r:id="rId1"/></sheets></workbook>',
        xl___rels__workbook_dot_xml_dot_rels='<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        xl__worksheets__sheet1_dot_xml=f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    )


def pptx(*slides: list[str]) -> bytes:
    drawing = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    relations = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
    targets = "".join(f'<Relationship Id="rId{n}" Target="slides/slide{n}.xml"/>' for n in range(1, len(slides) + 1))
    entries = {
        f"ppt__slides__slide{n}_dot_xml": f"<p:sld xmlns:p='p' {drawing}>"
        + "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
        + "</p:sld>"
        for n, lines in enumerate(slides, start=1)
    }
    return zipped(
        ppt__presentation_dot_xml=f"<p:presentation xmlns:p='p' {relations}>{listed}</p:presentation>",
        ppt___rels__presentation_dot_xml_dot_rels=f"<Relationships>{targets}</Relationships>",
        **entries,
    )


def sound(seconds: float = 2.0, *, silent: bool = False) -> bytes:
    """A WAV: a tone in the first half, silence in the second."""
    rate = 8_000
    times = np.arange(int(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * 440 * times) * (times < seconds / 2) * (0 if silent else 0.4)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((tone * 32_767).astype("<i2").tobytes())
    return out.getvalue()


def aac(path: Path) -> Path:
    """A second of silence as AAC without a container."""
    with av.open(str(path), "w", format="adts") as out:
        stream = out.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame("fltp", "mono", 48_000)
        frame.sample_rate = 48_000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        out.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def video(
    path: Path,
    colours: tuple[str, ...] = ("red", "blue"),
    seconds: float = 2.0,
    form: str = "mp4",
    apart: float = 0.1,
) -> bytes:
    """A video that shows each colour for the same time; `apart` are the seconds from a frame to the next one."""
    with av.open(str(path), "w", format=form) as file:
        codec = {"webm": "libvpx-vp9"}.get(form, "libx264")
        stream: Any = file.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        file.start_encoding()
        for number in range(int(seconds * 10)):
            colour = colours[number * len(colours) // int(seconds * 10)]
            picture = np.asarray(Image.new("RGB", (64, 48), colour))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(number * apart * 10), Fraction(1, 10)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path.read_bytes()


def image(form: str, mode: str = "RGB", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    colour: Any = {"RGB": (200, 30, 30), "CMYK": (0, 200, 200, 40), "I;16": 40_000, "RGBA": (200, 30, 30, 0)}[mode]
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form, **options)
    return out.getvalue()

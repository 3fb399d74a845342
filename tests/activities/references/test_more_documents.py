"""OpenDocument, RTF and e-mails: what is read of them, and which of them are refused."""

import zipfile
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest

from activities.media.facts import extension_of
from activities.references.reading.contents import read_contents
from activities.references.reading.inspection import inspect
from tests.activities.references import files
from tests.activities.references.test_kinds import digits
from tests.activities.references.test_odd_files import problem, texts

_SPACES: Final = " ".join(f'xmlns:{n}="urn:{n}"' for n in ("office", "text", "table", "draw", "style", "fo", "svg"))


def opendocument(kind: str, body: str, styles: str = "", **more: bytes | str) -> bytes:
    content = (
        f'<?xml version="1.0"?><office:document-content {_SPACES}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    return files.zipped(mimetype=f"application/vnd.oasis.opendocument.{kind}", **{"content_dot_xml": content, **more})


def unread(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    found: list[str] = read_contents(path, path.parent, inspect(path, path.parent, "brief")["media_type"])["unread"]
    return found


def test_opendocument_texts(tmp_path: Path) -> None:
    """Headings, lists, spaces, notes, text boxes and tables of an ODT are read by page, without comments."""
    styles = '<style:style style:name="P1"><style:paragraph-properties fo:break-before="page"/></style:style>'
    body = """
      <text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
      <text:h text:outline-level="2">Night train</text:h>
      <text:p>Shot 1:<text:s text:c="2"/>the
        <text:span>station</text:span><text:line-break/>at dawn<text:note><text:note-citation>1</text:note-citation>
        <text:note-body><text:p>in Vienna</text:p></text:note-body></text:note>
        <office:annotation><text:p>a comment</text:p></office:annotation></text:p>
      <text:list><text:list-item><text:p>calm</text:p></text:list-item></text:list>
      <text:p><draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box><svg:desc>a frame</svg:desc></draw:frame>
      </text:p>
      <text:p text:style-name="P1">Prices</text:p>
      <table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>From</text:p></table:table-cell>
      <table:table-cell><text:p>EUR</text:p></table:table-cell></table:table-row></table:table-header-rows>
      <table:table-row><table:table-cell><text:p>Wien</text:p></table:table-cell><table:table-cell><text:p>59</text:p>
      </table:table-cell></table:table-row></table:table>"""
    found = texts(tmp_path / "a.odt", opendocument("text", body, styles))
    first, second, table = found
    assert first.splitlines() == ["## Night train", "Shot 1:  the station", "at dawn (in Vienna)", "- calm", "boxed"]
    assert (second, table) == ("Prices", "From,EUR\nWien,59")


def test_opendocument_slides_and_sheets(tmp_path: Path) -> None:
    """Slides are read without their notes, sheets with their dates; rows and columns that repeat stay within limits."""
    slide = "<draw:page>{}<office:x/></draw:page>"
    box = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    notes = "<text:notes><text:p>said only</text:p></text:notes>"
    deck = opendocument("presentation", slide.format(box.format("Night") + box.format("Sleep") + notes) * 2)
    path = tmp_path / "a.odp"
    assert texts(path, deck) == ["# Night\n- Sleep"] * 2
    assert read_contents(path, tmp_path, inspect(path, tmp_path, "brief")["media_type"])["summary"][:8] == "2 slides"

    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    twice = 'table:number-columns-repeated="2"'
    date = 'office:value-type="date" office:date-value="2026-12-01T00:00:00"'
    rows = (
        f"<table:table-row>{cell('Day')}{cell('x', twice)}</table:table-row>"
        f"<table:table-row>{cell('1.12.', date)}</table:table-row>"
        '<table:table-row table:number-rows-repeated="6000"><table:table-cell><text:p>y</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    )
    sheets = opendocument("spreadsheet", f'<table:table table:name="Plan">{rows}</table:table>')
    assert texts(tmp_path / "a.ods", sheets)[0].startswith("Day,x,x\n2026-12-01\ny\ny\n")
    assert unread(tmp_path / "a.ods", sheets) == ["rows 5,001 to 6,002 of the sheet 'Plan'"]


_RTF: Final = (
    rb"{\rtf1\ansi\ansicpg1252\uc1{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}{\stylesheet{\v0 Normal;}}"
    rb"{\*\generator Word;}{\info{\title secret}}\pard\f0 Caf\'e9 \u8211? \{open\}\par"
    b"\r\n"
    rb"{\f1 \'cd\'ee\'f7\'fc} \u-10179?\u-8704?{\v hidden}\line {\field{\*\fldinst HYPERLINK}{\fldrslt a link}}\par"
    rb"{\pict\pngblip 89504e47}{\shp{\*\shpinst{\sp{\sn fill}{\sv 1}}{\shptxt boxed}}}\par"
    rb"\trowd\pard\intbl From\cell EUR\cell\row\trowd\pard\intbl Wien\cell 59\cell\row\pard After\par\page Next}"
)


def test_rtf(tmp_path: Path) -> None:
    """Characters of any form and encoding, links, text boxes, tables and pages of RTF are read, without hidden text."""
    path = tmp_path / "a.rtf"
    assert texts(path, _RTF) == [
        "Café – {open}\nНочь \U0001f600\na link\nboxed",
        "From,EUR\nWien,59",
        "After",
        "Next",
    ]
    japanese = "夜行列車".encode("cp932")
    escaped = "".join(f"\\'{byte:02x}" for byte in japanese).encode()
    assert texts(path, rb"{\rtf1\ansi\ansicpg932 " + escaped + rb"{\*\unknown x}\bin3 }}} Zug}") == ["夜行列車 Zug"]


def _mail() -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"] = "Kürzer, bitte", "Anna Bauer <anna@example.com>"
    message["Date"] = "Tue, 01 Dec 2026 09:00:00 +0100"
    message["Message-ID"] = "<1@example.com>"
    message.set_content("Ein Film über Nachtzüge.\n20 Sekunden.")
    return message


def test_emails(tmp_path: Path) -> None:
    """The head, the plain text and the attached documents of an e-mail are read; other attachments are named."""
    message = _mail()
    message.add_alternative("<p>the same</p>", subtype="html")
    price = files.docx(files.paragraph("59 EUR"))
    message.add_attachment(price, "application", "octet-stream", filename="Preise ä.docx")
    message.add_attachment(files.image("PNG"), "image", "png", filename="logo.png")
    message.add_attachment(files.pdf([], encrypted=True), "application", "pdf", filename="a.pdf")
    inner = _mail()
    message.add_attachment(inner)
    path, data = tmp_path / "a.eml", message.as_bytes()
    found = texts(path, data)
    head = "Subject: Kürzer, bitte\nFrom: Anna Bauer <anna@example.com>\nDate: Tue, 01 Dec 2026 09:00:00 +0100"
    body = "Ein Film über Nachtzüge.\n20 Sekunden."
    assert found == [head, body, "Attachment: Preise ä.docx", "59 EUR", head, body]
    assert unread(path, data) == [
        "the attachment logo.png (image/png): it is a picture; give it as a reference of its own",
        "the attachment a.pdf (application/pdf): the PDF is encrypted; save it without a password",
    ]


def test_emails_of_other_programs(tmp_path: Path) -> None:
    """A mail with only HTML, a wrong charset, folded heads in front, and binary parts is read, whatever its name is."""
    received = "".join(f"Received: from a{n}\r\n by b with SMTP; now\r\n" for n in range(400)).encode()
    page = "<html><body><p>Nachtzüge</p><table><tr><td>a<td>b</table></body></html>".encode("cp1252")
    head = b"Subject: =?utf-8?q?N=C3=A4chte?=\r\nContent-Type: text/html; charset=no-such\r\n\r\n"
    assert texts(tmp_path / "a.txt", received + head + page) == ["Subject: Nächte", "Nachtzüge", "a,b"]
    binary = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nHi\r\n--x\r\n' + (
        b"Content-Type: image/x; name=a.bin\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00\x01\x02\x03\r\n--x--\r\n"
    )
    assert texts(tmp_path / "b", binary) == ["Hi"]


def test_a_text_that_quotes_a_mail_is_a_text(tmp_path: Path) -> None:
    """Lines like the head of an e-mail, as people write them, are read as they are."""
    path = tmp_path / "a.txt"
    text = "From: Anna\nSubject: Film\nReceived: 12 May\n\nA film."
    assert texts(path, text.encode()) == [text]
    assert inspect(path, tmp_path, "brief")["media_type"] == "text/plain"


@pytest.mark.parametrize(
    ("data", "extension"),
    [(opendocument("text", "<text:p>x</text:p>"), "odt"), (_RTF, "rtf"), (_mail().as_bytes(), "eml")],
)
def test_the_content_decides(data: bytes, extension: str, tmp_path: Path) -> None:
    """The media type of a document is that of its content, and its stored name has the extension of it."""
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    assert extension_of(inspect(path, tmp_path, "brief", "image/jpeg")["media_type"]) == extension


def _bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", bytes(80_000_000))
    return out.getvalue()


def _repeated() -> bytes:
    cell = f'<table:table-cell table:number-columns-repeated="200"><text:p>{"a" * 900}</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="5000">{cell}</table:table-row>'
    return opendocument("spreadsheet", f"<table:table>{row}</table:table>")


def _encrypted_mail() -> bytes:
    return _mail().as_bytes().replace(b"Content-Type: text/plain", b"Content-Type: application/pkcs7-mime")


def _nested_mail() -> bytes:
    return b"MIME-Version: 1.0\n" + b"Content-Type: message/rfc822\n\n" * 3_000 + b"\nx"


def _cut_mail() -> bytes:
    message = _mail()
    message.add_attachment(b"x" * 4_000, "application", "pdf", filename="a.pdf")
    return message.as_bytes()[:-2_000]


_MANIFEST: Final = "<m><encryption-data/></m>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_bomb(), "times its size; save it again without embedded files"),
        (_repeated(), "its text is longer than 2,000,000 characters"),
        (opendocument("text", f"<text:p>{digits()}</text:p>"), "its text is longer than 2,000,000"),
        (opendocument("text", "", META_INF__manifest_dot_xml="<m/>"), "contains no text; if it shows pictures"),
        (opendocument("drawing", "<draw:page/>"), "is an OpenDocument drawing, chart or formula; save it as PDF"),
        (opendocument("text", "", content_dot_xml="<x"), "is no valid XML; save the file again"),
        (opendocument("text", "", content_dot_xml="<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"), "declares entities"),
        (
            files.zipped(
                mimetype="application/vnd.oasis.opendocument.text", **{"META-INF__manifest_dot_xml": _MANIFEST}
            ),
            "the document is encrypted; save it without a password",
        ),
        (files.zipped(mimetype="application/vnd.sun.xml.writer", content_dot_xml="<x/>"), "of an old OpenOffice"),
        (_RTF[:-200], "the RTF file ends before its text does; save it again"),
        (rb"{\rtf1{\fonttbl\f0 Arial;}\par}", "contains no text; if it shows pictures"),
        (rb"{\rtf1 " + b"word " * 500_000 + b"}", "its text is longer than 2,000,000 characters"),
        (b"{\\rtf1" + b"{" * 50_000, "ends before its text does"),
        (_encrypted_mail(), "the e-mail is encrypted, or signed in a form that hides its text"),
        (_nested_mail(), "has too many parts within each other"),
        (_cut_mail(), "the e-mail ends before its last part does; save it again"),
        (b"MIME-Version: 1.0\nSubject: x\n\n", "the e-mail contains no text; give the file attached to it"),
        (b"MIME-Version: 1.0\n\n" + b"word " * 500_000, "its text is longer than 2,000,000 characters"),
        (
            b"\xd0\xcf\x11\xe0" + bytes(500),
            "or a message of Outlook; save it as DOCX, PPTX or XLSX without a password, or",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_documents_are_refused(data: bytes, words: str, tmp_path: Path) -> None:
    """Bombs, encrypted, damaged, empty, deep and endless documents are refused with the reason and the remedy."""
    assert words in problem(tmp_path / "a", data)

"""The IPTC digital source type in the XMP of a picture or film: platforms that do not read C2PA show "made with AI" by
it.

The library signs XMP but does not write it. Formats: PNG (iTXt chunk, https://www.w3.org/TR/png-3/), JPEG (APP1
segment) and MP4 (a box `uuid`; XMP specification part 3). A picture that has XMP of its own keeps it as it is.
"""

import zlib
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES: Final = len(_PNG) + 25
"""The signature and the chunk IHDR."""
_KEYWORD: Final = b"XML:com.adobe.xmp"
_JPEG: Final = b"\xff\xd8"
_NAMESPACE: Final = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_PACKET: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' Iptc4xmpExt:DigitalSourceType="{}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def label_picture(data: bytes, media_type: str, source_type: str) -> bytes:
    """The picture with its digital source type. Without a type, with XMP of its own, or in another format it stays."""
    if not source_type:
        return data
    packet = _PACKET.format(source_type).encode()
    if media_type == "image/png" and data.startswith(_PNG) and _KEYWORD not in data:
        body = b"iTXt" + _KEYWORD + bytes(5) + packet  # no compression, no language, no translated keyword
        chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
        return data[:_PNG_HEADER_BYTES] + chunk + data[_PNG_HEADER_BYTES:]
    if media_type == "image/jpeg" and data.startswith(_JPEG) and _NAMESPACE not in data:
        content = _NAMESPACE + packet
        segment = b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content
        at = _after_first_segments(data)
        return data[:at] + segment + data[at:]
    return data


def label_box(source_type: str) -> bytes:
    """A box with the digital source type, for the end of an MP4 file."""
    content = _XMP_UUID + _PACKET.format(source_type).encode()
    return (len(content) + 8).to_bytes(4, "big") + b"uuid" + content


def _after_first_segments(data: bytes) -> int:
    """The place after JFIF and Exif, which have to come first."""
    at = len(_JPEG)
    while data[at : at + 2] in (b"\xff\xe0", b"\xff\xe1"):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at

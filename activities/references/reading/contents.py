"""What can be read in a stored reference on this machine, free of charge. It runs in the child process."""

import re
from pathlib import Path
from typing import Any, Final

from activities.references.reading import pictures, recordings
from activities.references.reading.documents import reader
from workflows.references.kinds import ReferenceKind, kind_of
from workflows.references.parts import MAX_PART_CHARS, MAX_PARTS, clock

Answer = dict[str, Any]
_OVERRIDES: Final = re.compile("[\u202d\u202e]")
"""Unicode's directional overrides, which show a text as another one; scripts from right to left need none."""


def read_contents(path: Path, out: Path, media_type: str, seconds_long: float | None = None) -> Answer:
    """parts, unread, scans (pages without text) and the thumbnail of a stored reference.

    A part has kind and text, and page, start_seconds, end_seconds, picture and data where they are known. Pictures are
    names of files in `out`.
    """
    match kind_of(media_type):
        case ReferenceKind.PICTURE:
            answer = _picture(path, out)
        case ReferenceKind.VIDEO:
            answer = _video(path, out, seconds_long or 0.0)
        case ReferenceKind.SOUND:
            answer = _sound(path)
        case ReferenceKind.DOCUMENT:
            answer = _document(path, out, media_type)
    divided = [piece for part in answer["parts"] for piece in _divided(part)]
    unread = list(answer.get("unread", ()))
    if len(divided) > MAX_PARTS:
        unread.append(f"the parts after the first {MAX_PARTS:,}")
    numbered = [{**part, "part_id": f"{part['kind']}-{n}"} for n, part in enumerate(divided[:MAX_PARTS], start=1)]
    return answer | {"parts": numbered, "unread": unread, "summary": _OVERRIDES.sub("", answer["summary"])}


def _divided(part: Answer) -> list[Answer]:
    """A part, or several where its text is long; it is divided between lines where that is possible."""
    text, pieces, begin = _OVERRIDES.sub("", part["text"]), [], 0
    while len(text) - begin > MAX_PART_CHARS:
        at = text.rfind("\n", begin + MAX_PART_CHARS // 2, begin + MAX_PART_CHARS)
        end = at if at > 0 else begin + MAX_PART_CHARS
        pieces.append({**part, "text": text[begin:end].strip()})
        begin = end
    pieces.append({**part, "text": text[begin:].strip()})
    return [piece for piece in pieces if piece["text"]] or [{**part, "text": ""}]


def _picture(path: Path, out: Path) -> Answer:
    found = pictures.describe(path, out)
    width, height = found["size"]
    facts = f"{width} x {height} pixels"
    if "transparent" in found:
        facts += f", {found['transparent']:.0%} transparent"
    colours = ", ".join(f"{c['colour']} {c['share']:.0%}" for c in found["palette"])
    parts = [
        {"kind": "facts", "text": facts},
        {"kind": "palette", "text": colours, "data": {"palette": found["palette"]}},
    ]
    return {"parts": parts, "thumbnail": found["thumbnail"], "summary": facts}


def _video(path: Path, out: Path, seconds: float) -> Answer:
    found = recordings.scenes(path, out, seconds)
    parts: list[Answer] = [
        {
            "kind": "scene",
            "text": f"Scene {n}, {clock(each.start)} to {clock(each.end)}{_darkness(each.brightness)}",
            "start_seconds": each.start,
            "end_seconds": each.end,
            "picture": each.frame,
            "data": {"brightness": each.brightness},
        }
        for n, each in enumerate(found, start=1)
    ]
    heard = recordings.listen(path)
    parts += _heard(heard) if heard else [{"kind": "sound", "text": "It has no sound."}]
    count = f"{len(found)} scene{'' if len(found) == 1 else 's'}"
    answer = {"parts": parts, "summary": f"video of {seconds:.1f} s, {count}", "heard": heard}
    return answer | ({"thumbnail": "thumbnail.jpg"} if found else {})


def _darkness(brightness: float) -> str:
    return ", nearly black" if brightness < 0.03 else ""


def _sound(path: Path) -> Answer:
    heard = recordings.listen(path)
    if heard is None:
        return {"parts": [], "summary": "no sound"}
    summary = f"sound of {heard['seconds']:.1f} s"
    if heard["mean_db"] is None:
        summary += ", silent throughout"
    return {"parts": _heard(heard), "summary": summary, "heard": heard}


def _heard(heard: Answer) -> list[Answer]:
    if heard["mean_db"] is None:
        return [{"kind": "sound", "text": "It is silent throughout.", "data": {"silent": True}}]
    stretches = ", ".join(f"{clock(start)} to {clock(end)}" for start, end in heard["sounding"][:20])
    text = (
        f"Level {heard['mean_db']:.0f} dB, peak {heard['peak_db']:.0f} dB, {heard['silent_share']:.0%} silent. "
        f"Sound from {stretches}."
    )
    kept = {name: heard[name] for name in ("mean_db", "peak_db", "silent_share", "sounding")}
    return [{"kind": "sound", "text": text, "start_seconds": 0.0, "end_seconds": heard["seconds"], "data": kept}]


def _document(path: Path, out: Path, media_type: str) -> Answer:
    answer = reader.read(path, out)
    count = sum(part["kind"] == "table" for part in answer["parts"])
    pages = answer.get("pages")
    words = [f"{pages} {reader.PAGED.get(media_type, 'page')}{'s' if pages != 1 else ''}"] if pages else []
    words += [f"{count} table{'' if count == 1 else 's'}"] if count else []
    first = next((part["text"] for part in answer["parts"] if part["kind"] == "text"), "")
    begin = " ".join(first.split())[:120]
    words += [f"begins “{begin}”"] if begin else []
    return answer | {"summary": ", ".join(words) or "no text"}

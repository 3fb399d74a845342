"""The document of a text or image platform: content.md, and content.html as one readable page without scripts.

The texts of models are never trusted as HTML: markdown-it escapes them; links, images and raw HTML are disabled.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Final, Literal

from markdown_it import MarkdownIt

from activities.media.facts import extension_of
from activities.text.illustrated import Placed, blocks_of, marked_blocks, marked_references
from workflows.activity_io import FinishedAsset
from workflows.brief import Reference
from workflows.models import Modality

_OFF: Final = ["link", "image", "autolink", "reference", "html_block", "html_inline"]

_STYLE: Final = """
:root{color-scheme:light dark;--ground:#fbfaf8;--ink:#1d1f24;--quiet:#666c78;--line:#e3e1dc}
@media(prefers-color-scheme:dark){:root{--ground:#15171c;--ink:#e9eaed;--quiet:#969ca8;--line:#2c3038}}
body{margin:0;background:var(--ground);color:var(--ink);font:18px/1.65 Georgia,"Noto Serif",serif;\
overflow-wrap:break-word}
main{max-width:42rem;margin:0 auto;padding:4rem 1.5rem 6rem}
h1,h2,h3,h4,h5,h6,figcaption,footer,th{font-family:system-ui,"Noto Sans",sans-serif;line-height:1.25}
h1{font-size:2.1rem;letter-spacing:-.02em;margin:0 0 2rem}
h2{font-size:1.35rem;margin:2.8rem 0 .8rem}
h3,h4,h5,h6{font-size:1.08rem;margin:2rem 0 .6rem}
figure{margin:2.5rem 0}
img{display:block;max-width:100%;height:auto;border-radius:6px}
audio{width:100%}
footer{color:var(--quiet);font-size:.85rem}
figcaption{color:var(--quiet);font-size:.85rem;margin-top:.6rem}
blockquote{margin:1.5rem 0;padding-inline-start:1.2rem;border-inline-start:3px solid var(--line)}
pre{overflow:auto;padding:1rem;border:1px solid var(--line);border-radius:6px;font-size:.85rem;line-height:1.5}
table{border-collapse:collapse;display:block;overflow-x:auto}
th,td{padding:.4rem .8rem;border-bottom:1px solid var(--line);text-align:start}
hr{border:0;border-top:1px solid var(--line);margin:2.5rem 0}
@media print{
:root{color-scheme:light;--ground:#fff;--ink:#000;--quiet:#444;--line:#ccc}
body{font-size:11pt}
main{max-width:none;padding:0}
h1,h2,h3,h4,h5,h6{break-after:avoid}
figure,blockquote,pre,tr,li{break-inside:avoid}
img{max-height:85vh;width:auto}
pre{white-space:pre-wrap}
table{display:table}
th,td{overflow-wrap:anywhere}
}
"""


@dataclass(frozen=True)
class Section:
    """One asset: Markdown, the text of another media type, or a file next to the document."""

    kind: Literal["markdown", "verbatim", "image", "audio"]
    heading: str
    text: str = ""
    href: str = ""


def file_name(finished: FinishedAsset) -> str:
    """The name of a file next to the document, relative to it."""
    asset = finished.asset
    folder = {Modality.IMAGE: "images", Modality.AUDIO: "audio"}.get(asset.asset_type, "media")
    return f"{folder}/{asset.asset_id}.{extension_of(finished.take.media.media_type)}"


def picture_files(finished: FinishedAsset) -> dict[str, str]:
    """Name of a picture in an illustrated text -> the name of its file next to the document."""
    numbered = enumerate(finished.take.media.pictures, start=1)
    stem = finished.asset.asset_id
    return {p.name: f"images/{stem}.{number}.{extension_of(p.media_type)}" for number, p in numbered}


def sections_of(
    finished: FinishedAsset, texts: Mapping[str, str], shown: Mapping[str, Section] = MappingProxyType({})
) -> list[Section]:
    """The sections of an asset: one, or of a text with pictures its texts and pictures in their order.

    Args:
        texts: Asset id -> its text.
        shown: Source of a reference, such as `reference-2 p. 3` -> its section, for the lines that mark its place.
    """
    return [each for section in _sections_of(finished, texts) for each in _with_references(section, shown)]


def _with_references(section: Section, shown: Mapping[str, Section]) -> Iterator[Section]:
    """A text as its parts, with the references that its lines mark between them; unknown marks stay text."""
    if section.kind != "markdown" or not any(source in shown for source in marked_references(section.text)):
        yield section
        return
    heading = section.heading
    for block in marked_blocks(section.text):
        if isinstance(block, Placed):
            yield shown.get(block.name) or Section("markdown", "", f"[{block.name}]")
        else:
            yield Section("markdown", heading, block)
            heading = ""


def named(source: str, references: Sequence[Reference]) -> str:
    """A source for readers: `Data sheet p. 3` for `reference-2 p. 3`, where the reference has that name."""
    reference, _, place = source.partition(" ")
    number = int(reference.removeprefix("reference-")) if re.fullmatch(r"reference-\d{1,3}", reference) else 0
    name = references[number - 1].name if 0 < number <= len(references) else ""
    return f"{name or reference} {place}".strip()


def _sections_of(finished: FinishedAsset, texts: Mapping[str, str]) -> list[Section]:
    asset = finished.asset
    heading = asset.label or asset.role.replace("-", " ").capitalize()
    if asset.asset_type is Modality.IMAGE:
        return [Section("image", heading, href=file_name(finished))]
    if asset.asset_type is Modality.AUDIO:
        return [Section("audio", heading, href=file_name(finished))]
    text, files = texts[asset.asset_id], picture_files(finished)
    if not files:
        plain = finished.take.media.media_type.split(";")[0] in ("text/markdown", "text/plain")
        return [Section("markdown" if plain else "verbatim", heading, text)]
    blocks = list(blocks_of(text, files))
    found = [
        Section("image", block.alt, href=files[block.name])
        if isinstance(block, Placed)
        else Section("markdown", "" if number else heading, block)
        for number, block in enumerate(blocks)
    ]
    placed = {block.name for block in blocks if isinstance(block, Placed)}
    # A text that a person edited may not name them all.
    return found + [Section("image", heading, href=href) for name, href in files.items() if name not in placed]


def sources_of(
    assets: Sequence[FinishedAsset],
    references: Sequence[Reference],
    texts: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """A line for each asset that used references: its heading, and their names with the pages and times.

    Args:
        texts: Asset id -> its text; the references that it marks are sources too.
    """

    def used(each: FinishedAsset) -> tuple[str, ...]:
        return (*each.asset.sources, *_known(marked_references(texts.get(each.asset.asset_id, "")), references))

    return [
        f"{each.asset.label or each.asset.role}: {'; '.join(dict.fromkeys(named(s, references) for s in used(each)))}"
        for each in assets
        if used(each)
    ]


def _known(sources: Sequence[str], references: Sequence[Reference]) -> list[str]:
    return [each for each in sources if 0 < int(each.split(" ")[0].rpartition("-")[2]) <= len(references)]


def markdown(title: str, sections: Sequence[Section], sources: Sequence[str] = ()) -> str:
    """The document as Markdown, in the order of the plan. Tags in the texts become plain text, not HTML.

    Args:
        sources: The lines of `sources_of`, below the document.
    """
    blocks = [f"# {inline(title)}"]
    for section in sections:
        heading = inline(section.heading)
        if section.kind == "image":
            blocks.append(f"![{heading}]({section.href})")
        elif section.kind == "audio":
            blocks.append(f"[{heading}]({section.href})")
        else:
            if _wants_heading(section, sections):
                blocks.append(f"## {heading}")
            body = section.text.strip()
            blocks.append(_fenced(body) if section.kind == "verbatim" else _plain(body, _levels(section, sections)))
    if sources:
        blocks += ["---", "\n".join(f"- {inline(line)}" for line in sources)]
    return "\n\n".join(blocks) + "\n"


def page(title: str, sections: Sequence[Section], language: str, sources: Sequence[str] = ()) -> str:
    """One HTML page with its own style, light and dark; it cannot run scripts or load other addresses."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(_section(section, sections) for section in sections)
    if sources:
        lines = "".join(f'<li dir="auto">{html.escape(line)}</li>' for line in sources)
        body += f"\n<footer><hr><ul>{lines}</ul></footer>"
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f'<body>\n<main dir="auto">\n<h1 dir="auto">{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _section(section: Section, sections: Sequence[Section]) -> str:
    heading, href = html.escape(section.heading), html.escape(section.href)
    if section.kind == "image":
        return f'<figure><img src="{href}" alt="{heading}"><figcaption dir="auto">{heading}</figcaption></figure>'
    if section.kind == "audio":
        player = f'<audio controls preload="none" src="{href}"></audio>'
        return f'<figure>{player}<figcaption dir="auto">{heading}</figcaption></figure>'
    above = f'<h2 dir="auto">{heading}</h2>\n' if _wants_heading(section, sections) else ""
    if section.kind == "verbatim":
        return f"<section>{above}<pre>{html.escape(section.text.strip())}</pre></section>"
    return f'<section dir="auto">{above}{_rendered(section.text, _levels(section, sections))}</section>'


def _levels(section: Section, sections: Sequence[Section]) -> int:
    """By how many levels the headings of a text move down: the title is the only one of the first level."""
    return 2 if _wants_heading(section, sections) else 1


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(_OFF)


def _rendered(text: str, levels: int) -> str:
    """Markdown to HTML, with headings so many levels further down."""
    renderer = _renderer()
    tokens = renderer.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + levels)}"
    return str(renderer.renderer.render(tokens, renderer.options, {})).strip()


def _plain(text: str, levels: int) -> str:
    """Markdown with tags as plain text, and headings so many levels further down."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    for token in _renderer().parse(text):
        if token.type != "heading_open" or not token.map:
            continue
        first, last = token.map
        mark = "#" * min(6, int(token.tag[1]) + levels)
        if token.markup.startswith("#"):
            lines[first] = re.sub("#+", mark, lines[first], count=1)
        elif not token.level and last - first == 2:  # a line, and the line under it
            lines[first:last] = [f"{mark} {lines[first].strip()}", ""]
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", "\n".join(lines))


def _wants_heading(section: Section, sections: Sequence[Section]) -> bool:
    """Whether a text needs a heading: not if it has its own heading, or is the only text."""
    texts = (s for s in sections if s.kind in ("markdown", "verbatim") and s.heading)
    several = sum(1 for _ in islice(texts, 2)) > 1
    return bool(section.heading) and several and not re.match(r"\s*#{1,6}\s", section.text)


def inline(text: str) -> str:
    """One line of text in Markdown, escaped."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"

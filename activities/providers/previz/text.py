"""Placeholder text: markdown from the brief and the prompt by template, marked as a placeholder."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from activities.providers.previz.composition import Pictures
from activities.providers.previz.storyboard import storyboard
from activities.providers.protocol import Request
from activities.text.illustrated import marked_references, without_marks
from activities.text.speech import sentences, shortened, subject

DEFAULT_PICTURES: Final = 3
"""Of an illustrated text."""
MAX_SENTENCES: Final = 24
"""Of the brief, in one text."""


def _first_sentence(request: Request) -> str:
    return subject(sentences(without_marks(request.brief.text))[0])


def _headline(request: Request) -> str:
    title = _first_sentence(request).rstrip(".!?。！？।؟…")
    return f"# {title if len(title) <= 90 else title[:89].rstrip() + '…'}"


def _body(request: Request) -> str:
    texts = [subject(s) for s in sentences(without_marks(request.brief.text))][:MAX_SENTENCES]
    return "\n\n".join(" ".join(texts[i : i + 3]) for i in range(0, len(texts), 3))


def _call_to_action(request: Request) -> str:
    return f"**{_first_sentence(request)}**"


def _list(request: Request) -> str:
    return "\n".join(f"- {subject(s)}" for s in sentences(without_marks(request.brief.text))[:8])


def _post(request: Request) -> str:
    words = re.findall(r"[^\W\d_]{5,20}", request.brief.text[:2_000].lower())
    tags = [f"#{w}" for w in dict.fromkeys(words) if w not in {"about", "their", "there", "which"}][:3]
    text = " ".join(subject(s) for s in sentences(without_marks(request.brief.text))[:3])
    return "\n\n".join(filter(None, [text, " ".join(tags)]))


def _script(request: Request) -> str:
    """The script from the prompt, in which the planner put every shot and its narration: shots become headings."""
    lines = [f"### {line}" if re.match(r"Shot \d+\b", line) else line for line in request.asset.prompt.splitlines()]
    return "\n\n".join(line for line in lines if line.strip())


def _concept(request: Request) -> str:
    style = f"\n\nStyle: {request.brief.style}" if request.brief.style else ""
    return f"{_body(request)}{style}"


def _tone(request: Request) -> str:
    return request.brief.style or "Clear, warm, to the point. (The brief names no style.)"


TEMPLATES: Final[dict[str, Callable[[Request], str]]] = {
    "headline": _headline,
    "body": _body,
    "call-to-action": _call_to_action,
    "objective": _call_to_action,
    "audience": _list,
    "message": _headline,
    "tone": _tone,
    "deliverables": _list,
    "post": _post,
    "concept": _concept,
    "script": _script,
}


def write(request: Request) -> bytes:
    """UTF-8 markdown for the asset's role; an unknown role gets the brief's sentences."""
    asset = request.asset
    marks = [f"[{source}]" for source in marked_references(asset.prompt)]
    content = "\n\n".join([TEMPLATES.get(asset.role, _body)(request), *marks])
    return f"{_head(request)}{content}\n\n{_foot(request)}".encode("utf-8", "replace")


def _head(request: Request) -> str:
    title = request.asset.label or request.asset.role
    return f"> **PREVIZ** · {title} · a placeholder set from the brief\n\n"


def _foot(request: Request) -> str:
    task = " ".join(request.asset.prompt.partition("\n\n")[0].split())[:300]
    task_line = "" if request.asset.role == "script" else f"Prompt: {task}\n\n"
    return f"---\n\n{task_line}*PREVIZ · take {request.take} · no model wrote this.*\n"


def illustrate(request: Request, count: int, pictures: Pictures = ()) -> list[str | bytes]:
    """The texts and the PNG files in their order, with `count` pictures. Synchronous: about 0.3 s of CPU a picture.

    Args:
        pictures: The input pictures: the references of the brief, or the pictures of other assets.
    """
    parts: list[str | bytes] = [_head(request)]
    for number, text in enumerate(_sections(request, count), start=1):
        parts += [f"## {number}. {shortened(text, 60)}\n\n{text}", _drawn(request, number, text, pictures)]
    marks = "".join(f"[{source}]\n\n" for source in marked_references(request.asset.prompt))
    return [*parts, marks + _foot(request)]


def _sections(request: Request, count: int) -> Iterator[str]:
    """The sentences of the brief in `count` parts; the sentences begin again where there are fewer."""
    lines = [subject(each) for each in sentences(without_marks(request.brief.text))][:MAX_SENTENCES]
    lines = lines or [request.brief.text]
    size = math.ceil(len(lines) / count)
    for k in range(count):
        yield " ".join(lines[k * size : (k + 1) * size] or [lines[k % len(lines)]])


def _drawn(request: Request, number: int, text: str, pictures: Pictures) -> bytes:
    asset = request.asset
    label = f"{asset.label or asset.role} · {number}"[:200]
    scene = asset.model_copy(update={"label": label, "prompt": text})
    return storyboard(replace(request, asset=scene), pictures).read_bytes()

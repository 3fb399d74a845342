"""Facts that documents give, such as a name, a price and selling points: for the template, which has no language model.

Pure functions: equal parts give equal facts.
"""

import csv
import dataclasses
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from activities.planning.task import PlanningTask
from activities.text.addressing import SHOWN_CHARS, addressing
from activities.text.patterns import Pattern
from workflows.brief import MAX_BRIEF_CHARS, Platform
from workflows.models import Asset, Plan
from workflows.references.analysis import Part, source_of
from workflows.references.kinds import Use
from workflows.voice.spoken_brief import sentences_of

MAX_FACTS: Final = 12
FILM_FACTS: Final = 5
"""In the text of a film: each one is spoken."""
LOOK_CHARS: Final = 300
LOOK_COLOURS: Final = 5
_PAIR: Final = Pattern(r"^\s*(?:[-*•]\s*)?\**([A-ZÀ-Þ][^\n:.!?|]{0,40}?)\**\s*:\s+(\S[^\n]{0,200})$")
_BULLET: Final = Pattern(r"^\s*[-*•–]\s+(\S.{2,200})$")
_HEADING: Final = Pattern(r"^#{1,3}\s+(\S.{0,120})$")
_PRICE: Final = Pattern(
    r"(?:[€$£¥]\s?\d[\d.,']*|\d[\d.,']*\s?(?:€|\$|£|EUR|USD|GBP|CHF|JPY|Euro|euros?|dollars?))(?!\w)"
)
_APPROVE: Final = Pattern(r"\bapprove\b[^.!?\n]{0,30}\b(?:plan|production|budget)\b", re.IGNORECASE)
_HEADS: Final = frozenset(
    re.findall(
        r"\w+",
        "item name product article feature property attribute description price value colour color size unit amount "
        "produkt artikel bezeichnung merkmal eigenschaft beschreibung preis wert farbe größe menge betrag "
        "produit désignation caractéristique prix valeur couleur taille quantité montant quantity",
    )
)
"""Words of the heads of columns: a row of two of them states nothing."""
_USES: Final = frozenset({Use.MATERIAL, Use.EXTRACT})


class Fact(NamedTuple):
    """A fact as it is given, and the place that it is from."""

    text: str
    source: str


def facts_of(task: PlanningTask) -> list[Fact]:
    """The facts of all documents: headings, pairs of name and value, prices and bullet points; the first ones."""
    found: dict[str, Fact] = {}
    for number, parts in task.read.items():
        if task.brief.references[number - 1].use not in _USES:
            continue
        for part in parts:
            if part.kind not in ("text", "table", "field") or (
                part.page is None and part.read_by and part.kind != "field"
            ):
                continue
            for text in _facts_in(part):
                found.setdefault(text.casefold(), Fact(text, source_of(number, part.place)))
    return [fact for fact in found.values() if not _addressed(fact.text)][:MAX_FACTS]


def addressed(task: PlanningTask) -> list[Fact]:
    """The words in documents that speak to a model instead of people; they are no facts, and a plan warns of them."""
    found = [
        Fact(words, source_of(number, part.place))
        for number, parts in task.read.items()
        for part in parts
        if task.brief.references[number - 1].use in _USES and (words := _addressed(part.text))
    ]
    return list({fact.source: fact for fact in reversed(found)}.values())[::-1]


def _addressed(text: str) -> str:
    """The words that speak to a model; empty if there are none."""
    match = _APPROVE.search(text)
    return addressing(text) or (match[0][:SHOWN_CHARS] if match else "")


def looks_of(task: PlanningTask) -> list[Fact]:
    """The look that each reference with the use `style` gives: its style as a model saw it, otherwise its colours."""
    found = []
    for number, parts in task.read.items():
        if task.brief.references[number - 1].use is not Use.STYLE:
            continue
        texts = {part.kind: (part.text, part.place) for part in reversed(parts)}
        if "style" in texts:
            text, place = texts["style"]
        elif "palette" in texts:
            colours, place = texts["palette"]
            text = f"colours {', '.join(colours.split(', ')[:LOOK_COLOURS])}"
        else:
            continue
        found.append(Fact(" ".join(text.split())[:LOOK_CHARS].strip(" ."), source_of(number, place)))
    return found


def cited(task: PlanningTask) -> list[Fact]:
    """What the assets of a template's plan may name as their source: the facts, the looks, and the sentences of a voice
    memo."""
    memos = [n for n, reference in enumerate(task.brief.references, start=1) if reference.memo]
    said = [
        Fact(text, source_of(number, part.place))
        for number in memos
        for part in task.read.get(number, ())
        for text in sentences_of(part.text)
    ]
    return [*facts_of(task), *looks_of(task), *said]


def _facts_in(part: Part) -> Iterator[str]:
    if part.kind == "table":
        yield from _pairs(part.text)
        return
    if part.kind == "field":
        yield part.text
        return
    lines = [line.strip() for line in part.text.split("\n") if line.strip()]
    for place, line in enumerate(lines):
        if match := _HEADING.match(line):
            yield match[1].strip()
        elif match := _PAIR.match(line):
            yield f"{match[1].strip()}: {match[2].strip()}"
        elif match := _BULLET.match(line):
            yield match[1].strip()
        elif place == 0 and len(line) <= 80 and not line.endswith((".", ",")):
            yield line  # the title of a page
        elif _PRICE.search(line) and len(line) <= 160:
            yield line


def _pairs(table: str) -> Iterator[str]:
    """The rows of a table of two columns as 'name: value'; of others with a price, the whole row."""
    rows: Sequence[Sequence[str]] = list(csv.reader(io.StringIO(table)))
    for row in rows:
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) == 2 and {cell.casefold().rstrip(":") for cell in cells} <= _HEADS:
            continue
        if len(cells) == 2 and all(len(row) == 2 for row in rows):
            yield f"{cells[0].rstrip(':')}: {cells[1]}"
        elif len(cells) > 1 and any(_PRICE.search(cell) for cell in cells):
            yield ", ".join(cells)


def with_facts(task: PlanningTask) -> PlanningTask:
    """The task whose brief also states the facts: as sentences of a film, which are spoken, unless the brief lists its
    own shots; for texts, `add_facts` appends them."""
    facts = facts_of(task)
    if not facts or task.brief.platform != Platform.VIDEO or task.structure:
        return task
    sentences = " ".join(f"{fact.text.rstrip(' .')}." for fact in facts[:FILM_FACTS])
    text = f"{task.brief.text.rstrip()} {sentences}"
    if len(text) > MAX_BRIEF_CHARS:
        return task
    request = task.request.model_copy(update={"brief": task.brief.model_copy(update={"text": text})})
    return dataclasses.replace(task, request=request)


def with_sources(plan: Plan, facts: Sequence[Fact]) -> Plan:
    """The plan whose assets name the places of the facts that their prompts contain."""
    if not facts:
        return plan
    assets = [_cited(asset, facts) for asset in plan.assets]
    made = Plan.of(plan.title, assets, plan.planner, plan.warnings, plan.cut)
    return made.model_copy(update={"drafting_usd": plan.drafting_usd})


def _cited(asset: Asset, facts: Sequence[Fact]) -> Asset:
    prompt = _plain(asset.prompt)
    used = dict.fromkeys(fact.source for fact in facts if _plain(fact.text.rstrip(" .")) in prompt)
    return asset.model_copy(update={"sources": (*asset.sources, *used)}) if used else asset


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def listed(facts: Sequence[Fact]) -> str:
    """The facts as lines of a prompt; empty without facts."""
    if not facts:
        return ""
    lines = "\n".join(f"- {fact.text} ({fact.source})" for fact in facts)
    return f"\n\nFacts from the references, to use as they are given:\n{lines}"

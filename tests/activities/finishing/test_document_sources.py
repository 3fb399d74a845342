"""Documents: the levels of their headings, their print, and what their assets used of the references."""

import re
from datetime import UTC, datetime

from activities.finishing import document
from activities.finishing.document import Section
from workflows.activity_io import FinishedAsset
from workflows.brief import Reference
from workflows.illustrated.parts import StoredPicture
from workflows.models import Asset, Media, Modality, Take

REFERENCES = (
    Reference(source="stored:references/1", name="memo"),
    Reference(source="stored:references/2", name="Lumen <sheet>"),
)


def finished(asset_id: str, *sources: str) -> FinishedAsset:
    now = datetime.now(UTC)
    asset = Asset(
        asset_id=asset_id,
        asset_type=Modality.TEXT,
        role="body",
        label=asset_id.capitalize(),
        prompt="x",
        provider="previz",
        model="previz-text",
        sources=sources,
    )
    media = Media(key="k", bytes=1, sha256="0", media_type="text/markdown")
    take = Take(number=1, prompt="x", provider="previz", model="m", media=media, started_at=now, finished_at=now)
    return FinishedAsset(asset=asset, take=take)


def test_a_document_cites_its_references() -> None:
    """Each asset that used references has a line with their names, pages and times; others have none."""
    assets = [
        finished("body", "reference-2 p. 3", "reference-1 0:12", "reference-2 p. 3"),
        finished("plain"),
        finished("other", "reference-9", "reference-2"),
    ]
    lines = document.sources_of(assets, REFERENCES)
    assert lines == ["Body: Lumen <sheet> p. 3; memo 0:12", "Other: reference-9; Lumen <sheet>"]
    sections = [Section("markdown", "Body", "A lamp.")]
    text = document.markdown("Lamp", sections, lines)
    assert text.endswith(
        "A lamp.\n\n---\n\n- Body: Lumen \\<sheet\\> p. 3; memo 0:12\n- Other: reference-9; Lumen \\<sheet\\>\n"
    )
    page = document.page("Lamp", sections, "en", lines)
    assert '<footer><hr><ul><li dir="auto">Body: Lumen &lt;sheet&gt; p. 3; memo 0:12</li>' in page


def test_a_document_without_references_stays_as_it_is() -> None:
    """Without sources nothing is added."""
    sections = [Section("markdown", "Body", "A lamp.")]
    assert document.sources_of([finished("body")], REFERENCES) == []
    assert document.markdown("Lamp", sections) == "# Lamp\n\nA lamp.\n"
    assert "<footer>" not in document.page("Lamp", sections, "en")


def test_a_text_shows_the_references_that_it_marks() -> None:
    """A marked reference stands between the parts of its text, and is cited; an unknown one stays text."""
    body = finished("body")
    texts = {"body": "A lamp.\n\n[reference-2 p. 3]\n\nIt shines.\n\n[reference-7]"}
    shown = {"reference-2 p. 3": Section("image", "Lumen p. 3", href="images/reference-2-page-3.jpg")}
    assert document.sections_of(body, texts, shown) == [
        Section("markdown", "Body", "A lamp."),
        shown["reference-2 p. 3"],
        Section("markdown", "", "It shines."),
        Section("markdown", "", "[reference-7]"),
    ]
    assert document.sources_of([body], REFERENCES, texts) == ["Body: Lumen <sheet> p. 3"]


def test_an_illustrated_text_is_one_part_of_the_document() -> None:
    """Its pictures stand where its text has them, under one heading; one that an edited text lost is at its end."""
    first, second = (
        StoredPicture(key=f"takes/1/pictures/{n}-ab.jpg", bytes=1, sha256="0", media_type="image/jpeg") for n in (1, 2)
    )
    each = finished("soup")
    media = each.take.media.model_copy(update={"pictures": (first, second)})
    each = each.model_copy(update={"take": each.take.model_copy(update={"media": media})})
    sections = document.sections_of(each, {"soup": f"Peel.\n\n![Carrots](pictures/{first.name})\n\nServe."})
    assert sections == [
        Section("markdown", "Soup", "Peel."),
        Section("image", "Carrots", href="images/soup.1.jpg"),
        Section("markdown", "", "Serve."),
        Section("image", "Soup", href="images/soup.2.jpg"),
    ]
    text = document.markdown("Soup", sections)
    assert text == "# Soup\n\nPeel.\n\n![Carrots](images/soup.1.jpg)\n\nServe.\n\n![Soup](images/soup.2.jpg)\n"


def test_the_title_is_the_only_heading_of_its_level() -> None:
    """Headings of a text are below the title and below the heading of their section, in Markdown as in HTML; what only
    looks like one in code stays."""
    text = "# One\n\n```\n# no heading\n```\n\nTwo\n===\n\n> ## Three\n\n###### Six <b>"
    alone, named = Section("markdown", "Message", "#" + text[1:]), Section("markdown", "Message", f"Words.\n\n{text}")
    other = Section("markdown", "Tone", "Calm.")
    made = document.markdown("Title", [alone])
    assert re.findall(r"^[> ]*(#+ .*)$", made, re.MULTILINE) == [
        "# Title", "## One", "# no heading", "## Two", "### Three", "###### Six &lt;b>",
    ]  # fmt: skip
    made = document.markdown("Title", [named, other])
    assert re.findall(r"^[> ]*(#+) ", made, re.MULTILINE) == ["#", "##", "###", "#", "###", "####", "######", "##"]
    page = document.page("Title", [named, other], "en")
    assert re.findall(r"<(h\d)", page) == ["h1", "h2", "h3", "h3", "h4", "h6", "h2"]


def test_a_page_is_printed_on_white_with_whole_figures() -> None:
    """On paper, a page has no ground and no margin of its own, and a caption stays with its picture."""
    printed = document.page("Title", [], "en").partition("@media print{")[2]
    assert "--ground:#fff" in printed
    assert re.search(r"figure[^{]*{break-inside:avoid}", printed)

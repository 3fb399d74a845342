"""50 generated invoices: every planted error is flagged for a review, and nothing correct is."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

from activities.extraction.extract import extract
from activities.extraction.lines import Line, lines_of
from activities.extraction.models import Stages
from activities.planning.questions.inquiry import Limit
from activities.references.reading.documents import layout
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.activities.extraction.documents import ERRORS, Invoice, fifty
from workflows.activity_io import AnalyseReference
from workflows.brief import Brief, Platform, Reference
from workflows.extraction.fields import Extract, Extraction
from workflows.extraction.review import to_review
from workflows.models import Media
from workflows.references.analysis import Part
from workflows.references.kinds import Use

SCANS = 17
"""Every third document is a rotated scan, whose text a vision model has written down."""


def stages() -> Stages:
    """No model: the documents are read by their labels."""
    reference = Reference(source="stored:references/a", use=Use.EXTRACT)
    brief = Brief(text="x", platform=Platform.DOCUMENT, references=(reference,))
    media = Media(key="", bytes=0, sha256="", media_type="application/pdf")
    request = AnalyseReference(production_id="p", brief=brief, reference=1, media=media)
    return Stages(request, cast(Storage, None), {}, ActivitySettings(), Limit(Decimal(1), "limit", ""))


def lines(invoice: Invoice, folder: Path) -> Sequence[Line]:
    """The lines of its PDF; of a scan, what the model wrote down."""
    if invoice.number % 3 == 1:
        text = Part(part_id="seen-1", kind="text", text=invoice.text(), page=1, read_by="openai/gpt-5.6")
        return lines_of(None, [text])
    path = folder / f"{invoice.number}.pdf"
    path.write_bytes(invoice.pdf())
    return lines_of(layout.lines_of(path), [])


async def extracted(invoice: Invoice, folder: Path) -> Extraction:
    return await extract(1, Extract(), "a", lines(invoice, folder), {}, stages())


async def test_every_planted_error_is_flagged_and_nothing_correct_is(tmp_path: Path) -> None:
    """Of 50 invoices in three languages and two currencies, exactly those with an error wait for a person, and the
    values of all others are exact."""
    planted: Counter[str] = Counter()
    missed, false_alarms, wrong = [], [], []
    for invoice in fifty():
        planted[invoice.error] += 1
        found = await extracted(invoice, tmp_path)
        waiting = [item.item for item in to_review(found)]
        values = {field.path: field.shown for field in found.fields}
        assert found.kind == "invoice"
        if invoice.error and not waiting:
            missed.append(invoice)
        if not invoice.error:
            false_alarms += [(invoice, waiting)] if waiting else []
            exact = {
                "total": f"{invoice.total:f} {invoice.currency}",
                "tax": f"{invoice.tax:f} {invoice.currency}",
                "date": invoice.day.isoformat(),
                "invoice_number": f"R-2026-{invoice.number:03}",
            }
            wrong += [(invoice, name, values.get(name)) for name in exact if values.get(name) != exact[name]]
            assert len([p for p in values if p.endswith(".amount")]) == len(invoice.items)
    assert sum(planted.values()) == 50
    assert set(planted) == {"", *ERRORS}
    assert (missed, false_alarms, wrong) == ([], [], [])


async def test_fields_have_their_place_on_the_page(tmp_path: Path) -> None:
    """A field of a PDF names its page, its words and their box; turning the page turns the box."""
    invoice = Invoice(6, "en", "EUR")
    found = await extracted(invoice, tmp_path)
    total = next(field for field in found.fields if field.path == "total")
    assert (total.page, total.quote) == (1, invoice.money(invoice.total))
    left, top, right, bottom = total.box
    assert 0.65 < left < right < 0.9
    assert 0.2 < top < bottom < 0.5
    turned = tmp_path / "turned.pdf"
    turned.write_bytes(invoice.pdf().replace(b"/Type /Page /Parent", b"/Rotate 90 /Type /Page /Parent"))
    upright = next(c for line in layout.lines_of(turned)["lines"] for c in line["cells"] if c[0] == total.quote)
    assert abs(upright[2] - left) < 0.02  # its left edge is now above
    assert abs(upright[1] - (1 - bottom)) < 0.02

"""The presets: fields of common documents, with their names in several languages, and their rules. Data."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from workflows.extraction.schema import FieldSpec, FieldType

Preset = Literal["auto", "invoice", "receipt", "contract", "product_sheet", "form"]


class Template(NamedTuple):
    """A preset.

    Attributes:
        words: Words of its documents, for telling their kind without a model.
        fields: Without any, each "label: value" of the document is a field.
    """

    title: str
    words: tuple[str, ...]
    fields: tuple[FieldSpec, ...] = ()
    rules: tuple[str, ...] = ()


def _f(name: str, kind: FieldType, labels: str, *, required: bool = False, label: str = "") -> FieldSpec:
    words = tuple(word.strip() for word in labels.split("|") if word.strip())
    return FieldSpec(name=name, type=kind, labels=words, required=required, label=label)


_DATE: Final = "date|datum|fecha|data"
_TOTAL: Final = (
    "total amount due|amount due|total due|balance due|grand total|invoice total|total amount|total|"
    "gesamtbetrag|rechnungsbetrag|"
    "gesamtsumme|zahlbetrag|endbetrag|zu zahlen|bruttobetrag|gesamt|summe|total ttc|montant total|"
    "net à payer|total à payer|"
    "importe total|total a pagar|totale|totale fattura|importo totale|totaal"
)
_SUBTOTAL: Final = (
    "subtotal|sub-total|sub total|net amount|net total|total excl. vat|zwischensumme|nettobetrag|"
    "netto|summe netto|total ht|sous-total|"
    "montant ht|base imponible|imponibile|subtotale|subtotaal"
)
_TAX: Final = (
    "vat|sales tax|tax|gst|mwst|mwst.|ust|ust.|umsatzsteuer|mehrwertsteuer|zzgl. mwst.|"
    "tva|montant tva|iva|cuota iva|btw"
)
_ITEMS: Final = FieldSpec(
    name="line_items",
    type="table",
    label="Line items",
    columns=(
        _f(
            "description",
            "string",
            "description|item|product|article|service|beschreibung|bezeichnung|artikel|leistung|position|"
            "désignation|libellé|"
            "désignation des produits|descripción|concepto|descrizione|omschrijving",
        ),
        _f(
            "quantity",
            "number",
            "quantity|qty|qty.|hours|menge|anzahl|stück|stk.|quantité|qté|cantidad|cant.|quantità|qtà|aantal",
        ),
        _f(
            "unit_price",
            "money",
            "unit price|price|rate|each|einzelpreis|e-preis|preis|stückpreis|prix unitaire|prix unit.|p.u.|"
            "pu ht|precio unitario|precio|"
            "prezzo unitario|prezzo|prijs",
        ),
        _f(
            "amount",
            "money",
            "amount|line total|total|betrag|gesamtpreis|gesamt|summe|montant|montant ht|total ht|importe|"
            "importo|totale|bedrag",
        ),
    ),
)
_ITEM_RULES: Final = (
    "line_items.amount == round(line_items.quantity * line_items.unit_price, 2)",
    "present(subtotal) or present(tax) or total == sum(line_items.amount)",
    "subtotal == sum(line_items.amount)",
    "present(subtotal) or not present(tax) or total == sum(line_items.amount) or total == sum(line_items.amount) + tax",
    "total == subtotal + value(tax, 0) + value(shipping, 0) - value(discount, 0)",
    "abs(tax - subtotal * tax_rate / 100) <= 0.02",
    "same_currency(total, subtotal, tax, shipping, discount, line_items.amount, line_items.unit_price)",
)
_MONEY: Final = (
    _f("subtotal", "money", _SUBTOTAL),
    _f(
        "tax_rate",
        "number",
        "tax rate|vat rate|mwst-satz|steuersatz|taux tva|taux de tva|tipo iva|aliquota iva",
    ),
    _f("tax", "money", _TAX),
    _f(
        "shipping",
        "money",
        "shipping|delivery|versand|versandkosten|frais de port|livraison|envío|spedizione",
    ),
    _f("discount", "money", "discount|rabatt|skonto|remise|descuento|sconto"),
    _f("total", "money", _TOTAL, required=True),
)

PRESETS: Final[Mapping[str, Template]] = {
    "invoice": Template(
        "Invoice",
        (
            "invoice",
            "rechnung",
            "facture",
            "factura",
            "fattura",
            "factuur",
            "invoice number",
            "due date",
            "fällig",
            "échéance",
        ),
        (
            _f(
                "invoice_number",
                "string",
                "invoice number|invoice no|invoice no.|invoice #|number|rechnungsnummer|rechnungs-nr.|"
                "rechnungsnr.|rechnung nr.|"
                "numéro de facture|facture n°|n° de facture|facture no|número de factura|factura n.º|factura nº|"
                "numero fattura|fattura n.|"
                "factuurnummer",
                required=True,
            ),
            _f(
                "date",
                "date",
                "invoice date|date of issue|issue date|date|rechnungsdatum|datum|date de facture|"
                "date de facturation|date d'émission|"
                "fecha de factura|fecha|data fattura|data|factuurdatum",
                required=True,
            ),
            _f(
                "due_date",
                "date",
                "due date|payment due|pay by|due|fällig am|fälligkeitsdatum|fälligkeit|zahlbar bis|"
                "date d'échéance|échéance|"
                "fecha de vencimiento|vencimiento|data di scadenza|scadenza|vervaldatum",
            ),
            _f(
                "seller",
                "string",
                "from|seller|supplier|vendor|verkäufer|lieferant|rechnungssteller|vendeur|fournisseur|émetteur|"
                "vendedor|emisor|venditore|fornitore",
            ),
            _f(
                "buyer",
                "string",
                "bill to|billed to|customer|buyer|client|kunde|rechnungsempfänger|käufer|rechnung an|facturé à|"
                "cliente|comprador|acquirente",
            ),
            _f(
                "vat_id",
                "string",
                "vat id|vat number|vat no.|ust-idnr.|ust-id|ust-id-nr.|n° tva|numéro de tva|"
                "tva intracommunautaire|nif|cif|partita iva",
            ),
            _ITEMS,
            *_MONEY,
        ),
        (*_ITEM_RULES, "due_date >= date"),
    ),
    "receipt": Template(
        "Receipt",
        (
            "receipt",
            "kassenbon",
            "quittung",
            "beleg",
            "ticket de caisse",
            "reçu",
            "recibo",
            "scontrino",
            "ricevuta",
            "cash",
            "change",
            "bar",
            "card",
        ),
        (
            _f(
                "merchant",
                "string",
                "merchant|store|shop|händler|filiale|magasin|commerce|tienda|negozio",
            ),
            _f(
                "receipt_number",
                "string",
                "receipt number|receipt no|receipt no.|receipt #|bon-nr.|belegnummer|beleg-nr.|n° de ticket|"
                "ticket n°|número de recibo",
            ),
            _f("date", "date", _DATE, required=True),
            _ITEMS,
            *_MONEY,
        ),
        _ITEM_RULES,
    ),
    "contract": Template(
        "Contract",
        (
            "contract",
            "agreement",
            "vertrag",
            "vereinbarung",
            "contrat",
            "contrato",
            "contratto",
            "party",
            "parties",
            "parteien",
            "terminate",
            "termination",
            "kündigung",
            "résiliation",
            "governing law",
            "hereby",
        ),
        (
            _f("title", "string", "title|titel|titre|título|titolo"),
            _f(
                "party_a",
                "string",
                "party a|first party|between|provider|licensor|landlord|auftragnehmer|vermieter|partei a|"
                "prestataire|bailleur|arrendador",
            ),
            _f(
                "party_b",
                "string",
                "party b|second party|client|customer|licensee|tenant|auftraggeber|mieter|partei b|locataire|"
                "cliente|arrendatario",
            ),
            _f(
                "effective_date",
                "date",
                "effective date|start date|commencement date|vertragsbeginn|beginn|date d'effet|"
                "date d'entrée en vigueur|fecha de inicio",
            ),
            _f(
                "end_date",
                "date",
                "end date|expiry date|expiration date|vertragsende|ende|date de fin|fecha de fin|data di fine",
            ),
            _f(
                "value",
                "money",
                "contract value|fee|total fee|price|rent|vertragswert|vergütung|miete|montant|prix|loyer|valor|"
                "precio|canone",
            ),
            _f(
                "notice_period",
                "string",
                "notice period|notice|kündigungsfrist|préavis|plazo de preaviso|preavviso",
            ),
            _f(
                "governing_law",
                "string",
                "governing law|applicable law|anwendbares recht|droit applicable|ley aplicable|legge applicabile",
            ),
        ),
        ("end_date >= effective_date",),
    ),
    "product_sheet": Template(
        "Product sheet",
        (
            "product sheet",
            "data sheet",
            "datasheet",
            "specifications",
            "specification",
            "features",
            "produktblatt",
            "datenblatt",
            "technische daten",
            "fiche produit",
            "fiche technique",
            "caractéristiques",
            "ficha técnica",
            "scheda prodotto",
            "weight",
            "dimensions",
        ),
        (
            _f(
                "name",
                "string",
                "product|product name|name|model|produkt|produktname|modell|produit|nom|modèle|producto|nombre|"
                "prodotto|nome",
            ),
            _f(
                "sku",
                "string",
                "sku|item number|item no.|article number|art.-nr.|artikelnummer|référence|réf.|referencia|codice",
            ),
            _f(
                "price",
                "money",
                "price|retail price|rrp|msrp|list price|preis|uvp|verkaufspreis|prix|prix public|precio|pvp|prezzo",
            ),
            _f("weight", "string", "weight|net weight|gewicht|poids|peso"),
            _f("dimensions", "string", "dimensions|size|maße|abmessungen|größe|dimensioni|medidas"),
            _f("material", "string", "material|materials|werkstoff|matière|matériau|materiale"),
            _f("colour", "string", "colour|color|colours|colors|farbe|farben|couleur|colore"),
            _f("warranty", "string", "warranty|guarantee|garantie|garantía|garanzia"),
            _f(
                "availability",
                "date",
                "available from|availability|verfügbar ab|lieferbar ab|disponible le|disponible desde",
            ),
        ),
    ),
    "form": Template(
        "Form",
        (
            "form",
            "formular",
            "antrag",
            "formulaire",
            "formulario",
            "modulo",
            "applicant",
            "antragsteller",
            "signature",
            "unterschrift",
        ),
    ),
}
"""Name -> preset. `auto` is one of these, by the kind of the document."""


def preset(name: str) -> Template:
    return PRESETS[name]


def kinds() -> Sequence[str]:
    return tuple(PRESETS)

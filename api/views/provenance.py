"""Responses about the provenance of a file: whether its signature is valid, who signed it, and what it states."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from api.views.production import View
from workflows.provenance.records import Made, Statement
from workflows.runtime.redaction import make_printable

_AI: Final[dict[Made, str]] = {
    "yes": "AI-generated",
    "partly": "contains AI-generated content",
    "no": "no generative model made it",
}


class EarlierSignature(View):
    """A signature that the file had before, for example of its vendor."""

    generator: str
    signed_by: str


class Line(View):
    """One fact in plain words; several lines may have the same name."""

    name: str
    text: str


class ProvenanceView(View):
    """The C2PA manifest of a file."""

    state: Literal["valid", "invalid", "none"] = Field(
        description="none: the file has no signature; invalid: it was changed after it was signed, or the signature or "
        "its certificate is not valid"
    )
    checked: bool = Field(
        default=True,
        description="False where only the manifest was read: the file is large; download it to check it",
    )
    signed_by: str = Field(default="", description="The name in the certificate")
    self_made: bool = Field(
        default=False, description="A stack of Greenlight made the certificate itself: no authority confirms the name"
    )
    trusted: bool = Field(default=False, description="The certificate is on the trust list of C2PA")
    signed_at: datetime | None = Field(default=None, description="By a time-stamp authority, if there was one")
    generator: str = Field(default="", description="The program that signed it, with its version")
    source_types: tuple[str, ...] = Field(default=(), description="IPTC digital source types of its actions")
    statement: Statement | None = Field(default=None, description="What Greenlight states; null for other programs")
    earlier: tuple[EarlierSignature, ...] = ()
    problems: tuple[str, ...] = Field(default=(), description="Why the state is invalid or none")
    lines: tuple[Line, ...] = Field(default=(), description="The same for people; the first is the state")


def with_lines(found: ProvenanceView) -> ProvenanceView:
    """The same with its lines for people, which are safe to print: the file comes from outside."""
    lines = tuple(Line(name=name, text=make_printable(text).replace("\n", " ")) for name, text in _lines(found))
    return found.model_copy(update={"lines": lines})


def _lines(found: ProvenanceView) -> list[tuple[str, str]]:
    if found.state == "none":
        return [("Signature", "none: " + ("; ".join(found.problems) or "the file has no C2PA manifest"))]
    state = "valid" if found.checked else "read, not checked: the file is large, download it to check it"
    if found.state == "invalid":
        state = f"INVALID: {'; '.join(found.problems)}"
    lines = [("Signature", state), ("Signed by", _signer(found))]
    if found.signed_at:
        lines.append(("Signed at", f"{found.signed_at:%Y-%m-%d %H:%M} UTC"))
    lines.append(("Generator", found.generator or "unknown"))
    if known := found.statement:
        lines += _statement_lines(known)
    lines += [("Source type", each.rpartition("/")[2]) for each in found.source_types]
    lines += [("Signed before", f"{each.generator}, by {each.signed_by}") for each in found.earlier]
    return lines


def _signer(found: ProvenanceView) -> str:
    if found.trusted:
        return f"{found.signed_by} (on the trust list of C2PA)"
    if found.self_made:
        return found.signed_by
    return f"{found.signed_by or 'an unnamed certificate'} (not on the trust list of C2PA)"


def _statement_lines(known: Statement) -> list[tuple[str, str]]:
    lines = [
        ("File", f"{known.name}, of production {known.production_id}"),
        ("Content", _AI[known.ai_generated]),
        *(("Model", model) for model in known.models),
    ]
    if known.plan_digest:
        lines.append(("Plan", known.plan_digest))
    lines += [("Approved by", name) for name in known.approvers]
    lines += [("Edit", f"{edit.at:%Y-%m-%d %H:%M} {edit.by}: {edit.what}") for edit in known.edits]
    for each in known.ingredients:
        maker = "/".join(part for part in (each.provider, each.model) if part) or each.note
        lines.append(("Ingredient", f"{each.asset_id}, take {each.take}: {maker}, sha256 {each.sha256[:16]}…"))
    lines += [("Unsigned file", f"{name}, sha256 {sha256[:16]}…") for name, sha256 in known.others.items()]
    return lines

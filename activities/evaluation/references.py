"""The references of cases: pictures, videos and recordings with which metrics compare takes."""

import asyncio
from collections.abc import Iterable
from typing import Final

from activities.evaluation.prepare import refused
from activities.storage.bucket import Storage
from workflows import keys
from workflows.evaluation.cases import Case
from workflows.models import Modality
from workflows.references.kinds import ReferenceKind
from workflows.references.signatures import HEAD_BYTES, kind_by_head

AT_ONCE: Final = 20
_KINDS: Final = {
    Modality.IMAGE: ReferenceKind.PICTURE,
    Modality.VIDEO: ReferenceKind.VIDEO,
    Modality.AUDIO: ReferenceKind.SOUND,
}


async def check_references(storage: Storage, cases: Iterable[Case], tenant: str) -> None:
    """Check that each reference exists, and is of the kind of the takes.

    Raises:
        ApplicationError: type EVALUATION_REFUSED; the message names the line.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def problem(case: Case) -> str:
        async with turns:
            return await _problem(storage, case, tenant)

    named = [case for case in cases if case.expected.reference]
    for case, found in zip(named, await asyncio.gather(*map(problem, named)), strict=True):
        if found:
            raise refused("cases", f"line {case.line}: expected.reference: {found}")


async def _problem(storage: Storage, case: Case, tenant: str) -> str:
    """Why the reference of a case is of no use, with the remedy; empty if it is."""
    wanted = _KINDS.get(case.modality) if case.modality else None
    if wanted is None:
        return "a text is compared with `expected.text`; remove the reference"
    key = case.expected.reference.removeprefix(keys.STORED)
    head = await storage.head(key) if keys.may_read(key, tenant) else None
    if head is None:
        return f"there is no {case.expected.reference!r}; post the file to /api/v1/references and give its `source`"
    kind = await asyncio.to_thread(_kind, storage, key, head.bytes)
    if kind is wanted:
        return ""
    found = f"a {kind.value}" if kind else "of no known kind"
    return f"it is {found}, but takes of this case are compared with a {wanted.value}; give one"


def _kind(storage: Storage, key: str, size: int) -> ReferenceKind | None:
    with storage.open(key, size) as file:
        return kind_by_head(file.read(HEAD_BYTES))

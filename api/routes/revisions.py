"""The revisions of a deliverable, as the bucket and the record tell them.

The files of a revision are in a folder that is named by their content, its fileset. There are several where two
attempts finished the same revision with different bytes, or where the production was reset and finished again: the
record says which one is the revision. The manifest of a revision is next to its filesets.
"""

from collections.abc import Sequence
from urllib.parse import quote

from api.deps import Services
from api.storage import MANIFEST, Listed
from api.views.changes import RevisionFile, RevisionView
from api.views.production import production_path
from workflows import keys


async def revisions(parts: Services, production_id: str) -> tuple[RevisionView, ...]:
    """All revisions of a deliverable, the newest first, with the files that the bucket has of them.

    Raises:
        Problem: 503.
    """
    folder = keys.deliverables_prefix(production_id)
    found: dict[int, list[Listed]] = {}
    for each in await parts.vault.listed(folder):
        found.setdefault(int(each.key.removeprefix(folder).partition("/")[0]), []).append(each)
    return tuple([await _view(parts, production_id, number, found[number]) for number in sorted(found)[::-1]])


async def _view(parts: Services, production_id: str, revision: int, found: Sequence[Listed]) -> RevisionView:
    filesets = {fileset for each in found if (fileset := keys.fileset_of(each.key))}
    chosen = await _chosen(parts, production_id, revision, sorted(filesets))
    path, start = f"{production_path(production_id)}/deliverable", keys.deliverable_key(production_id, revision, "")
    files: dict[str, RevisionFile] = {}
    belonging = [each for each in found if keys.fileset_of(each.key) in ("", chosen)]
    for each in belonging:
        name = each.key.removeprefix(start)
        name = name.removeprefix(f"{chosen}/") if chosen else name
        files[name] = RevisionFile(name=name, bytes=each.bytes, url=f"{path}?revision={revision}&file={quote(name)}")
    # In the order of their names, as without filesets.
    ordered = tuple(files[name] for name in sorted(files))
    return RevisionView(revision=revision, stored_at=max(each.stored_at for each in belonging or found), files=ordered)


async def keys_of(parts: Services, production_id: str, revision: int, name: str) -> tuple[str, ...]:
    """The keys that a file of a revision may have, the more likely one first; there may be nothing at any of them.

    Raises:
        Problem: 503, or 404 where there is no such production.
    """
    beside = keys.deliverable_key(production_id, revision, name)
    if name == MANIFEST:
        return (beside,)
    folders = await parts.vault.folders(keys.deliverable_key(production_id, revision, ""))
    chosen = await _chosen(parts, production_id, revision, [each for each in folders if keys.is_fileset(each)])
    return (keys.fileset_key(production_id, revision, chosen, name), beside) if chosen else (beside,)


async def _chosen(parts: Services, production_id: str, revision: int, filesets: Sequence[str]) -> str:
    """Which fileset is the revision; empty where there is none.

    Of several, the one that the production's record names, then the one of the revision's manifest. A revision that
    neither names was never delivered: the newest fileset stands for it.
    """
    if len(filesets) < 2:
        return filesets[0] if filesets else ""
    snapshot = await parts.gateway.snapshot(production_id)
    for record in (snapshot, await parts.vault.manifest(production_id, revision)):
        made = record.deliverable if record else None
        if made and made.revision == revision and made.files:
            return keys.fileset_of(made.files[0].media.key)
    folder = keys.deliverable_key(production_id, revision, "")
    stored = [each for each in await parts.vault.listed(folder) if keys.fileset_of(each.key)]
    return keys.fileset_of(max(stored, key=lambda each: each.stored_at).key)

"""The revisions of a deliverable, from the bucket and the production's record.

The files of a revision are in a folder that is named by their content, its fileset. There are several where two
attempts finished the same revision with different bytes, or where the production was reset and finished again: the
record names the right one. The manifest of a revision is next to its filesets.
"""

from collections.abc import Sequence
from urllib.parse import quote

from api.deps import Services
from api.storage import MANIFEST, Listed
from api.views.changes import RevisionFile, RevisionView
from api.views.production import production_path
from workflows import keys


async def revisions(services: Services, production_id: str) -> tuple[RevisionView, ...]:
    """All revisions of a deliverable, the newest first, with their files in the bucket.

    Raises:
        Problem: 503.
    """
    folder = keys.deliverables_prefix(production_id)
    found: dict[int, list[Listed]] = {}
    for each in await services.vault.listed(folder):
        found.setdefault(int(each.key.removeprefix(folder).partition("/")[0]), []).append(each)
    return tuple([await _view(services, production_id, number, found[number]) for number in sorted(found)[::-1]])


async def _view(services: Services, production_id: str, revision: int, found: Sequence[Listed]) -> RevisionView:
    filesets = {fileset for each in found if (fileset := keys.fileset_of(each.key))}
    chosen = await _chosen(services, production_id, revision, sorted(filesets))
    path, start = f"{production_path(production_id)}/deliverable", keys.deliverable_key(production_id, revision, "")
    files: dict[str, RevisionFile] = {}
    belonging = [each for each in found if keys.fileset_of(each.key) in ("", chosen)]
    for each in belonging:
        name = each.key.removeprefix(start)
        name = name.removeprefix(f"{chosen}/") if chosen else name
        files[name] = RevisionFile(name=name, bytes=each.bytes, url=f"{path}?revision={revision}&file={quote(name)}")
    ordered = tuple(files[name] for name in sorted(files))
    return RevisionView(revision=revision, stored_at=max(each.stored_at for each in belonging or found), files=ordered)


async def keys_of(services: Services, production_id: str, revision: int, name: str) -> tuple[str, ...]:
    """The possible keys of a file of a revision, the more likely one first; none of them needs to exist.

    Raises:
        Problem: 503, or 404 where there is no such production.
    """
    direct = keys.deliverable_key(production_id, revision, name)
    if name == MANIFEST:
        return (direct,)
    folders = await services.vault.folders(keys.deliverable_key(production_id, revision, ""))
    chosen = await _chosen(services, production_id, revision, [each for each in folders if keys.is_fileset(each)])
    return (keys.fileset_key(production_id, revision, chosen, name), direct) if chosen else (direct,)


async def _chosen(services: Services, production_id: str, revision: int, filesets: Sequence[str]) -> str:
    """The fileset of the revision; empty where there is none.

    Of several, it is the one that the production's record names, otherwise the one of the revision's manifest. A
    revision that neither names was never delivered: its newest fileset is used.
    """
    if len(filesets) < 2:
        return filesets[0] if filesets else ""
    snapshot = await services.reader.snapshot(production_id)
    for record in (snapshot, await services.vault.manifest(production_id, revision)):
        made = record.deliverable if record else None
        if made and made.revision == revision and made.files:
            return keys.fileset_of(made.files[0].media.key)
    folder = keys.deliverable_key(production_id, revision, "")
    stored = [each for each in await services.vault.listed(folder) if keys.fileset_of(each.key)]
    return keys.fileset_of(max(stored, key=lambda each: each.stored_at).key)

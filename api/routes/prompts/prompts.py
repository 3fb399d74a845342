"""Routes of Greenlight's own prompts: their versions, and which of them the productions of a tenant use."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from api.auth.caller import Caller
from api.deps import CurrentCaller, Services, ServicesDep
from api.problems import Problem, documented
from api.routes.prompts.stored import StoredPrompts
from api.views.production import PREFIX
from api.views.prompts.versions import (
    PromptList,
    PromptView,
    RollbackBody,
    UseBody,
    VersionBody,
    VersionSummary,
    VersionView,
)
from workflows import keys
from workflows.models import Slug
from workflows.prompts.built_in import BUILT_IN, MEANINGS
from workflows.prompts.records import Choices, PromptVersion
from workflows.prompts.uses import BUILT_IN_VERSION, NAMES, PromptName

router = APIRouter(prefix=f"{PREFIX}/prompts", tags=["prompts"], responses=documented(403, 422, 503))

Tenant = Annotated[Slug, Query(description="Of an API without keys; a key has its own tenant")]
Number = Annotated[int, Path(ge=0, description="0 is the built-in version", examples=[0])]
_UNKNOWN: Final = documented(404)


@router.get("")
async def list_prompts(services: ServicesDep, caller: CurrentCaller, tenant: Tenant = "default") -> PromptList:
    """Greenlight's own prompts, their versions, and which one new productions of the tenant use."""
    stored = _stored(services, caller, tenant)
    choices = await stored.choices()
    found = [_view(name, choices, await stored.versions(name)) for name in NAMES]
    return PromptList(prompts=tuple(found))


@router.get("/{name}")
async def get_prompt(
    services: ServicesDep, caller: CurrentCaller, name: PromptName, tenant: Tenant = "default"
) -> PromptView:
    """One prompt with its versions."""
    stored = _stored(services, caller, tenant)
    return _view(name, await stored.choices(), await stored.versions(name))


@router.get("/{name}/versions/{version}", responses=_UNKNOWN)
async def get_version(
    services: ServicesDep, caller: CurrentCaller, name: PromptName, version: Number, tenant: Tenant = "default"
) -> VersionView:
    """The text of a version."""
    stored = _stored(services, caller, tenant)
    found = await _found(stored, name, version)
    return _version_view(name, found, await stored.choices())


@router.post("/{name}/versions", status_code=201)
async def add_version(services: ServicesDep, caller: CurrentCaller, name: PromptName, body: VersionBody) -> VersionView:
    """Store a text as a new version. It is not used before a person chooses it."""
    body = caller.sign(body)
    stored = _stored(services, caller, body.tenant)
    made = await stored.add(name, body)
    return _version_view(name, made, await stored.choices())


@router.post("/{name}/use", responses=_UNKNOWN)
async def use_version(services: ServicesDep, caller: CurrentCaller, name: PromptName, body: UseBody) -> PromptView:
    """Use a version in productions that start from now on; those that have begun keep theirs."""
    body = caller.sign(body)
    stored = _stored(services, caller, body.tenant)
    await _found(stored, name, body.version)
    choices = await stored.choose(name, body.version, body.requester)
    return _view(name, choices, await stored.versions(name))


@router.post("/{name}/rollback", responses=documented(409))
async def roll_back(services: ServicesDep, caller: CurrentCaller, name: PromptName, body: RollbackBody) -> PromptView:
    """Use the version that was in use before; again, the one before that."""
    stored = _stored(services, caller, body.tenant)
    choices = await stored.roll_back(name)
    return _view(name, choices, await stored.versions(name))


def _stored(services: Services, caller: Caller, tenant: str) -> StoredPrompts:
    return StoredPrompts(services.vault, caller.resolve_tenant(tenant) or keys.DEFAULT_TENANT)


async def _found(stored: StoredPrompts, name: PromptName, version: int) -> PromptVersion | None:
    """The version; None for the built-in one.

    Raises:
        Problem: 404; it is missing, or cannot be read.
    """
    if version == BUILT_IN_VERSION:
        return None
    found = await stored.version(name, version)
    if found is None:
        detail = f"There is no readable version {version} of {name!r}; GET {PREFIX}/prompts/{name} lists them."
        raise Problem(404, "unknown-version", detail)
    return found


def _view(name: PromptName, choices: Choices, versions: Mapping[int, PromptVersion | None]) -> PromptView:
    chosen = choices.chosen.get(name, ())
    in_use = choices.version_of(name)
    known = {**versions, in_use: versions.get(in_use)} if in_use else versions
    summaries = [_summary(number, found, in_use) for number, found in sorted(known.items(), reverse=True)]
    before = chosen[-2].version if len(chosen) > 1 else BUILT_IN_VERSION
    return PromptView(
        name=name,
        meaning=MEANINGS[name],
        version=in_use,
        chosen_by=chosen[-1].by if chosen else "",
        chosen_at=chosen[-1].at if chosen else None,
        before=before if chosen else None,
        versions=(*summaries, VersionSummary(version=BUILT_IN_VERSION, in_use=in_use == BUILT_IN_VERSION)),
    )


def _summary(number: int, found: PromptVersion | None, in_use: int) -> VersionSummary:
    if found is None:
        reason = "its object in the bucket is missing or damaged; restore it, or use another version"
        return VersionSummary(version=number, in_use=number == in_use, unreadable=reason)
    return VersionSummary(
        version=number,
        in_use=number == in_use,
        note=found.note,
        author=found.author,
        created_at=found.created_at,
        optimisation_id=found.optimisation_id,
        gain=found.gain,
    )


def _version_view(name: PromptName, found: PromptVersion | None, choices: Choices) -> VersionView:
    in_use = choices.version_of(name)
    if found is None:
        used = in_use == BUILT_IN_VERSION
        return VersionView(version=BUILT_IN_VERSION, in_use=used, name=name, text=BUILT_IN[name])
    summary = _summary(found.version, found, in_use)
    return VersionView(**summary.model_dump(), name=name, text=found.text)

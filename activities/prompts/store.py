"""Which versions of Greenlight's own prompts a production uses: read once, and kept with the production.

A version that is missing or cannot be read is no reason to stop: the built-in one is used, and the plan warns of it.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from activities.catalogue.offers import Offer
from activities.providers.protocol import Provider
from activities.providers.selection import rank_offers
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from workflows.models import Modality, Plan
from workflows.prompts import keys as prompts_keys
from workflows.prompts.built_in import BUILT_IN
from workflows.prompts.records import Choices, PromptVersion
from workflows.prompts.uses import BUILT_IN_VERSION, NAMES, ProductionPrompts, PromptName

BUILT_IN_PROMPTS: Final = ProductionPrompts.of(BUILT_IN, {}, ())


async def production_prompts(storage: Storage, production_id: str, tenant: str) -> ProductionPrompts:
    """What the production uses: the tenant's choice at the first call, whatever the tenant chooses later.

    Raises:
        StorageFailed: try again.
    """
    key = prompts_keys.production_prompts(production_id)
    if found := await storage.get_bytes(key):
        return _read_record(key, found[0])
    chosen = await chosen_prompts(storage, tenant)
    content = chosen.model_dump_json(indent=1).encode()
    try:
        await storage.put_unpaid(key, content, "application/json", only_if_absent=True)
    except StorageConflict:  # another activity of the production was first
        found = await storage.get_bytes(key)
        return _read_record(key, found[0]) if found else chosen
    return chosen


async def prompts_where_used(
    storage: Storage, providers: Mapping[str, Provider], production_id: str, tenant: str
) -> ProductionPrompts | None:
    """`production_prompts`; None where no language model is enabled, so that no prompt is used."""
    return await production_prompts(storage, production_id, tenant) if language_models(providers) else None


def language_models(providers: Mapping[str, Provider]) -> list[Offer]:
    """The enabled models that answer by a schema."""
    return [o for o in rank_offers(Modality.TEXT, providers, datetime.now(UTC).date()) if o.schema]


def with_prompts(plan: Plan, used: ProductionPrompts | None) -> Plan:
    """The plan with the versions that its production uses, and a warning of each that could not be used."""
    if used is None:
        return plan
    warnings = dict.fromkeys((*plan.warnings, *used.warnings))
    return plan.model_copy(update={"prompts": used.uses, "warnings": tuple(warnings)})


async def chosen_prompts(storage: Storage, tenant: str) -> ProductionPrompts:
    """The versions that the tenant has in use, with warnings about those that cannot be used.

    Raises:
        StorageFailed: try again.
    """
    key = prompts_keys.chosen_prompts(tenant)
    found = await storage.get_bytes(key)
    if found is None:
        return BUILT_IN_PROMPTS
    try:
        choices = Choices.model_validate_json(found[0])
    except ValidationError:
        return ProductionPrompts.of(BUILT_IN, {}, [f"prompts: {key} cannot be read, so all are the built-in ones"])
    read = await asyncio.gather(*(_chosen(storage, tenant, n, choices.version_of(n)) for n in NAMES))
    texts = {n: text for n, (_, text, _) in zip(NAMES, read, strict=True)}
    versions = {n: version for n, (version, _, _) in zip(NAMES, read, strict=True)}
    return ProductionPrompts.of(texts, versions, filter(None, (warning for _, _, warning in read)))


async def _chosen(storage: Storage, tenant: str, name: PromptName, version: int) -> tuple[int, str, str]:
    """The version that is used, its text, and a warning if it is not the chosen one."""
    if version == BUILT_IN_VERSION:
        return BUILT_IN_VERSION, BUILT_IN[name], ""
    try:
        return version, (await read_version(storage, tenant, name, version)).text, ""
    except UnreadableVersion as problem:
        return BUILT_IN_VERSION, BUILT_IN[name], f"prompts: {problem}; the built-in one is used"


class UnreadableVersion(Exception):
    """A version is missing or damaged; the message names it and its object."""


async def read_version(storage: Storage, tenant: str, name: PromptName, version: int) -> PromptVersion:
    """
    Raises:
        UnreadableVersion: there is no such version, or it cannot be read.
        StorageFailed: try again.
    """
    key = prompts_keys.prompt_version(tenant, name, version)
    found = await storage.get_bytes(key)
    if found is None:
        raise UnreadableVersion(f"version {version} of {name} is missing in the bucket ({key})")
    try:
        read = PromptVersion.model_validate_json(found[0])
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise UnreadableVersion(f"version {version} of {name} cannot be read ({key}: {reason})") from None
    if (read.name, read.version) != (name, version):
        raise UnreadableVersion(f"version {version} of {name} cannot be read ({key}: it is another version)")
    return read


async def add_version(storage: Storage, tenant: str, version: PromptVersion) -> PromptVersion:
    """Store the result of an optimisation under the next free number; a repetition returns that of the first.

    Raises:
        StorageFailed: try again.
    """
    prefix = prompts_keys.prompt_versions(tenant, version.name)
    number = version.version
    for key in await storage.list_keys(prefix):
        found = await storage.get_bytes(key)
        stored = _parsed(found[0]) if found else None
        if stored and stored.optimisation_id == version.optimisation_id:
            return stored
        number = max(number, _number(key) + 1)
    while True:
        numbered = version.model_copy(update={"version": number})
        data = numbered.model_dump_json(indent=1).encode()
        key = prompts_keys.prompt_version(tenant, version.name, number)
        try:
            await storage.put_unpaid(key, data, "application/json", only_if_absent=True)
        except StorageConflict:  # a person added one at the same time, or an earlier attempt stored it
            found = await storage.get_bytes(key)
            stored = _parsed(found[0]) if found else None
            if stored and stored.optimisation_id == version.optimisation_id:
                return stored
            number += 1
        else:
            return numbered


def _number(key: str) -> int:
    name = key.rpartition("/")[2].removesuffix(".json")
    return int(name) if name.isdecimal() else 0


def _parsed(content: bytes) -> PromptVersion | None:
    try:
        return PromptVersion.model_validate_json(content)
    except ValidationError:
        return None


def _read_record(key: str, content: bytes) -> ProductionPrompts:
    try:
        return ProductionPrompts.model_validate_json(content)
    except ValidationError:
        return ProductionPrompts.of(BUILT_IN, {}, [f"prompts: {key} cannot be read, so all are the built-in ones"])

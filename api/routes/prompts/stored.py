"""The versions of prompts in the bucket, and the choice of a tenant among them, with conditional writes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from api import problems
from api.problems import Problem
from api.storage import Vault, parse_record
from api.views.prompts.versions import VersionBody
from workflows.prompts import keys as prompts_keys
from workflows.prompts.records import Choice, Choices, PromptVersion
from workflows.prompts.uses import PromptName

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READS_AT_ONCE: Final = 16
WRITES: Final = 20
"""Attempts to replace the choices while others change them."""
_CONFLICT: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class StoredPrompts:
    """The prompts of one tenant."""

    def __init__(self, vault: Vault, tenant: str) -> None:
        self._vault = vault
        self._tenant = tenant

    async def choices(self) -> Choices:
        """
        Raises:
            Problem: 503; the object is damaged, or the storage cannot be reached.
        """
        return (await self._versioned())[0]

    async def versions(self, name: PromptName) -> dict[int, PromptVersion | None]:
        """Number -> version, the newest first; None where it cannot be read."""
        prefix = prompts_keys.prompt_versions(self._tenant, name)
        listed = [each.key for each in await self._vault.listed(prefix)]
        numbers = sorted((n for n in map(_number, listed) if n), reverse=True)
        turns = asyncio.Semaphore(READS_AT_ONCE)

        async def read(number: int) -> PromptVersion | None:
            async with turns:
                return await self.version(name, number)

        found = await asyncio.gather(*map(read, numbers))
        return dict(zip(numbers, found, strict=True))

    async def version(self, name: PromptName, number: int) -> PromptVersion | None:
        """The version; None where it is missing or cannot be read."""
        content = await self._vault.content(prompts_keys.prompt_version(self._tenant, name, number))
        try:
            return PromptVersion.model_validate_json(content) if content else None
        except ValidationError:
            return None

    async def add(self, name: PromptName, body: VersionBody) -> PromptVersion:
        """Store a text under the next number. The newest version with the same text is returned as it is."""
        known = await self.versions(name)
        newest = next(iter(known.values()), None)
        if newest and newest.text == body.text:
            return newest
        number = max(known, default=0) + 1
        while True:
            made = PromptVersion(
                name=name,
                version=number,
                text=body.text,
                note=body.note,
                author=body.requester,
                created_at=datetime.now(UTC).replace(microsecond=0),
            )
            key = prompts_keys.prompt_version(self._tenant, name, number)
            if await self._put(key, made.model_dump_json(indent=1).encode(), {"IfNoneMatch": "*"}):
                return made
            number += 1

    async def choose(self, name: PromptName, version: int, by: str) -> Choices:
        choice = Choice(version=version, by=by, at=datetime.now(UTC).replace(microsecond=0))
        return await self._change(lambda choices: choices.with_choice(name, choice))

    async def roll_back(self, name: PromptName) -> Choices:
        """
        Raises:
            Problem: 409; no other version was in use before.
        """

        def change(choices: Choices) -> Choices:
            found = choices.rolled_back(name)
            if found is None:
                message = "the built-in version is in use, and no other one was before"
                remedy = f"choose a version: greenlight prompts use {name} VERSION"
                raise Problem.of_field("name", message, remedy, status=409, kind="nothing-before")
            return found

        return await self._change(change)

    async def _change(self, change: Callable[[Choices], Choices]) -> Choices:
        key = prompts_keys.chosen_prompts(self._tenant)
        for _ in range(WRITES):
            choices, etag = await self._versioned()
            changed = change(choices)
            if changed is choices:
                return choices
            condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            if await self._put(key, changed.model_dump_json(indent=1).encode(), condition):
                return changed
        raise problems.unavailable("too-many-changes", "Others change the prompts at the same time; try again.")

    async def _versioned(self) -> tuple[Choices, str]:
        """The choices, and the ETag of their object; "" where there is none."""
        key = prompts_keys.chosen_prompts(self._tenant)
        found = await self._vault.find(key)
        if found is None:
            return Choices(), ""
        content = await self._vault.read(found["Body"], -1)
        return parse_record(Choices, key, content), found["ETag"]

    async def _put(self, key: str, content: bytes, condition: Any) -> bool:
        """Whether the object was written; False where its condition is not met."""

        def write(client: "S3Client", bucket: str) -> bool:
            from botocore.exceptions import ClientError

            at: Any = {"Bucket": bucket, "Key": key, "Body": content, "ContentType": "application/json"}
            try:
                client.put_object(**at, **condition)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code in _CONFLICT:
                    return False
                if code != "NotImplemented":
                    raise
                client.put_object(**at)  # a store without conditional writes: of two at once the later one wins
            return True

        return await self._vault.call(write)


def _number(key: str) -> int:
    name = key.rpartition("/")[2].removesuffix(".json")
    return int(name) if name.isdecimal() else 0

# Translated from api/client/prompts.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's endpoints of Greenlight's own prompts."""

from api.client.aio.transport import Transport, query
from api.views.prompts.versions import PromptList, PromptView, RollbackBody, UseBody, VersionBody, VersionView
from workflows.prompts.uses import PromptName


class PromptEndpoints(Transport):
    """Greenlight's own prompts: their versions, and which of them productions use."""

    async def prompts(self, *, tenant: str = "default") -> tuple[PromptView, ...]:
        """All prompts with their versions."""
        found = await self._request("GET", "/prompts", PromptList, params=query(tenant=tenant))
        return found.prompts

    async def prompt(self, name: PromptName, *, tenant: str = "default") -> PromptView:
        """One prompt with its versions."""
        return await self._request("GET", f"/prompts/{name}", PromptView, params=query(tenant=tenant))

    async def prompt_version(self, name: PromptName, version: int, *, tenant: str = "default") -> VersionView:
        """The text of a version; 0 is the built-in one."""
        path = f"/prompts/{name}/versions/{version}"
        return await self._request("GET", path, VersionView, params=query(tenant=tenant))

    async def add_prompt_version(self, name: PromptName, body: VersionBody) -> VersionView:
        """Store a text as a new version, which is not used yet."""
        return await self._request("POST", f"/prompts/{name}/versions", VersionView, body=body)

    async def use_prompt(self, name: PromptName, body: UseBody) -> PromptView:
        """Use a version in productions that start from now on."""
        return await self._request("POST", f"/prompts/{name}/use", PromptView, body=body)

    async def roll_back_prompt(self, name: PromptName, body: RollbackBody) -> PromptView:
        """Use the version that was in use before."""
        return await self._request("POST", f"/prompts/{name}/rollback", PromptView, body=body)

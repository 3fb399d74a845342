"""The client's endpoints of Greenlight's own prompts."""

from api.client.transport import Transport, query
from api.views.prompts.versions import PromptList, PromptView, RollbackBody, UseBody, VersionBody, VersionView
from workflows.prompts.uses import PromptName


class PromptEndpoints(Transport):
    """Greenlight's own prompts: their versions, and which of them productions use."""

    def prompts(self, *, tenant: str = "default") -> tuple[PromptView, ...]:
        """All prompts with their versions."""
        found = self._request("GET", "/prompts", PromptList, params=query(tenant=tenant))
        return found.prompts

    def prompt(self, name: PromptName, *, tenant: str = "default") -> PromptView:
        """One prompt with its versions."""
        return self._request("GET", f"/prompts/{name}", PromptView, params=query(tenant=tenant))

    def prompt_version(self, name: PromptName, version: int, *, tenant: str = "default") -> VersionView:
        """The text of a version; 0 is the built-in one."""
        path = f"/prompts/{name}/versions/{version}"
        return self._request("GET", path, VersionView, params=query(tenant=tenant))

    def add_prompt_version(self, name: PromptName, body: VersionBody) -> VersionView:
        """Store a text as a new version, which is not used yet."""
        return self._request("POST", f"/prompts/{name}/versions", VersionView, body=body)

    def use_prompt(self, name: PromptName, body: UseBody) -> PromptView:
        """Use a version in productions that start from now on."""
        return self._request("POST", f"/prompts/{name}/use", PromptView, body=body)

    def roll_back_prompt(self, name: PromptName, body: RollbackBody) -> PromptView:
        """Use the version that was in use before."""
        return self._request("POST", f"/prompts/{name}/rollback", PromptView, body=body)

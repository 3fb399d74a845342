"""The object keys of Greenlight's own prompts; `workflows.keys` lists them."""

from workflows.keys import production_prefix


def prompt_versions(tenant: str, name: str) -> str:
    """The prefix of the versions of one of Greenlight's own prompts."""
    return f"prompts/{tenant}/{name}/"


def prompt_version(tenant: str, name: str, version: int) -> str:
    return f"{prompt_versions(tenant, name)}{version:04}.json"


def chosen_prompts(tenant: str) -> str:
    """The key of the versions that a tenant has in use."""
    return f"prompts/{tenant}/chosen.json"


def production_prompts(production_id: str) -> str:
    return f"{production_prefix(production_id)}/prompts.json"

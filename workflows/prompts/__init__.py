"""The prompts of Greenlight itself, as named versions that a tenant can choose."""

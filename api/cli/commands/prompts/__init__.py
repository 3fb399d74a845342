"""The commands of Greenlight's own prompts and of their optimisation."""

"""What is derived from a plan: its script, its differences and its event, and the finals of a draft. Pure."""

"""The prompts of Greenlight itself in the bucket."""

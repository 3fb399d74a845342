"""Routes of Greenlight's own prompts."""

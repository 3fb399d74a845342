"""Calls to Temporal about Greenlight's own prompts."""

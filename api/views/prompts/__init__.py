"""Requests and responses of Greenlight's own prompts."""

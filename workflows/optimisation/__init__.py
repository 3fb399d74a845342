"""Optimisation of Greenlight's own prompts over cases, under one cap."""

"""Calls to Temporal about evaluations of models, and about searches of better prompts."""

"""Analyses of references."""

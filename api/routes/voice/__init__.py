"""Briefs by voice."""

"""Interviews by voice."""

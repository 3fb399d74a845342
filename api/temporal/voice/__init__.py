"""Calls to Temporal about interviews by voice."""

"""Wiring only: settings -> client -> providers -> workers."""

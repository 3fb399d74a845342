"""Runs Greenlight: the embedded stack of `make up`, and the demo."""

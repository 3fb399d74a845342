"""Streams of events as their callers read them."""

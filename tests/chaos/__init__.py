"""Chaos trials: productions with billing vendors on a real stack, killed processes, and an audit of the result."""

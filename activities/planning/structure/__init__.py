"""Reads the structure of a brief by rule: its shots, lines, on-screen text and sounds, in thirty languages."""

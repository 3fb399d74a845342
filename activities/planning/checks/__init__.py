"""Checks of a plan before its approval, which warn people."""

"""Tests of what planners get of the references."""

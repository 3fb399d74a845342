"""Tests of briefs by voice on the page."""

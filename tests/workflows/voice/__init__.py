"""Tests of briefs by voice."""

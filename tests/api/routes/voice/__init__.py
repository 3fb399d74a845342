"""Tests of the routes of briefs by voice."""

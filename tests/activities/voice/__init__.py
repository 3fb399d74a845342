"""Tests of the activities of interviews by voice."""

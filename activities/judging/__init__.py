"""Verdicts about takes: which model judges, what it gets, what its answer means, and what it may cost."""

"""Versions of the workers: which builds there are, which one new productions use, and who still holds which."""

"""Uploads of references in parts, and what was read in the references of a production."""

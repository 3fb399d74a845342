"""Illustrated texts: composed from the parts of a response, and stored with their pictures next to them."""

"""Texts with pictures in one response, from the request to the stored take."""

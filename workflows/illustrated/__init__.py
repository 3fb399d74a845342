"""Texts with pictures that a model writes in one response: their stored pictures, and what a plan says of them."""

"""The money of requests to language models."""

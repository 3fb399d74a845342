"""Checks that a language model's plan keeps what its brief lists itself."""

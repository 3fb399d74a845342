"""Fuzzing: requests that the OpenAPI description allows, and many that it does not; see `__main__`."""

"""Every request that the API's description allows, and many that it does not; see `__main__`."""

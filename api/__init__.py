"""The thin HTTP surface, its progress relay, the Python client and the command line."""

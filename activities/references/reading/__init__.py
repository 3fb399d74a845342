"""Reads untrusted files: the modules here run in a child process with limits of memory and time (`child`).

`sandbox` starts the child, and is the only module that the worker itself imports.
"""

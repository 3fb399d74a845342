"""Trials of several hosts: each process of a stack in a network namespace of its own, on one Linux machine."""

"""Notices a worker that has silently stopped polling one of its task queues, and lets the process end for a new one."""

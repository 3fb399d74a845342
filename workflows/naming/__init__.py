"""The names that events, pending decisions and callers share. Pure data."""

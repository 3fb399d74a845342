"""The references of a brief: what they may be, what they are for, and what was read in them. Pure data."""

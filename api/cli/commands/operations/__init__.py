"""Commands of whoever runs Greenlight: keys, checks of a stack, and Temporal's own command."""

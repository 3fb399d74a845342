"""Commands of operators: keys, checks of a stack, and Temporal's own command."""

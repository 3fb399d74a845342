"""Reviews of takes by judges, and what follows from them. Pure."""

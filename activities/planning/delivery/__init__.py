"""How the narrations of a film are said: written with the plan, and changed by feedback on it."""

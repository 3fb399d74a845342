"""Methods that search a better prompt."""

"""The page as people use it."""

"""Claims, one sentence each."""

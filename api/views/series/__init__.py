"""Series as their callers send and read them."""

"""Films that are ordered in sentences, without labels or a list."""

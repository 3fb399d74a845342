"""Words of all languages as parts of regular expressions, one table a meaning."""

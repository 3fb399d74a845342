"""`make bench`: ratios to floors that are measured in the same run, on the same servers."""

"""Everything with a side effect: planning, producing, storing, finishing."""

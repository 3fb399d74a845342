"""Takes of other productions of the tenant that are copied instead of paid."""

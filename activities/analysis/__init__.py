"""Analyses of references: what this machine reads free of charge, and what a model adds, through the ledger."""

"""Paid questions to language models: within their limits, and through the ledger."""

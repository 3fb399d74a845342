"""Extraction of fields from documents: by their labels and tables on this machine, or by models through the ledger."""

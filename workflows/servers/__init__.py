"""Facts about the servers that the API and the workers use, and the remedies of their problems. Pure."""

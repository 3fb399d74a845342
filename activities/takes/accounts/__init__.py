"""Accounts in the bucket: what may be spent together, by whichever worker."""

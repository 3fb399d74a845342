"""The further versions of a film: their sound, the check of each file, and the overview that the page draws."""

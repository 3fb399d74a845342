"""The languages of a film: its version in each of them."""

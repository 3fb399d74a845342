"""The review of takes by judge models: what a brief requests, what a plan offers, and what a judge found. Pure data."""

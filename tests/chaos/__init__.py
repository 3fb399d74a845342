"""Chaos: productions at vendors that bill, on a real stack whose processes are killed, and an audit of what is left."""

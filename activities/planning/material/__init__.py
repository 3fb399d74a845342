"""What the references say, as planners get it: the parts that were read, and the facts in them."""

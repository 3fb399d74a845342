"""Where a film is published: the limits of common destinations, and the check of a cut against them."""

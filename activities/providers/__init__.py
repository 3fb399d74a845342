"""One file a vendor behind one small protocol (see `base`), listed in `registry`."""

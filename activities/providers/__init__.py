"""One file or package for each vendor, behind one small protocol (`protocol`) and listed in `registry`."""

"""Vendors on loopback: real HTTP servers that the unmodified SDKs talk to, which count and bill every submission."""

"""Vendors on loopback: real HTTP servers for the unmodified SDKs, which count and bill every submission."""

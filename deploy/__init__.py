"""How Greenlight is run: the embedded stack of `make up` and the demo."""

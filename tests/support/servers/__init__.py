"""Servers that tests run: receivers of webhooks and telemetry, and certificates for them."""

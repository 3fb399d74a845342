"""Posts to webhooks."""

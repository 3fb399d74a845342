"""Routes of deliveries to webhooks."""

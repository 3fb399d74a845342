"""The deterministic code: models, contracts, policies, state and the workflows."""

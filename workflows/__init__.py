"""What must be deterministic: models, contracts, policies, state and the production workflow."""

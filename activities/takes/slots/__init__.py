"""The worker's part of in-flight limits: no submission without a slot, and a check of slots that are not released."""

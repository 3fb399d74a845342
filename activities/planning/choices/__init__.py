"""What a plan chooses among the models: lengths of shots, and cheaper models for a draft."""

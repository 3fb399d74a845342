"""Turns briefs into priced plans: by rule, or by language models whose answers are checked."""

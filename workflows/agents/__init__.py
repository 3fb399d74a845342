"""Agents: programs that plan by themselves, and spend only what a person granted them."""

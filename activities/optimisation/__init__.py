"""The activities of optimisations of prompts."""

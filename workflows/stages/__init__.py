"""The stages of a production in which language models work, and the models that a brief names for them."""

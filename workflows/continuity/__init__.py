"""How shots follow from each other and from their narration. Pure."""

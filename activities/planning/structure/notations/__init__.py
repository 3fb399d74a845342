"""The notations in which people write briefs, each read as the one that the parsers know."""

"""Further languages of a film: their voices, and translations that are held to the original."""

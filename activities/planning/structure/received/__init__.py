"""Texts as they arrive: notes to colleagues around a brief, dictated sentences, columns that spaces divide."""

"""Series: a batch whose productions share one plan, one approval and one budget."""

"""What is spoken in a film."""

"""What a brief says about the finished film: its formats, its cards and legal lines, and own footage or no picture."""

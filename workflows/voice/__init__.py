"""A brief that is spoken: a recorded memo is transcribed, and its words become the fields of a brief."""

"""How a line of speech is said: the words for it in several languages, and what they mean for a voice."""

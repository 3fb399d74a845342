"""The picture of a film: frames of any source, transitions, titles and captions in it, encoded in segments."""

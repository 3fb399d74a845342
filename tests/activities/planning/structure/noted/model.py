"""What a brief asks for: the rows of the tests are in the other modules of this folder."""

from typing import NamedTuple


class Noted(NamedTuple):
    """What is said over each shot, each text with the number of its shot (0: the end card), and the times if given."""

    language: str
    length: float
    said: tuple[str, ...]
    shown: tuple[tuple[str, int], ...]
    seconds: tuple[float, ...] = ()

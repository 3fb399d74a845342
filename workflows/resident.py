"""What a process loads once and keeps."""

import gc


def settle() -> None:
    """Have the garbage collector pass over everything that is loaded by now.

    A full collection stops all threads while it goes through all objects: 60 ms for what a worker imports, 250 ms with
    the SDKs of all vendors (measured), and for nothing, because none of that ever goes away. Nor does what is under way
    at that moment, where it later refers to itself: call it at the start, and after something large was loaded.
    """
    gc.collect()
    gc.freeze()

"""The garbage collector of long-running processes. The module is in `workflows`, which the API and the worker share."""

import gc


def freeze_gc() -> None:
    """Exclude all objects that exist now from garbage collection; call it once all modules are loaded.

    A full collection stops all threads while it visits every object: 60 ms for a worker's imports (measured), and it
    frees none of them, because they live as long as the process.
    """
    gc.collect()
    gc.freeze()

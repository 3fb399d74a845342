"""`python -m tests.support.servers.small_worker`: the product's worker, whose pictures have a quarter of the width.

The steps, their memory and their number are those of a film in full size; only the pixels are fewer.
"""

from activities.providers.previz.storyboard import SIZES

MODULE = "tests.support.servers.small_worker"

if __name__ == "__main__":
    SIZES.update({aspect: (width // 8 * 2, height // 8 * 2) for aspect, (width, height) in SIZES.items()})
    from worker.__main__ import main

    main()

"""Runs a command that the kernel kills when its parent is gone, however the parent ended (Linux).

    python -I -S deploy/leash.py PARENT_PID COMMAND [ARGUMENT …]

Becomes the command: the process id stays. Elsewhere it only runs the command.
"""

import os
import signal
import sys


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes

        PR_SET_PDEATHSIG = 1  # noqa: N806 - its name in prctl(2)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            sys.exit("the parent ended before its child began")
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()

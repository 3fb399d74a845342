"""Runs a command that the kernel kills when its parent has ended, for any reason (Linux).

    python -I -S deploy/die_with_parent.py PARENT_PID COMMAND [ARGUMENT …]

This process becomes the command and keeps its process id. On other systems it only runs the command.
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
            sys.exit("the parent ended before its child started")
    os.execv(command[0], command)  # noqa: S606 - without a shell, so that the process id stays


if __name__ == "__main__":
    main()

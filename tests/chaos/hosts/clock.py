"""Clocks that are off: a library that shifts `clock_gettime(CLOCK_REALTIME)` and its relatives in a process.

Time namespaces shift only the monotonic clocks. The library is preloaded (LD_PRELOAD), so it reaches Python and the
core of Temporal's SDK, and no server that is written in Go: those have no C library.
"""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile int64_t *shared;
__attribute__((constructor)) static void map_offset(void) {
    int file = open(getenv("CLOCK_OFFSET_FILE") ?: "", O_RDONLY);
    void *found = file < 0 ? MAP_FAILED : mmap(0, sizeof *shared, PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED) shared = found;
}
static int64_t offset(void) { return shared ? *shared : 0; }
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(id, at);
    if (!status && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += offset();
    return status;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000;
    return status;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


class Clock:
    """The clock of a host, which can be set while its process runs."""

    def __init__(self, folder: Path, host: str) -> None:
        """
        Raises:
            subprocess.CalledProcessError: the library cannot be compiled.
        """
        self._library, self._offset = folder.resolve() / "clock.so", folder.resolve() / f"{host}.offset"
        self.set(0)
        if not self._library.exists():
            source = folder / "clock.c"
            source.write_text(SOURCE)
            command = [compiler() or "cc", "-shared", "-fPIC", "-O2", "-o", str(self._library), str(source), "-ldl"]
            subprocess.run(command, check=True)

    def set(self, seconds: int) -> None:
        """Let the clock be so many seconds ahead from now on."""
        with self._offset.open("r+b" if self._offset.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))

    @property
    def env(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "CLOCK_OFFSET_FILE": str(self._offset)}

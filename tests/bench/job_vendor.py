"""A vendor of jobs in a process of its own: its texts take a while, and it records each poll."""

import json
import sys
import time
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

POLL_SECONDS: Final = 20.0
"""The poll delay that the vendor requests."""


@dataclass
class Job:
    """One job: the time of its submission (time.time), its duration, and the time and process of each poll."""

    submitted: float
    seconds: float
    polls: list[tuple[float, int]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return time.time() >= self.submitted + self.seconds


class Vendor:
    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    async def submit(self, request: Request) -> JSONResponse:
        asked = await request.json()
        name = f"job-{len(self._jobs) + 1}"
        self._jobs[name] = Job(time.time(), asked["seconds"])
        return JSONResponse({"id": name})

    async def poll(self, request: Request) -> JSONResponse:
        job = self._jobs[request.path_params["name"]]
        job.polls.append((time.time(), int(request.query_params["pid"])))
        share = min((time.time() - job.submitted) / job.seconds, 1.0)
        return JSONResponse({"done": job.done, "progress": share})

    async def jobs(self, _: Request) -> JSONResponse:
        return JSONResponse([vars(job) for job in self._jobs.values()])

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/jobs", self.submit, methods=["POST"]),
                Route("/jobs", self.jobs),
                Route("/jobs/{name}", self.poll),
            ]
        )


def main() -> None:
    config = uvicorn.Config(Vendor().app(), port=0, log_level="error", lifespan="off")
    sock = config.bind_socket()
    sys.stdout.write(json.dumps(f"http://127.0.0.1:{sock.getsockname()[1]}") + "\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[sock])


if __name__ == "__main__":
    main()

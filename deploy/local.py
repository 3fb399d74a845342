"""`python -m deploy.local up`: Temporal, S3, worker and API on this machine, as real processes.

A server that TEMPORAL_* or AWS_* settings name is used instead of an embedded one. A stack that is stopped during
a production continues it after the next start: all state is in GREENLIGHT_HOME.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final, Literal

import httpx
from dotenv import load_dotenv
from rich.console import Console
from rich.table import Table

from activities import settings_file
from activities.provenance.credentials import CERTIFICATE, KEY, TIMESTAMPS, is_pem
from activities.provenance.self_made import self_made_certificate
from activities.providers.registry import registered
from api.headers import INSTANCE
from deploy import s3, temporal
from deploy.home import HomeInUse, StackInfo, lock_home, write_record
from deploy.ports import LOOPBACK, Ports, PortTaken, bypass_proxy
from deploy.settings import CODEC_PORT, SettingsRefused, StackSettings
from deploy.supervisor import Component, StackFailed, Supervisor
from deploy.ui_guard import serve_guarded_ui
from workflows.runtime import encryption_keys

PROBLEMS: Final = (SettingsRefused, PortTaken, HomeInUse, StackFailed, FileNotFoundError)
"""Problems of this machine or its settings. Only their message is printed, because it names the remedy."""

_WORKER_GRACE: Final = "5"
"""Seconds. On a developer's machine Ctrl-C should not take 30 s; interrupted activities run again at the next start."""

_API_GRACE: Final = "5"
_FILM_PARTS_DAYS: Final = "30"
"""The parts of films in the embedded bucket are kept so long; an own bucket keeps its own rules."""

SIGNING: Final = (CERTIFICATE, KEY, TIMESTAMPS)
"""For the worker alone."""
WORKER: Final = "worker"
"""The module that runs as the worker."""

ENV_FILE: Final = Path(".env")
"""Its keys of vendors and its rates may change while the stack runs."""

PORT_TRIES: Final = 6
"""Several stacks that start at the same moment can each lose an attempt: each of them uses up to five ports."""
PORT_LOST: Final = ("is not available on", "address already in use", "Address already in use")
"""The messages of weed, Temporal and uvicorn about a port in use."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """A running stack. `env` is the environment of its processes: with it a test or tool uses the same servers."""

    info: StackInfo
    env: Mapping[str, str]
    supervisor: Supervisor


@contextmanager
def running_stack(
    home: Path,
    *,
    ports: Literal["default", "free"] = "default",
    api: bool = True,
    worker: bool = True,
    environ: Mapping[str, str] | None = None,
    say: Say = print,
) -> Iterator[Stack]:
    """Run a whole stack with its state in `home`: ready when the block begins, stopped in order when it ends.

    Args:
        ports: "free" uses random ones, so that concurrent stacks do not collide.
        environ: The source of the settings and the environment of the processes; os.environ by default.

    Raises:
        HomeInUse, PortTaken, StackFailed: it cannot run; no process is left.
    """
    environ = dict(os.environ if environ is None else environ)
    settings = StackSettings.of(environ)
    home = home.resolve()
    with lock_home(home) as lock:
        skipped = {name for name, wanted in (("worker", worker), ("api", api)) if not wanted}
        for tries_left in reversed(range(PORT_TRIES)):
            reserved = Ports(say, anywhere=ports == "free")
            info, env, components = _assemble(home, settings, environ, reserved, say)
            components = [c for c in components if c.name not in skipped]
            supervisor = Supervisor(components, home / "logs", say, inherit=[lock])
            try:
                guards = _start_guards(reserved)
            except StackFailed as failure:
                _check_port_lost(failure, tries_left)
                continue
            try:
                supervisor.start()
                break
            except StackFailed as failure:
                guards.close()
                _check_port_lost(failure, tries_left)
            except BaseException:
                guards.close()
                raise
        with guards:
            try:
                write_record(info)
                yield Stack(info, env, supervisor)
            finally:
                supervisor.stop()


def _start_guards(ports: Ports) -> ExitStack:
    """Start the proxies of servers that have no protection of their own.

    Raises:
        StackFailed: a port has been taken meanwhile.
    """
    with ExitStack() as guards:
        for public, behind in ports.guarded.items():
            try:
                guards.enter_context(serve_guarded_ui(public, behind))
            except OSError as error:
                raise StackFailed(f"the Temporal UI's port {public}: {error}") from None
        return guards.pop_all()


def _check_port_lost(failure: StackFailed, tries_left: int) -> None:
    """Raise `failure`, unless a program took a port between its check and the server's bind and tries are left."""
    if not tries_left or not any(message in str(failure) for message in PORT_LOST):
        raise failure


def _assemble(
    home: Path, settings: StackSettings, environ: dict[str, str], ports: Ports, say: Say
) -> tuple[StackInfo, dict[str, str], list[Component]]:
    """The addresses, the environment and the components of a stack."""
    components: list[Component] = []
    env = environ | {
        "GREENLIGHT_HOME": str(home),
        "GREENLIGHT_BUCKET": settings.bucket,
        "GREENLIGHT_INSTANCE": (instance := token_hex(16)),
        "PYTHONUNBUFFERED": "1",
        **bypass_proxy(environ),
    }
    env.setdefault("GREENLIGHT_GRACEFUL_SHUTDOWN_SECONDS", _WORKER_GRACE)
    env.setdefault("GREENLIGHT_API_STOP_SECONDS", _API_GRACE)
    # With an own Temporal server and TEMPORAL_DEPLOYMENT_NAME, the one worker here replaces that of the last start.
    env.setdefault("GREENLIGHT_PROMOTE", "always")
    if s3.configured_by(environ) is None:
        env.setdefault("GREENLIGHT_KEEP_FILM_PARTS_DAYS", _FILM_PARTS_DAYS)
    env.setdefault("GREENLIGHT_OPEN", "true")  # the API binds to loopback; GREENLIGHT_API_KEYS makes it require keys
    if api_keys := env.get("GREENLIGHT_API_KEYS"):
        env["GREENLIGHT_API_KEYS"] = str(Path(api_keys).resolve())
    env.pop("GREENLIGHT_API_KEY", None)  # the key of a client; no process of the stack is one
    keys = (v for entry in registered().values() for v in entry.variables)
    secrets = {v: env.pop(v) for v in (*keys, "GREENLIGHT_WEBHOOK_SECRET", *SIGNING) if v in env}
    _leave_to_file(env, secrets)
    for each in (CERTIFICATE, KEY):
        if (signing := secrets.get(each)) and not is_pem(signing):
            secrets[each] = str(Path(signing).expanduser().resolve())
    if not any(secrets.get(v) for v in SIGNING):
        chain, key = self_made_certificate(home / "c2pa")
        secrets |= {CERTIFICATE: str(chain), KEY: str(key)}
    encryption = {encryption_keys.VARIABLE: env.pop(encryption_keys.VARIABLE, "")}
    codec_only = {"GREENLIGHT_CODEC_HOST": LOOPBACK, "GREENLIGHT_CODEC_TOKEN": env.pop("GREENLIGHT_CODEC_TOKEN", "")}
    codec_url = ""
    if encryption[encryption_keys.VARIABLE].strip():
        codec_port = ports.reserve("GREENLIGHT_CODEC_PORT", settings.codec_port, CODEC_PORT)
        codec_only["GREENLIGHT_CODEC_PORT"] = str(codec_port)
        codec_url = f"http://{LOOPBACK}:{codec_port}"

    if other := temporal.configured_server(environ):
        address, namespace = other
        ui_url = settings.temporal_ui_url
        say(f"Using the Temporal server at {address}, namespace {namespace} (TEMPORAL_ADDRESS or temporal.toml)")
    else:
        port = ports.reserve("GREENLIGHT_TEMPORAL_PORT", settings.temporal_port, 7233)
        ui_port = ports.reserve("GREENLIGHT_UI_PORT", settings.ui_port, 8233)
        address, namespace = f"{LOOPBACK}:{port}", temporal.NAMESPACE
        ui_behind = ports.reserve_hidden(ui_port)
        ui_url = f"http://{LOOPBACK}:{ui_port}" if ui_behind else ""
        if not ui_behind:
            say("All ports that browsers refuse are in use, so Temporal starts without its UI (deploy/ui_guard.py)")
        env = temporal.client_env(env, port)
        components.append(
            Component(
                "temporal",
                temporal.server_command(home / "temporal.db", port, ui_behind, codec_url),
                temporal.server_env(env),
                ready=lambda _pid: temporal.is_serving(env) and temporal.extend_retention(env),
                grace=10,
                ports=[port, *([ui_behind] if ui_behind else [])],
            )
        )
    env["GREENLIGHT_TEMPORAL_UI_URL"] = ui_url

    if variable := s3.configured_by(environ):
        endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or "AWS"
        say(f"Using the S3 server at {endpoint} ({variable} is set)")
    else:
        port = ports.reserve("GREENLIGHT_S3_PORT", settings.s3_port, 8333)
        endpoint = f"http://{LOOPBACK}:{port}"
        env = s3.client_env(
            env, port, s3.load_credentials(home / "s3.json"), s3.write_aws_config(environ, home / "aws-config")
        )
        components.append(
            Component(
                "s3",
                s3.server_command(home / "s3", port, settings.bucket, ports),
                s3.server_env(env),
                ready=s3.readiness_check(env, settings.bucket),
                # Its S3 part stops at once. Its volume part then waits until the connections between the two are idle
                # for 30 s; a shorter -idleTimeout would also cut off readers that pause. A kill loses no acknowledged
                # write.
                grace=3,
                kill_is_safe=True,
                ports=[port],
            )
        )

    api_port = ports.reserve("GREENLIGHT_API_PORT", settings.api_port, 8400)
    api_url = f"http://{LOOPBACK}:{api_port}"
    env |= {"GREENLIGHT_API_HOST": LOOPBACK, "GREENLIGHT_API_PORT": str(api_port)}
    embedded = tuple(component.name for component in components)
    grace = float(env["GREENLIGHT_GRACEFUL_SHUTDOWN_SECONDS"]) + 5  # less than a worker may need: a kill loses nothing
    components += [
        Component(
            "worker",
            [sys.executable, "-m", WORKER],
            env | secrets | encryption,
            ready=lambda pid: temporal.is_polling(env, pid),
            grace=grace,
            after=embedded,
        ),
        Component(
            "api",
            [sys.executable, "-m", "api"],
            env | encryption,
            ready=lambda _pid: _responds(f"{api_url}/healthz", instance),
            grace=float(env["GREENLIGHT_API_STOP_SECONDS"]) + 3,
            after=embedded,
            ports=[api_port],
        ),
    ]
    if codec_url:
        components.append(
            Component(
                "codec",
                [sys.executable, "-m", "deploy.codec"],
                env | encryption | codec_only,
                ready=lambda _pid: _responds(f"{codec_url}/healthz"),
                grace=3,
                ports=[codec_port],
            )
        )
    info = StackInfo(
        pid=os.getpid(),
        home=str(home),
        api_url=api_url,
        temporal_address=address,
        temporal_namespace=namespace,
        temporal_ui_url=ui_url,
        codec_url=codec_url,
        s3_endpoint=endpoint,
        bucket=settings.bucket,
        log_dir=str(home / "logs"),
        embedded=embedded,
        instance=instance,
    )
    return info, env, components


def _leave_to_file(*environs: dict[str, str]) -> None:
    """Remove the variables that the worker reads in the settings file: those of the environment cannot change there."""
    path = environs[0].get(settings_file.VARIABLE)
    found = settings_file.read_settings(Path(path)) if path else {}
    for name in found.keys() & settings_file.live_names():
        for environ in environs:
            if environ.get(name) == found[name]:
                del environ[name]


def _responds(url: str, instance: str = "") -> bool:
    """Whether a server responds; with `instance`, whether it belongs to the stack of this id."""
    try:
        response = httpx.get(url, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return response.is_success and response.headers.get(INSTANCE, "") == instance


def summarize(info: StackInfo) -> Table:
    """A table of the stack's addresses and directories."""
    table = Table(show_header=False, box=None, pad_edge=False)
    rows = {
        "Studio and API": info.api_url,
        "API reference": f"{info.api_url}/openapi.json",
        "Temporal UI": info.temporal_ui_url or "(set GREENLIGHT_TEMPORAL_UI_URL)",
        **({"Codec for Temporal": info.codec_url} if info.codec_url else {}),
        "Temporal": f"{info.temporal_address}, namespace {info.temporal_namespace}",
        "S3": f"{info.s3_endpoint}, bucket {info.bucket}",
        "Data and logs": info.home,
    }
    for name, value in rows.items():
        table.add_row(f"[bold]{name}", value)
    return table


def prepare_process() -> None:
    """Load .env, with priority for the environment, and make SIGTERM and SIGHUP stop the process as Ctrl-C does."""
    load_dotenv(ENV_FILE)
    os.environ.setdefault(settings_file.VARIABLE, str(ENV_FILE.resolve()))
    os.environ.update(bypass_proxy(os.environ))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def up() -> None:
    """Run the stack in the foreground until Ctrl-C or SIGTERM; a second one kills processes that are still stopping."""
    console = Console(highlight=False, soft_wrap=True)
    settings = StackSettings.of(os.environ)
    console.print("Starting Temporal, S3, worker and API …")
    with running_stack(settings.home, say=console.print) as stack:
        console.print(summarize(stack.info))
        console.print("Ready. Ctrl-C stops it; unfinished productions continue at the next start.")
        try:
            stack.supervisor.wait()
        except KeyboardInterrupt:
            console.print("Stopping …")
    console.print("Stopped.")


def main(arguments: list[str]) -> int:
    """The exit code: 0 after a requested stop, 1 after a problem with a message, 2 for wrong usage."""
    if arguments != ["up"]:
        print("usage: python -m deploy.local up", file=sys.stderr)  # noqa: T201 - a command's usage
        return 2
    prepare_process()
    try:
        up()
    except KeyboardInterrupt:
        pass  # during the start: the stack has been stopped in order
    except PROBLEMS as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - the command's error message
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)

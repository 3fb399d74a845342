"""The image and the Compose file: valid, consistent with the code, and their commands run in an empty environment.

Docker is not needed: hadolint reads the Dockerfile, `compose-spec` the Compose file.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from compose_spec import PyCompose

from deploy import temporal
from deploy.local import Stack
from tests import ROOT
from tests.support.observed import free_port
from tests.support.waiting import until
from worker.settings import STOP_SECONDS, WorkerSettings

FOLDER: Final = ROOT / "deploy" / "containers"
COMPOSE: Final = (FOLDER / "compose.yaml").read_text()
DOCKERFILE: Final = (FOLDER / "Dockerfile").read_text()
_VARIABLE: Final = re.compile(r"\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}")


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """A Compose file with its variables.

    Raises:
        KeyError: a variable that the file requires is not set.
    """

    def value(found: re.Match[str]) -> str:
        name, how, other = found.groups()
        if name is None:
            return "$"
        return environ[name] if how == "?" else environ.get(name) or other or ""

    return _VARIABLE.sub(value, text)


REQUIRED: Final = sorted({found[1] for found in _VARIABLE.finditer(COMPOSE) if found[2] == "?"})
FILLED: Final = interpolate(COMPOSE, dict.fromkeys(REQUIRED, "v"))
SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load(FILLED)["services"]


def check_compose(text: str) -> None:
    """Check a Compose file by the specification.

    Raises:
        ValueError: it does not follow it.
    """
    loaded = yaml.safe_load(text)
    PyCompose.from_yaml(yaml.safe_dump(loaded, sort_keys=False)).validate()
    for name, service in loaded["services"].items():
        if missing := set(service.get("depends_on", {})) - set(loaded["services"]):
            raise ValueError(f"{name} depends on {missing}")


def test_the_compose_file_follows_the_specification() -> None:
    """Each part of the Compose file is in the Compose specification, and each reference in it has its target."""
    check_compose(FILLED)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stop_grace_period", "stop_grace_perod"),
        ("stop_grace_period: 75s", "stop_grace_period: soon"),
        ("service_healthy", "service_health"),
        ("networks: [inside]", "networks: [outside]"),
        ("schema: {condition", "shema: {condition"),
        ('"127.0.0.1:8400:8400"', '"127.0.0.1:84000:8400"'),
        ("secrets: [metrics_key]", "secrets: [metrics]"),
    ],
)
def test_a_broken_compose_file_is_detected(right: str, wrong: str) -> None:
    """The check above refuses a copy with one wrong name, unit, condition or reference."""
    assert right in FILLED
    with pytest.raises(ValueError, match=r"\w"):
        check_compose(FILLED.replace(right, wrong))


def test_every_service_can_be_waited_for() -> None:
    """A service that others wait for has a health check, and everything that is published is on loopback."""
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[needed].get("healthcheck", {}), f"{name} waits for {needed}"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} publishes {port}"


def test_every_mounted_file_is_there() -> None:
    """Each file and folder that a container mounts from the repository exists."""
    sources = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert [source for source in sources if source[0] == "." and not (FOLDER / source).exists()] == []


def test_greenlight_writes_nowhere_but_to_its_scratch() -> None:
    """The containers of the image are read-only, have no capabilities, and do not run as root."""
    ours = {name: service for name, service in SERVICES.items() if service["image"] == "greenlight"}
    assert set(ours) == {"api", "worker", "codec", "set-up"}
    ours["worker-previous"] = SERVICES["worker-previous"]
    for service in ours.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert re.search(r"^USER [1-9]", DOCKERFILE, re.MULTILINE)


def test_compose_waits_until_a_worker_has_stopped() -> None:
    """A container is killed only after the time for running activities, and that for the end of the worker."""
    needed = WorkerSettings().graceful_shutdown_seconds + STOP_SECONDS
    for name in ("worker", "worker-previous"):
        assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) > needed, name


def test_the_user_of_the_image_can_write_to_its_volumes() -> None:
    """A new volume gets the owner of the folder that the image has in its place: without one, root."""
    folders = {m.split(":")[1] for s in SERVICES.values() if s["image"] == "greenlight" for m in s.get("volumes", [])}
    made = re.findall(r"install --directory --owner greenlight --group greenlight (\S+)", DOCKERFILE)
    assert folders == set(made)


def test_the_keys_of_vendors_are_in_the_workers_alone() -> None:
    """Only a worker gets the whole of .env; the other containers get what they are given by name."""
    assert [name for name, service in SERVICES.items() if "env_file" in service] == ["worker", "worker-previous"]


def test_the_workers_of_the_previous_image_run_next_to_the_new_ones() -> None:
    """Both sets of workers belong to one deployment, and only the new ones make their version the current one."""
    new, previous = (SERVICES[name] for name in ("worker", "worker-previous"))
    assert previous["image"] != new["image"]
    differences = dict(previous["environment"].items() - new["environment"].items())
    assert differences == {"GREENLIGHT_PROMOTE": "never"}
    assert new["environment"]["GREENLIGHT_PROMOTE"] == "always"
    assert new["environment"]["TEMPORAL_DEPLOYMENT_NAME"]


def test_every_variable_is_described() -> None:
    """Each variable of ours that a container gets is described in .env.example, or is one of Temporal or AWS."""
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    ours = set(re.findall(r"GREENLIGHT_\w+", COMPOSE + DOCKERFILE))
    assert ours - known == set()


def test_temporal_has_the_settings_of_the_embedded_one() -> None:
    """The dynamic configuration of the container is that of `make up`; the HTTP port is not published."""
    loaded = yaml.safe_load((FOLDER / "temporal.yaml").read_text())
    found = {name: str(values[0]["value"]).lower() for name, values in loaded.items()}
    ours = {n: v for n, v in temporal.DYNAMIC_CONFIG.items() if n != "frontend.httpAllowedHosts"}
    assert found == ours


def test_the_servers_have_the_versions_of_the_embedded_ones() -> None:
    """The containers of Temporal and S3 have the versions with which every test runs."""
    said = subprocess.run([temporal.binary("temporal"), "--version"], capture_output=True, text=True, check=True).stdout
    server, ui = re.findall(r"Server ([\d.]+), UI ([\d.]+)", said)[0]
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{server}"
    assert SERVICES["schema"]["image"] == SERVICES["namespace"]["image"] == f"temporalio/admin-tools:{server}"
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{ui}"
    said = subprocess.run([temporal.binary("weed"), "version"], capture_output=True, text=True, check=True).stdout
    assert f" {SERVICES['s3']['image'].split(':')[1]} " in said


def lint(dockerfile: str) -> str:
    """The findings of hadolint."""
    program = str(Path(sys.executable).with_name("hadolint"))
    return subprocess.run([program, "-"], input=dockerfile, capture_output=True, text=True, check=False).stdout


def test_the_dockerfile_has_no_finding() -> None:
    """hadolint finds nothing in the Dockerfile, and finds what a broken copy has."""
    assert lint(DOCKERFILE) == ""
    assert "DL3007" in lint(DOCKERFILE.replace("python:${PYTHON}-slim-bookworm AS", "python:latest AS"))
    assert "DL3002" in lint(DOCKERFILE.replace("USER 10001:10001", "USER root"))
    assert lint(DOCKERFILE.replace("WORKDIR /tmp", "WORKDIR")) != ""


def test_the_image_has_what_it_copies() -> None:
    """Each source of a COPY exists and is let into the build by .dockerignore."""
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    lines = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in lines for source in line.split()}
    assert sources == let_in
    assert [source for source in sources if not (ROOT / source).exists()] == []


def command_of(name: str) -> list[str]:
    """The command of a service, by this Python."""
    program, *arguments = SERVICES[name]["command"]
    assert program == "python"
    return [sys.executable, *arguments]


def environ_of(name: str, **changes: str) -> dict[str, str]:
    """What the container of a service has in its environment, and nothing of this machine's."""
    image = dict(re.findall(r"\b(GREENLIGHT_\w+|PYTHON\w+)=(\S+)", DOCKERFILE[DOCKERFILE.rindex("FROM") :]))
    own = {key: str(value or "") for key, value in SERVICES[name]["environment"].items()}
    return {"PATH": "/usr/bin:/bin", **image, **own, **changes}


def is_healthy(url: str) -> bool:
    """The result of the containers' own health check."""
    check = [sys.executable, "-m", "deploy.health", url]
    return subprocess.run(check, cwd=ROOT, check=False, capture_output=True).returncode == 0


def is_up(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, f"{process.args!r} ended"
    return is_healthy(url)


def test_the_commands_run_in_an_empty_environment(servers: Stack, tmp_path: Path) -> None:
    """Each container's command works as a process with that container's environment and no other: set-up ends, and
    worker, API and codec server become healthy and end after SIGTERM."""
    keys = tmp_path / "keys.toml"
    create = [sys.executable, "-m", "api.cli.main", "keys", "create", "--name", "ana", "--role", "operator"]
    environ = {"GREENLIGHT_API_KEYS": str(keys), "PATH": "/bin"}
    subprocess.run(create, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE)
    names = ("TEMPORAL_ADDRESS", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    ports = {name: str(free_port()) for name in ("api", "worker", "metrics", "codec")}
    changes = {name: servers.env[name] for name in names} | {
        "GREENLIGHT_PAYLOAD_KEYS": "1:" + "A" * 43 + "=",
        "GREENLIGHT_API_KEYS": str(keys),
        "GREENLIGHT_PROMOTE": "never",  # otherwise workers of later tests, without a version, get no new workflow
        "GREENLIGHT_API_PORT": ports["api"],
        "GREENLIGHT_HEALTH_PORT": ports["worker"],
        "GREENLIGHT_METRICS_ADDRESS": f"127.0.0.1:{ports['metrics']}",
        "GREENLIGHT_CODEC_PORT": ports["codec"],
        **dict.fromkeys(("GREENLIGHT_API_HOST", "GREENLIGHT_HEALTH_HOST", "GREENLIGHT_CODEC_HOST"), "127.0.0.1"),
    }
    done = subprocess.run(command_of("set-up"), cwd=ROOT, env=environ_of("set-up", **changes), check=False)
    assert done.returncode == 0
    running = {
        name: subprocess.Popen(command_of(name), cwd=ROOT, env=environ_of(name, **changes))
        for name in ("worker", "api", "codec")
    }
    try:
        for name, process in running.items():
            until(partial(is_up, process, f"http://127.0.0.1:{ports[name]}/healthz"), f"{name} is healthy")
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        ends = {name: process.wait() for name, process in running.items()}
    assert ends["worker"] == 0
    # uvicorn stops in order and then ends by the signal that it received.
    assert ends["api"] == ends["codec"] == -signal.SIGTERM
    assert not is_healthy(f"http://127.0.0.1:{ports['api']}/healthz")

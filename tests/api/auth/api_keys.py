"""API keys: made by the command, and sent with a request."""

from pathlib import Path

from typer.testing import CliRunner, Result

from api.cli.main import app


def keys(file: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["keys", *args], env={"GREENLIGHT_API_KEYS": str(file), "NO_COLOR": "1"})


def made(file: Path, name: str, *roles: str, tenant: str = "acme") -> str:
    chosen = [part for role in roles or ("operator",) for part in ("--role", role)]
    done = keys(file, "create", "--name", name, "--tenant", tenant, *chosen)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}

"""The file of keys and its commands."""

import logging
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from api.auth import key_file
from api.auth.key_file import KeyFile, KeyFileError
from api.auth.roles import Role
from tests.api.auth.api_keys import keys, made
from workflows.brief import ApprovalPolicy


def test_a_key_is_shown_once(file: Path) -> None:
    """`keys create` prints a key of 256 bits and stores only its hash, in a file that only its owner can read."""
    key = made(file, 'Ana Ñ "the boss" \\', "approver", "requester")
    assert re.fullmatch(r"gl_[\w-]{43}", key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key not in file.read_text()
    found = KeyFile(file).find(key)
    assert found is not None
    assert (found.name, found.tenant, found.roles) == (
        'Ana Ñ "the boss" \\',
        "acme",
        (Role.REQUESTER, Role.APPROVER),
    )
    assert KeyFile(file).find(key[:-1]) is None
    listed = keys(file, "list").stdout
    assert "the boss" in listed
    assert "requester, approver" in listed
    assert key not in listed
    assert os.listdir(file.parent) == [file.name]  # noqa: PTH208 - dotfiles too


def test_a_name_has_one_key(file: Path) -> None:
    """A name stands for one person: it has one key, also in other letter case; it is free again once that key is
    revoked."""
    first = made(file, "ana")
    again = keys(file, "create", "--name", "ANA", "--role", "approver")
    assert again.exit_code == 2
    assert "ANA" in again.output
    assert keys(file, "revoke", "ana").exit_code == 0
    assert keys(file, "revoke", "ana").exit_code == 2
    second = made(file, "ana")
    assert KeyFile(file).find(first) is None
    assert KeyFile(file).find(second) is not None


@pytest.mark.parametrize("args", [("--name", " "), ("--name", "a\nb"), ("--name", "a", "--tenant", "Acme.x")])
def test_an_invalid_name_is_refused(file: Path, args: tuple[str, ...]) -> None:
    """A name that no key can have is refused before anything is written."""
    assert keys(file, "create", "--role", "approver", *args).exit_code == 2
    assert not file.exists()


def test_concurrent_commands_keep_all_keys(file: Path) -> None:
    """Commands that change the file at the same time lose no change of each other."""
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda n: key_file.create(file, f"n{n}", "acme", [Role.OPERATOR]), range(16)))
    assert all(map(KeyFile(file).find, done))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[keys]\n", "cannot be read"),
        ("[[keys]]\nname = 'a'\n", "keys.1.tenant: Field required"),
        ("[[keys]]\nname = 'a'\ntenant = 'acme'\nroles = ['king']\nsha256 = '0'\n", "keys.1.roles.1: Input should be"),
        ("[[key]]\n", "key: Extra inputs"),
        ("[policies.acme]\napprover = 2\n", "policies.acme.approver: Extra inputs"),
        ("[policies.acme]\nmax_budget_usd = -1\n", "policies.acme.max_budget_usd: Input should be"),
        (2 * f"[[keys]]\nname = 'a'\ntenant = 'acme'\nroles = ['operator']\nsha256 = '{'0' * 64}'\n", "occurs twice"),
    ],
)
def test_an_invalid_file_keeps_the_known_keys(
    file: Path, caplog: pytest.LogCaptureFixture, text: str, words: str
) -> None:
    """An invalid file is logged once and changes nothing; at the start it is refused, with its path."""
    key = made(file, "ana")
    known = KeyFile(file)
    file.write_text(text)
    with caplog.at_level(logging.ERROR):
        assert known.find(key)
        assert known.find(key)
    assert [words in record.getMessage() for record in caplog.records] == [True]
    with pytest.raises(KeyFileError, match=re.escape(str(file))):
        KeyFile(file)
    file.unlink()
    assert known.find(key)
    made(file, "ben")
    assert known.find(key) is None


def test_a_policy_is_kept(file: Path) -> None:
    """Policies of tenants are read with the keys, and are still there after keys are made and revoked."""
    made(file, "ana")
    file.write_text(
        file.read_text()
        + '\n[policies.acme]\napprovers = 2\nmax_budget_usd = 20.10\nescalate_to = ["the \\"boss\\""]\n'
    )
    made(file, "ben")
    assert keys(file, "revoke", "ana").exit_code == 0
    policy = ApprovalPolicy(approvers=2, max_budget_usd=Decimal("20.10"), escalate_to=('the "boss"',))
    assert KeyFile(file).policy_of("acme") == policy
    assert KeyFile(file).policy_of("bolt") is None

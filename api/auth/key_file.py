"""The file of API keys: whose each is, of which tenant, in which roles; and the approval policies of tenants. TOML; it
holds hashes, never a key.

A key is 256 random bits. Nobody can guess or enumerate those, so one SHA-256 is enough: a slow hash or a salt protects
what people choose. Keys are looked up by their hash; how long that takes tells about hashes, from which no key follows.
"""

import fcntl
import hashlib
import json
import logging
import os
import secrets
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from api.auth.roles import Role
from api.settings import SettingsError
from workflows.models import ApprovalPolicy, Model, Person, Slug

PREFIX: Final = "gl_"
"""By which people and secret scanners know a key of ours."""
GRACE_SECONDS: Final = 300.0
"""For so long the keys that were read last hold, while the file cannot be read: an editor may be at work."""
ALARM_SECONDS: Final = 60.0
"""How often the log says so."""
_HEAD: Final = "# API keys of Greenlight, written by `greenlight keys`: hashes, not keys. Comments are not kept.\n"

_log = logging.getLogger(__name__)


class KeyFileError(SettingsError):
    """The file cannot be used; the message names it and the remedy."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give a name that can be printed")
    return text


class Key(Model):
    """One key. Its name stands beside what its holder asks for and decides."""

    name: Annotated[Person, AfterValidator(_printable)]
    tenant: Slug
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created_at: datetime | None = None


class Contents(Model):
    """All that the file says.

    Attributes:
        policies: By tenant, what holds for the approval of each of its briefs, whatever the brief says.
    """

    keys: tuple[Key, ...] = ()
    policies: dict[Slug, ApprovalPolicy] = Field(default_factory=dict)


class KeyFile:
    """The keys as the file says now. It is read again when it has changed: a revoked key ends without a restart."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            KeyFileError: there is no such file, or it makes no sense.
        """
        self._path = path
        self._stamp = _stamp_of(path)
        self._take(read(path))
        self._problem = ""
        self._broken_at, self._told_at = 0.0, float("-inf")

    @property
    def problem(self) -> str:
        """Why the file cannot be read any more; empty where it can."""
        self._renew()
        return self._problem

    def find(self, key: str) -> Key | None:
        return self.find_hash(hash_of(key))

    def find_hash(self, sha256: str) -> Key | None:
        self._renew()
        return self._by_hash.get(sha256)

    def holds(self, key: Key) -> bool:
        """Whether it is still there, just so."""
        self._renew()
        return self._by_hash.get(key.sha256) == key

    def policy_of(self, tenant: str) -> ApprovalPolicy | None:
        """What the tenant's briefs are held to; None where the file says nothing of it."""
        self._renew()
        return self._policies.get(tenant)

    def _take(self, contents: Contents) -> None:
        self._by_hash = {key.sha256: key for key in contents.keys}
        self._policies = contents.policies

    def _renew(self) -> None:
        stamp = _stamp_of(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._take(read(self._path))
            except KeyFileError as error:
                self._broken_at = self._broken_at if self._problem else monotonic()
                self._problem, self._told_at = str(error), float("-inf")
            else:
                self._problem = ""
                _log.info("Read %d API keys from %s", len(self._by_hash), self._path)
        if self._problem:
            self._alarm()

    def _alarm(self) -> None:
        """Somebody may have revoked a key in what cannot be read: the keys of before hold for a while, then none."""
        closed = monotonic() - self._broken_at >= GRACE_SECONDS
        if closed:
            self._by_hash = {}
        if monotonic() - self._told_at >= ALARM_SECONDS:
            self._told_at = monotonic()
            held = "no key is accepted" if closed else f"the keys of before hold for {GRACE_SECONDS:g} s"
            _log.error("%s; %s", self._problem, held)


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def read(path: Path) -> Contents:
    """
    Raises:
        KeyFileError: the file cannot be read, is no TOML, lacks a field, or names a key twice.
    """
    try:
        found = Contents.model_validate(tomllib.loads(path.read_text("utf-8"), parse_float=Decimal))
    except FileNotFoundError:
        raise KeyFileError(
            f"GREENLIGHT_API_KEYS names {str(path)!r}, which is not there; make the first key with "
            "`greenlight keys create --name you --tenant default --role operator`"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KeyFileError(f"The keys in {str(path)!r} cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise KeyFileError(f"The keys in {str(path)!r}: {where}: {first['msg']}; fix it") from None
    names = [key.name.casefold() for key in found.keys]
    hashes = [key.sha256 for key in found.keys]
    if len(set(names)) < len(names) or len(set(hashes)) < len(hashes):
        raise KeyFileError(f"The keys in {str(path)!r}: a name or a key is there twice; keep one of them")
    return found


def create(path: Path, name: str, tenant: str, roles: Sequence[Role]) -> str:
    """Add a key to the file, which is made where there is none. The answer is the key, which is kept nowhere.

    Raises:
        KeyFileError: the name is taken, or the file cannot be used. ValidationError: something that no key can have.
    """
    key = PREFIX + secrets.token_urlsafe(32)
    asked = tuple(role for role in Role if role in roles)
    made = Key(
        name=name, tenant=tenant, roles=asked, sha256=hash_of(key), created_at=datetime.now(UTC).replace(microsecond=0)
    )

    def add(known: tuple[Key, ...]) -> tuple[Key, ...]:
        # Two approvers have to be two people: "ana" and "Ana" would not be.
        if any(each.name.casefold() == made.name.casefold() for each in known):
            raise KeyFileError(
                f"There is a key of {made.name!r} already; choose another name, or revoke that one first"
            )
        return (*known, made)

    _change(path, add)
    return key


def revoke(path: Path, name: str) -> None:
    """
    Raises:
        KeyFileError: nobody is called so, or the file cannot be used.
    """

    def drop(known: tuple[Key, ...]) -> tuple[Key, ...]:
        left = tuple(each for each in known if each.name != name)
        if len(left) == len(known):
            raise KeyFileError(f"There is no key of {name!r}; `greenlight keys list` names them")
        return left

    _change(path, drop)


def _change(path: Path, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
    """Replace the file in one step, readable by its owner alone; who else changes it waits."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            contents = read(path) if path.exists() else Contents()
            changed = change(contents.keys)
            draft = path.with_name(f".{path.name}.new")
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                policies = (_table(f"[policies.{name}]", policy) for name, policy in contents.policies.items())
                file.write(_HEAD + "".join((*(_table("[[keys]]", key) for key in changed), *policies)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyFileError(f"The keys in {str(path)!r} cannot be changed: {error}") from None


def _table(head: str, record: Model) -> str:
    """A table of TOML, of what was given; of what can be printed, JSON's strings are TOML's too."""
    lines = ["", head]
    for name, value in record.model_dump(exclude_unset=True, exclude_none=True).items():
        dated = isinstance(value, datetime)
        lines.append(f"{name} = {value.isoformat() if dated else json.dumps(value, ensure_ascii=False, default=str)}")
    return "\n".join(lines) + "\n"


def _stamp_of(path: Path) -> tuple[int, ...]:
    """Changes with the file; of one that is not there, nothing."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

"""The file of API keys: the name, tenant and roles of each, what people granted agents, and the approval policies of
tenants. TOML; it holds hashes, never a key.

A key is 256 random bits, which cannot be guessed or enumerated, so one SHA-256 is enough: a slow hash and a salt are
for passwords that people choose. Keys are found by their hash; the duration of that reveals only hashes, never a key.
"""

import fcntl
import hashlib
import json
import logging
import os
import secrets
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from api.auth.roles import Role
from api.settings import SettingsError
from workflows.agents.grants import AGENT, Grant, agent_name
from workflows.brief import ApprovalPolicy
from workflows.models import Model, Person, Slug

PREFIX: Final = "gl_"
"""People and secret scanners recognise a key by this prefix."""
GRACE_SECONDS: Final = 300.0
"""The keys that were read last remain valid for this time while the file cannot be read: it may be in an editor."""
KEPT_GRANTS: Final = timedelta(days=30)
"""How long a grant that has ended stays in the file, so that people can read who granted it."""
ALARM_SECONDS: Final = 60.0
"""The interval at which the log repeats the error."""
_HEAD: Final = "# API keys of Greenlight, written by `greenlight keys`: hashes, not keys. Comments are not kept.\n"

_log = logging.getLogger(__name__)


class KeyFileError(SettingsError):
    """The file cannot be used; the message names it and the remedy."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give a name of printable characters")
    if text.casefold().startswith(AGENT):
        raise ValueError(f"give a name without {AGENT!r} in front, which marks the requests of agents")
    return text


class Key(Model):
    """One key. Its name is recorded with each request and decision of its holder."""

    name: Annotated[Person, AfterValidator(_printable)]
    tenant: Slug
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created_at: datetime | None = None

    @model_validator(mode="after")
    def _agent_alone(self) -> Self:
        if Role.AGENT in self.roles and len(set(self.roles)) > 1:
            raise ValueError("roles: an agent has no other role; create another key for the person")
        return self


class Contents(Model):
    """The content of the file.

    Attributes:
        grants: What people granted agents, the newest last.
        policies: By tenant, the rules for the approval of each of its briefs, whatever the brief itself requests.
    """

    keys: tuple[Key, ...] = ()
    grants: tuple[Grant, ...] = ()
    policies: dict[Slug, ApprovalPolicy] = Field(default_factory=dict)


class KeyFile:
    """The keys that the file holds now. It is read again when it has changed: a revoked key ends without a restart."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            KeyFileError: there is no such file, or its content is invalid.
        """
        self._path = path
        self._stamp = _file_stamp(path)
        self._use(read(path))
        self._problem = ""
        self._broken_at, self._logged_at = 0.0, float("-inf")

    @property
    def problem(self) -> str:
        """Why the file cannot be read any more; empty where it can."""
        self._refresh()
        return self._problem

    def find(self, key: str) -> Key | None:
        return self.find_hash(hash_of(key))

    def find_hash(self, sha256: str) -> Key | None:
        self._refresh()
        return self._by_hash.get(sha256)

    def contains(self, key: Key) -> bool:
        """Whether the file still holds this key, unchanged."""
        self._refresh()
        return self._by_hash.get(key.sha256) == key

    def policy_of(self, tenant: str) -> ApprovalPolicy | None:
        """The approval policy for the tenant's briefs; None where the file has none."""
        self._refresh()
        return self._policies.get(tenant)

    def grants_of(self, key: Key) -> tuple[Grant, ...]:
        """What people granted the agent with this key, the newest first; those that have ended are left out."""
        self._refresh()
        now, name = datetime.now(UTC), agent_name(key.name)
        found = (grant for grant in self._grants if (grant.agent, grant.tenant) == (name, key.tenant))
        return tuple(grant for grant in found if grant.is_valid_at(now))

    def grants_in(self, tenant: str) -> tuple[Grant, ...]:
        """All grants of a tenant, the newest first, ended ones too."""
        self._refresh()
        return tuple(grant for grant in self._grants if grant.tenant == tenant)

    def find_agent(self, name: str, tenant: str) -> Key | None:
        self._refresh()
        agents = (key for key in self._by_hash.values() if Role.AGENT in key.roles and key.tenant == tenant)
        return next((key for key in agents if key.name == name), None)

    def add_grant(self, grant: Grant) -> None:
        """
        Raises:
            KeyFileError: the file cannot be changed.
        """
        add_grant(self._path, grant)

    def revoke_grant(self, grant_id: str, tenant: str) -> bool:
        """Remove a grant; False where the tenant has none with this id.

        Raises:
            KeyFileError: the file cannot be changed.
        """
        return revoke_grant(self._path, grant_id, tenant)

    def _use(self, contents: Contents) -> None:
        self._by_hash = {key.sha256: key for key in contents.keys}
        self._policies = contents.policies
        self._grants = contents.grants[::-1]

    def _refresh(self) -> None:
        stamp = _file_stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._use(read(self._path))
            except KeyFileError as error:
                self._broken_at = self._broken_at if self._problem else monotonic()
                self._problem, self._logged_at = str(error), float("-inf")
            else:
                self._problem = ""
                _log.info("Read %d API keys from %s", len(self._by_hash), self._path)
        if self._problem:
            self._limit_grace()

    def _limit_grace(self) -> None:
        """Log the error, and reject all keys after GRACE_SECONDS: the unreadable change may have revoked a key."""
        closed = monotonic() - self._broken_at >= GRACE_SECONDS
        if closed:
            self._by_hash, self._grants = {}, ()
        if monotonic() - self._logged_at >= ALARM_SECONDS:
            self._logged_at = monotonic()
            state = "no key is accepted" if closed else f"the previous keys remain valid for {GRACE_SECONDS:g} s"
            _log.error("%s; %s", self._problem, state)


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def read(path: Path) -> Contents:
    """
    Raises:
        KeyFileError: the file cannot be read, is not TOML, lacks a field, or holds a key twice.
    """
    try:
        found = Contents.model_validate(tomllib.loads(path.read_text("utf-8"), parse_float=Decimal))
    except FileNotFoundError:
        raise KeyFileError(
            f"GREENLIGHT_API_KEYS names {str(path)!r}, which does not exist; make the first key with "
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
        raise KeyFileError(f"The keys in {str(path)!r}: a name or a key occurs twice; keep one of them")
    return found


def create(path: Path, name: str, tenant: str, roles: Sequence[Role]) -> str:
    """Add a key to the file, which is created where there is none, and return the key, which is stored nowhere.

    Raises:
        KeyFileError: the name is taken, or the file cannot be used. ValidationError: an argument is invalid.
    """
    key = PREFIX + secrets.token_urlsafe(32)
    ordered, now = tuple(role for role in Role if role in roles), datetime.now(UTC).replace(microsecond=0)
    made = Key(name=name, tenant=tenant, roles=ordered, sha256=hash_of(key), created_at=now)

    def add(contents: Contents) -> Contents:
        # Two approvers have to be two people: "ana" and "Ana" would not be.
        if any(each.name.casefold() == made.name.casefold() for each in contents.keys):
            raise KeyFileError(
                f"There is a key of {made.name!r} already; choose another name, or revoke that key first"
            )
        return contents.model_copy(update={"keys": (*contents.keys, made)})

    _change(path, add)
    return key


def revoke(path: Path, name: str) -> None:
    """
    Raises:
        KeyFileError: no key has this name, or the file cannot be used.
    """

    def drop(contents: Contents) -> Contents:
        remaining = tuple(each for each in contents.keys if each.name != name)
        if len(remaining) == len(contents.keys):
            raise KeyFileError(f"There is no key of {name!r}; `greenlight keys list` shows all keys")
        grants = tuple(each for each in contents.grants if each.agent != agent_name(name))
        return contents.model_copy(update={"keys": remaining, "grants": grants})

    _change(path, drop)


def add_grant(path: Path, grant: Grant) -> None:
    """
    Raises:
        KeyFileError: the file cannot be changed.
    """

    def add(contents: Contents) -> Contents:
        # A grant that ended long ago says nothing any more; without it the file stays small.
        kept = tuple(each for each in contents.grants if each.is_valid_at(grant.created_at - KEPT_GRANTS))
        return contents.model_copy(update={"grants": (*kept, grant)})

    _change(path, add)


def revoke_grant(path: Path, grant_id: str, tenant: str) -> bool:
    """Remove a grant; False where the tenant has none with this id.

    Raises:
        KeyFileError: the file cannot be changed.
    """
    found = False

    def drop(contents: Contents) -> Contents:
        nonlocal found
        kept = tuple(each for each in contents.grants if (each.grant_id, each.tenant) != (grant_id, tenant))
        found = len(kept) < len(contents.grants)
        return contents.model_copy(update={"grants": kept})

    _change(path, drop)
    return found


def _change(path: Path, change: Callable[[Contents], Contents]) -> None:
    """Replace the file atomically, readable by its owner alone, under a lock that other changes wait for."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            contents = read(path) if path.exists() else Contents()
            changed = change(contents)
            draft = path.with_name(f".{path.name}.new")
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(_HEAD + "".join(_tables(changed)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyFileError(f"The keys in {str(path)!r} cannot be changed: {error}") from None


def _tables(contents: Contents) -> Iterator[str]:
    yield from (_table("[[keys]]", key) for key in contents.keys)
    yield from (_table("[[grants]]", grant) for grant in contents.grants)
    yield from (_table(f"[policies.{name}]", policy) for name, policy in contents.policies.items())


def _table(head: str, record: Model) -> str:
    """A TOML table of the fields that were set. For printable text, a JSON string is a TOML string too."""
    lines = ["", head]
    for name, value in record.model_dump(exclude_unset=True, exclude_none=True).items():
        dated = isinstance(value, datetime)
        lines.append(f"{name} = {value.isoformat() if dated else json.dumps(value, ensure_ascii=False, default=str)}")
    return "\n".join(lines) + "\n"


def _file_stamp(path: Path) -> tuple[int, ...]:
    """A value that changes with the file; empty where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

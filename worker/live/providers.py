"""The enabled providers of a worker, which follow the keys of its settings file."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from activities.providers.protocol import Provider
from activities.providers.registry import build_providers, registered
from activities.settings import ActivitySettings


@dataclass(frozen=True)
class KeyChange:
    """The providers that a change of keys added, removed, and gave another key."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


class LiveProviders(Mapping[str, Provider]):
    """The providers by name. An attempt that has begun goes on with the key that it began with.

    A change replaces the whole mapping, so that an iteration, also in another thread, sees the state of one moment.
    """

    def __init__(self, settings: ActivitySettings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._keys = _keys_of(environ)
        self._current: Mapping[str, Provider] = build_providers(settings, environ)
        self._replaced: list[Provider] = []
        """They may still be in use; their connections are closed when the worker stops."""

    def __getitem__(self, name: str) -> Provider:
        return self._current[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current)

    def __len__(self) -> int:
        return len(self._current)

    def update(self, environ: Mapping[str, str]) -> KeyChange:
        """Use the keys of this environment from now on; returns what has changed."""
        keys, before = _keys_of(environ), self._current
        other = {name for name in keys if keys[name] != self._keys.get(name)}
        if not other:
            return KeyChange()
        built = build_providers(self._settings, environ)
        current = {name: made if name in other or name not in before else before[name] for name, made in built.items()}
        self._replaced += [made for name, made in before.items() if current.get(name) is not made]
        self._current, self._keys = current, keys
        return KeyChange(
            added=tuple(sorted(current.keys() - before.keys())),
            removed=tuple(sorted(before.keys() - current.keys())),
            changed=tuple(sorted(other & current.keys() & before.keys())),
        )

    async def close(self) -> None:
        """Close the connections of all providers, the replaced ones too."""
        everyone = [*self._current.values(), *self._replaced]
        await asyncio.gather(*(each.close() for each in everyone), return_exceptions=True)


def _keys_of(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Provider -> the values of its variables."""
    return {
        name: tuple(environ.get(variable, "").strip() for variable in entry.variables)
        for name, entry in registered().items()
    }

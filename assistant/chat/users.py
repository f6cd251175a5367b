"""Who may use the chat: a file of names and hashed passwords (argon2id), one `name:hash` a line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from index.errors import QuipuError, UsageError

_NAME = re.compile(r"[\w.@+-]{1,64}")
SHORTEST = 8
LONGEST = 1_000


class UsersError(QuipuError):
    """A file of users that cannot be used."""


def read_users(path: Path) -> dict[str, str]:
    """Name → hash; UsersError for a file that cannot be read, holds nobody, or has a line of another form."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise UsersError(
            f"the file of users {path} does not exist; quipu user add NAME --users {path} makes it"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsersError(f"the file of users {path} cannot be read: {error}") from None
    users: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, hashed = line.strip().partition(":")
        if not colon or not _NAME.fullmatch(name) or not hashed.startswith("$argon2"):
            raise UsersError(f"{path}, line {number}: expected name:$argon2…, as quipu user add writes it")
        users[name] = hashed
    return users


def write_users(path: Path, users: Mapping[str, str]) -> None:
    """Replace the file, readable by its owner alone; raises OSError."""
    staging = path.with_name(f"{path.name}.tmp")
    descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}:{hashed}\n" for name, hashed in sorted(users.items()))
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)


def hashed_password(name: str, password: str) -> str:
    """The hash to keep; UsageError for a name or a password that cannot be used."""
    from argon2 import PasswordHasher

    if not _NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} cannot be used; expected up to 64 letters, digits and . _ - + @")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"the password has {len(password)} characters; expected {SHORTEST} to {LONGEST:,}")
    return PasswordHasher().hash(password)


class Users:
    """Checks names and passwords. Thread-safe; takes as long for a name that nobody has as for one that somebody has."""

    def __init__(self, users: Mapping[str, str]) -> None:
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher()
        self._users = dict(users)
        self._nobody = self._hasher.hash(os.urandom(16).hex())

    def known(self, name: str, password: str) -> bool:
        """Whether this is somebody's name and password."""
        from argon2.exceptions import Argon2Error, InvalidHashError

        try:
            matches = self._hasher.verify(self._users.get(name, self._nobody), password[: LONGEST + 1])
        except (Argon2Error, InvalidHashError):
            return False
        return matches and name in self._users

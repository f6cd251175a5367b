"""`quipu user`: who may use a chat that is served with --users."""

from __future__ import annotations

import sys
from pathlib import Path

import click

users_option = click.option(
    "--users", "users_file", type=click.Path(path_type=Path), metavar="FILE", default=Path("users.txt"), show_default=True,
    help="The file of users.",
)  # fmt: skip


@click.group()
def user() -> None:
    """Keep the file of users for `quipu chat --users FILE`; passwords are kept as argon2id hashes."""


@user.command()
@click.argument("name")
@users_option
@click.option("--password-stdin", is_flag=True, help="Take the password from standard input, without asking.")
def add(name: str, users_file: Path, password_stdin: bool) -> None:
    """Add NAME, or give NAME another password."""
    from assistant.chat.users import hashed_password, read_users, write_users

    users = read_users(users_file) if users_file.exists() else {}
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    known = name in users
    users[name] = hashed_password(name, password)
    write_users(users_file, users)
    click.echo(f"{name} {'has another password' if known else 'was added'} in {users_file}", err=True)


@user.command()
@click.argument("name")
@users_option
def remove(name: str, users_file: Path) -> None:
    """Remove NAME; a chat that is running lets NAME in until it is started again."""
    from assistant.chat.users import UsersError, read_users, write_users

    users = read_users(users_file)
    if users.pop(name, None) is None:
        raise UsersError(f"{users_file} holds no user called {name!r}; quipu user list shows who is there")
    write_users(users_file, users)
    click.echo(f"{name} was removed from {users_file}", err=True)


@user.command("list")
@users_option
def list_users(users_file: Path) -> None:
    """List the names in the file."""
    from assistant.chat.users import read_users

    for name in sorted(read_users(users_file)):
        click.echo(name)

"""The options that name a language model, for every command that can use one. Imports nothing of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from assistant.writing.config import LlmSettings

F = TypeVar("F", bound=Callable[..., Any])
FILE = Path("quipu.toml")
NONE = "none"


def llm_options(command: F) -> F:
    """--llm and what goes with it, given to the command as `llm`, `llm_url`, `llm_name` and `llm_set`."""
    for option in reversed(
        (
            click.option("--llm", metavar="MODEL", help="Write with a language model: provider:model, openai-compatible, a .gguf file, or none.  [QUIPU_LLM, quipu.toml]"),
            click.option("--llm-url", metavar="URL", help="The base address for --llm openai-compatible."),
            click.option("--llm-name", metavar="NAME", help="The model's name at that address."),
            click.option("--llm-set", metavar="NAME=VALUE", multiple=True, help="Another setting of the model, such as max_tokens=400."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def llm_settings(llm: str | None, url: str | None, name: str | None, options: tuple[str, ...]) -> LlmSettings | None:
    """The settings of the model to write with; None, without importing anything, where no model is configured.

    `--llm none` asks for extractive answers whatever the environment says. Raises ConfigurationError.
    """
    if llm == NONE or not (llm or os.environ.get("QUIPU_LLM") or FILE.is_file()):
        if llm != NONE and (url or name or options):
            raise click.UsageError("--llm-url, --llm-name and --llm-set need --llm, the language model")
        return None
    from assistant.writing.config import check_file, load_settings

    settings = load_settings(llm, url, name, options)
    if settings is not None:
        check_file(settings)
    return settings

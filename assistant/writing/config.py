"""Settings of the language model: flags before environment before `quipu.toml`; keys from the environment alone.

| setting | flag | environment | quipu.toml, table [llm] |
|---|---|---|---|
| the model | --llm | QUIPU_LLM | model |
| base address | --llm-url | QUIPU_LLM_URL | url |
| name at that address | --llm-name | QUIPU_LLM_NAME | name |
| anything else | --llm-set NAME=VALUE | QUIPU_LLM_NAME_IN_CAPITALS | the name |

The key for an OpenAI-compatible address is read from QUIPU_LLM_API_KEY, else OPENAI_API_KEY; providers read their own variables.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from assistant.writing.errors import ConfigurationError

FILE = Path("quipu.toml")
OPENAI_COMPATIBLE = "openai-compatible"
KEY_VARIABLES = ("QUIPU_LLM_API_KEY", "OPENAI_API_KEY")
_MAIN = {"model": "QUIPU_LLM", "url": "QUIPU_LLM_URL", "name": "QUIPU_LLM_NAME"}


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """Which model writes, and how long it may take. Times are seconds, sizes tokens.

    `model` is `provider:model`, `openai-compatible`, or the path of a .gguf file. `window` is the model's context. `max_struck` is
    the share of struck sentences above which the extractive answer is shown instead. The key is no part of the settings.
    """

    model: str
    url: str = ""
    name: str = ""
    temperature: float = 0.0
    window: int = 8192
    max_tokens: int = 600
    first_token_timeout: float = 60.0
    token_timeout: float = 20.0
    total_timeout: float = 180.0
    retries: int = 2
    max_struck: float = 0.5
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 2) // 2))

    @property
    def label(self) -> str:
        """What reports and receipts call the model: never the key, nor anything of the address past the host."""
        if self.model == OPENAI_COMPATIBLE:
            return f"{OPENAI_COMPATIBLE}:{self.name or 'default'}"
        return Path(self.model).name if is_gguf(self.model) else self.model


def is_gguf(model: str) -> bool:
    """Whether a model is named by the path of a file for llama.cpp."""
    return model.lower().endswith(".gguf")


def check_file(settings: LlmSettings) -> None:
    """Refuse the path of a .gguf file that is not there, before anything slow is loaded. Raises ConfigurationError."""
    if is_gguf(settings.model) and not Path(settings.model).is_file():
        raise ConfigurationError(f"the model {settings.model} is not a file; give the path of a .gguf file")


def api_key(environment: Mapping[str, str] | None = None) -> str | None:
    """The key for an OpenAI-compatible address, from the environment alone."""
    environment = os.environ if environment is None else environment
    return next((environment[name] for name in KEY_VARIABLES if environment.get(name)), None)


def load_settings(
    model: str | None = None,
    url: str | None = None,
    name: str | None = None,
    options: Iterable[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    file: Path = FILE,
) -> LlmSettings | None:
    """The settings from flags, environment and file, the former before the latter; None if no model is named anywhere.

    `options` are `name=value` pairs of the flags. Raises ConfigurationError, naming the place that is wrong.
    """
    environment = os.environ if environment is None else environment
    values = _from_file(file)
    values.update(_from_environment(environment))
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            raise ConfigurationError(f"--llm-set {option!r}: expected NAME=VALUE, for example max_tokens=400")
        values[key.strip().replace("-", "_")] = (value.strip(), "--llm-set")
    for key, flag in (("model", model), ("url", url), ("name", name)):
        if flag:
            values[key] = (flag, "--llm" if key == "model" else f"--llm-{key}")
    if "model" not in values:
        return None
    return _checked(values)


def _from_file(file: Path) -> dict[str, tuple[Any, str]]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read ({error}); expected TOML with a table [llm]") from None
    table = content.get("llm", {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: llm is not a table; expected [llm]")
    secret = next(
        (key for key in table if "key" in key.lower() or "secret" in key.lower() or key.lower() == "token"), None
    )
    if secret is not None:
        raise ConfigurationError(
            f"{file}: {secret} does not belong in a file; put the key into the variable {KEY_VARIABLES[0]}"
        )
    return {key: (value, str(file)) for key, value in table.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    named = {
        **_MAIN,
        **{one.name: f"QUIPU_LLM_{one.name.upper()}" for one in fields(LlmSettings) if one.name not in _MAIN},
    }
    return {key: (environment[variable], variable) for key, variable in named.items() if environment.get(variable)}


def _checked(values: Mapping[str, tuple[Any, str]]) -> LlmSettings:
    known = {one.name: one for one in fields(LlmSettings)}
    settings = LlmSettings(str(values["model"][0]))
    for key, (value, place) in values.items():
        if key not in known:
            raise ConfigurationError(f"{place}: no setting is called {key!r}; expected one of {', '.join(known)}")
        kind = type(getattr(settings, key))
        try:
            converted = kind(value)
        except (TypeError, ValueError):
            raise ConfigurationError(f"{place}: {key} is {value!r}; expected {_KINDS[kind]}") from None
        if kind is not str and (
            converted < 0 or (converted == 0 and key not in ("temperature", "retries", "max_struck"))
        ):
            raise ConfigurationError(f"{place}: {key} is {value!r}; expected more than 0")
        settings = replace(settings, **{key: converted})
    if settings.model == OPENAI_COMPATIBLE and not settings.url:
        raise ConfigurationError(
            "--llm openai-compatible needs the address of the server; give --llm-url, for example http://127.0.0.1:11434/v1"
        )
    if not is_gguf(settings.model) and settings.model != OPENAI_COMPATIBLE and ":" not in settings.model:
        raise ConfigurationError(
            f"no language model is called {settings.model!r}; expected provider:model (ollama:llama3.2), openai-compatible, or the "
            "path of a .gguf file"
        )
    if settings.window < settings.max_tokens + 256:
        raise ConfigurationError(
            f"window is {settings.window} and max_tokens {settings.max_tokens}; the passages need at least 256 tokens beside the answer"
        )
    return settings


_KINDS = {int: "a whole number", float: "a number", str: "text"}

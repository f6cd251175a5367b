"""Opening the language model that the settings name, always as a LangChain chat model."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from assistant.writing.config import OPENAI_COMPATIBLE, LlmSettings, api_key, is_gguf
from assistant.writing.errors import ConfigurationError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def open_model(settings: LlmSettings) -> BaseChatModel:
    """The chat model of the settings. Nothing is asked of it yet. Raises ConfigurationError."""
    if is_gguf(settings.model):
        from assistant.writing.llamacpp import LlamaCpp

        return LlamaCpp(
            path=Path(settings.model).expanduser(),
            window=settings.window,
            threads=settings.threads,
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
        )
    if settings.model == OPENAI_COMPATIBLE:
        return _compatible(settings)
    return _provider(settings)


def _compatible(settings: LlmSettings) -> BaseChatModel:
    _need("langchain_openai", "an OpenAI-compatible address")
    import httpx
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=settings.name or "default",
        base_url=settings.url,
        # Servers on one's own machine ask for no key, but the client insists on one.
        api_key=SecretStr(api_key() or "none"),
        temperature=settings.temperature,
        # The older name, which every such server understands.
        extra_body={"max_tokens": settings.max_tokens},
        timeout=httpx.Timeout(settings.first_token_timeout, connect=min(10.0, settings.first_token_timeout)),
        max_retries=0,
        stream_usage=True,
    )


def _provider(settings: LlmSettings) -> BaseChatModel:
    _need("langchain", "a provider's model")
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"temperature": settings.temperature, "max_tokens": settings.max_tokens, "max_retries": 0}
    options |= {"timeout": settings.first_token_timeout}
    if settings.url:
        options["base_url"] = settings.url
    provider = settings.model.split(":", 1)[0]
    if provider == "ollama":
        # Its client names these otherwise, and has no key and no retries of its own.
        options = {"temperature": settings.temperature, "num_predict": settings.max_tokens, "num_ctx": settings.window}
        options |= {"base_url": settings.url} if settings.url else {}
    try:
        return cast("BaseChatModel", init_chat_model(settings.model, **options))
    except ImportError as error:
        raise ConfigurationError(f"--llm {settings.model}: {str(error).splitlines()[0]}") from None
    except ValueError as error:
        raise ConfigurationError(
            f"--llm {settings.model}: {str(error).splitlines()[0]}; expected provider:model"
        ) from None
    except Exception as error:
        # A provider's client without its key raises its own kind of error; its text names the variable, never the key.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigurationError(f"--llm {settings.model} cannot be opened: {reason}") from None


def _need(module: str, what: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ConfigurationError(f"{what} needs a package that is not installed; run: pip install 'quipu[llm]'")

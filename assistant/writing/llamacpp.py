"""A .gguf file as a LangChain chat model: llama.cpp in this process, through `xllamacpp`."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, PrivateAttr

from assistant.writing.errors import ConfigurationError, WritingError

ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class LlamaCpp(BaseChatModel):
    """Chat with a model file. The chat template is the one in the file; generation stops when the reader of a stream does.

    llama.cpp always listens on a port of the loopback address too: `address` is its OpenAI-compatible base, `key` what it asks for.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    path: Path
    window: int = 4096
    threads: int = 1
    temperature: float = 0.0
    max_tokens: int = 600
    _server: Any = PrivateAttr(None)
    _key: str = PrivateAttr("")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._key = secrets.token_urlsafe(24)
        self._server = _serve(self.path, self.window, self.threads, self._key)

    @property
    def address(self) -> str:
        """The base address of its OpenAI-compatible interface."""
        return f"{self._server.listening_address}/v1"

    @property
    def key(self) -> str:
        """The key that the address asks for: drawn anew for each model that is opened."""
        return self._key

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def _request(self, messages: list[BaseMessage], stop: list[str] | None) -> dict[str, Any]:
        return {
            "messages": [{"role": ROLES.get(message.type, "user"), "content": message.text} for message in messages],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "cache_prompt": True,
            **({"stop": stop} if stop else {}),
        }

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._server.handle_chat_completions(self._request(messages, stop))
        _refuse_error(answer)
        text = answer["choices"][0]["message"].get("content") or ""
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text, usage_metadata=_usage(answer)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = {**self._request(messages, stop), "stream": True, "stream_options": {"include_usage": True}}
        parts: queue.Queue[dict[str, Any] | BaseException | None] = queue.Queue()
        stopped = threading.Event()

        def receive(part: Any) -> bool:
            for one in part if isinstance(part, list) else [part]:
                parts.put(one)
            return stopped.is_set()

        def work() -> None:
            try:
                self._server.handle_chat_completions(request, receive)
                parts.put(None)
            except BaseException as error:
                parts.put(error)

        worker = threading.Thread(target=work, name="llama.cpp", daemon=True)
        worker.start()
        try:
            while (part := parts.get()) is not None:
                if isinstance(part, BaseException):
                    raise WritingError(f"llama.cpp failed: {part}") from part
                _refuse_error(part)
                choices = part.get("choices") or [{}]
                text = choices[0].get("delta", {}).get("content") or ""
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text, usage_metadata=_usage(part)))
                if text and run_manager is not None:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
        finally:
            stopped.set()
            worker.join(timeout=5)


def _serve(path: Path, window: int, threads: int, key: str) -> Any:
    try:
        import xllamacpp
    except ImportError:
        raise ConfigurationError(
            "a .gguf model needs llama.cpp, which is not installed; run: pip install 'quipu[llm]'"
        ) from None
    if not path.is_file():
        raise ConfigurationError(f"the model {path} is not a file; give the path of a .gguf file")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ConfigurationError(f"the model {path} is not in the GGUF format; give a model file for llama.cpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = window
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.warmup = False
    params.port = 0
    params.hostnames = ["127.0.0.1"]
    params.api_keys = [key]
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except Exception as error:
        raise ConfigurationError(
            f"llama.cpp cannot load {path} ({str(error).splitlines()[0]}); give another .gguf file"
        ) from None


def _refuse_error(answer: Any) -> None:
    if isinstance(answer, dict) and "error" in answer:
        error = answer["error"]
        raise WritingError(f"llama.cpp failed: {error.get('message', error) if isinstance(error, dict) else error}")


def _usage(answer: dict[str, Any]) -> UsageMetadata | None:
    usage = answer.get("usage")
    if not usage:
        return None
    read, wrote = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
    return UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)

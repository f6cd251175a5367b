"""Which requests the chat answers, the headers that go with them, and the port that it listens on."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.chat import server
from assistant.chat.guard import MAX_BODIES, MAX_BODY, SECURITY_HEADERS, Guard
from assistant.chat.limits import Rate
from index.errors import QuipuError

LOCAL = ("localhost", "127.0.0.1", "[::1]")


def status(
    method: str, path: str, *, host: str = "localhost:7860", length: int | str = 2, hosts: Any = LOCAL, **options: Any
) -> int:
    """The status of the answer to one request, 200 where it reaches the application behind the guard."""
    sent = exchange(method, path, host=host, length=length, hosts=hosts, **options)
    return int(sent[0]["status"])


def exchange(
    method: str, path: str, *, host: str, length: int | str, hosts: Any, html: bytes = b"", **options: Any
) -> list[dict[str, Any]]:
    kind = [(b"content-type", b"text/html")] if html else []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"X-Frame-Options", b"ALLOWALL"), *kind]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": html[:9], "more_body": True})
        await send({"type": "http.response.body", "body": html[9:]})

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", host.encode()), (b"content-length", str(length).encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    answering = Guard(application, hosts, **options)(scope, None, send)  # type: ignore[arg-type]
    # Nothing here waits for anything, so that no event loop is needed.
    with pytest.raises(StopIteration):
        answering.send(None)
    return sent


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/assets/index-Dph_1.js"),
        ("GET", "/static/js/iframeResizer.contentWindow.min.js"),
        ("GET", "/gradio_api/heartbeat/abc123"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/ask"),
        ("GET", "/documents"),
        ("POST", "/documents/upload"),
        ("POST", "/export"),
    ],
)
def test_what_the_page_needs_is_let_through(method: str, path: str) -> None:
    assert status(method, path) == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=seeds/000_cf9958df2bfae6ec.txt"),
        ("GET", "/gradio_api/file/etc/passwd"),
        ("GET", "/gradio_api/proxy=http://example.org/"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/vibe-edit/"),
        ("GET", "/monitoring"),
        ("GET", "/assets/../../../etc/passwd"),
        ("GET", "/static/..%2f..%2fetc/passwd"),
        ("GET", "/docs"),
        ("GET", "/login"),
        ("GET", "/export"),
        ("POST", "/export/x"),
        ("POST", "/"),
        ("POST", "/documents"),
        ("GET", "/documents/upload"),
        ("POST", "/documents/upload/../../gradio_api/upload"),
        ("GET", "/gradio_api/queue/data"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/cancel"),
        ("GET", "/ask"),
        ("DELETE", "/gradio_api/component_server"),
        ("OPTIONS", "/"),
    ],
)
def test_everything_else_is_not_there(method: str, path: str) -> None:
    assert status(method, path) == 404


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:7860", 200),
        ("127.0.0.1", 200),
        ("[::1]:7860", 200),
        ("LOCALHOST", 200),
        ("evil.example:7860", 400),
        ("localhost.evil.example", 400),
        ("", 400),
    ],
)
def test_a_local_server_answers_only_to_local_names(host: str, expected: int) -> None:
    assert status("GET", "/", host=host) == expected


def test_a_server_for_others_answers_to_any_name() -> None:
    assert status("GET", "/", host="chat.example.org", hosts=None) == 200


def test_a_whole_conversation_may_be_larger_and_is_bounded_too() -> None:
    largest = MAX_BODIES["/export"]
    assert largest > MAX_BODY
    assert [status("POST", "/export", length=length) for length in (largest, largest + 1, "")] == [200, 413, 413]


@pytest.mark.parametrize(("length", "expected"), [(MAX_BODY, 200), (MAX_BODY + 1, 413), ("", 413), ("-1", 413)])
def test_a_request_announces_a_bounded_size(length: int | str, expected: int) -> None:
    assert status("POST", "/ask", length=length) == expected


def test_a_page_that_counts_for_itself_may_take_more_than_a_question() -> None:
    assert status("POST", "/documents/upload", length=MAX_BODY + 1) == 200
    assert status("POST", "/documents/upload", length="") == 413


def test_logging_in_is_only_there_where_somebody_answers_it() -> None:
    assert [status(method, "/login") for method in ("GET", "POST")] == [404, 404]
    assert status("GET", "/login", login=True) == 200
    assert status("POST", "/logout", login=True) == 200
    assert status("GET", "/logout", login=True) == 404


def test_one_address_cannot_send_without_end() -> None:
    rate = Rate(60, 2)
    assert [status("POST", "/ask", rate=rate) for _ in range(3)] == [200, 200, 429]
    assert status("GET", "/", rate=rate) == 200


def test_the_scripts_of_the_page_and_no_others_carry_the_nonce_of_the_response() -> None:
    html = b'<script>a</script><script type="module" src="x"></script><p>\\u003cscript></p><scripture>'
    sent = exchange("GET", "/", host="localhost", length=0, hosts=LOCAL, html=html)
    policy = dict(sent[0]["headers"])[b"content-security-policy"].decode()
    nonce = re.search(r"'nonce-([\w-]+)'", policy)
    assert nonce is not None
    script = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe-inline" not in script
    body = sent[1]["body"].decode()
    assert body.count(f'nonce="{nonce[1]}"') == 2
    assert "<scripture>" in body
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(body)).encode()
    again = exchange("GET", "/", host="localhost", length=0, hosts=LOCAL, html=html)
    assert again[0]["headers"] != sent[0]["headers"]


@pytest.mark.parametrize("path", ["/", "/documents", "/gradio_api/file=/etc/passwd"])
def test_every_response_carries_the_security_headers_once(path: str) -> None:
    start = exchange("GET", path, host="localhost", length=0, hosts=LOCAL)[0]
    names = [name.lower() for name, _ in start["headers"]]
    assert all(names.count(name) == 1 for name, _ in SECURITY_HEADERS)
    assert (b"x-frame-options", b"DENY") in start["headers"]


@contextlib.contextmanager
def listening(host: str, port: int | None) -> Iterator[int]:
    listener = server.listen(host, port)
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def test_a_port_in_use_is_one_clear_line() -> None:
    with (
        listening("127.0.0.1", 0) as port,
        pytest.raises(QuipuError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*in use.*--port"),
    ):
        server.listen("127.0.0.1", port)


def test_without_a_port_the_first_free_one_is_taken() -> None:
    with listening("127.0.0.1", None) as first, listening("127.0.0.1", None) as second:
        assert server.FIRST_PORT <= first < second


def test_where_no_port_is_free_the_message_says_which_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening("127.0.0.1", 0) as taken:
        monkeypatch.setattr(server, "FIRST_PORT", taken)
        monkeypatch.setattr(server, "PORTS_TRIED", 1)
        with pytest.raises(QuipuError, match=f"no port from {taken} to {taken} is free"):
            server.listen("127.0.0.1", None)


def test_a_host_that_is_none_is_one_clear_line() -> None:
    with pytest.raises(QuipuError, match=r"the host 'no\.such\.host\.invalid' has no address"):
        server.listen("no.such.host.invalid", 0)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("chat.example", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, local: bool) -> None:
    assert server.is_loopback(host) is local


class Stopped:
    """A web server that ends at once."""

    def run(self, sockets: list[socket.socket]) -> None:
        assert sockets


@pytest.mark.parametrize(
    ("host", "protected", "warning"),
    [
        ("127.0.0.1", False, None),
        ("0.0.0.0", False, "there is no password"),
        ("0.0.0.0", True, "travel unencrypted"),
    ],
)
def test_serving_others_is_warned_about(
    host: str, protected: bool, warning: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "web_server", lambda *_: Stopped())
    with caplog.at_level(logging.WARNING):
        server.run(None, server.listen("127.0.0.1", 0), host, None, protected=protected)  # type: ignore[arg-type]
    assert ("warning" in caplog.text) is (warning is not None)
    assert warning is None or warning in caplog.text


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:8/"), ("0.0.0.0", "http://localhost:8/"), ("::1", "http://[::1]:8/")],
)
def test_the_address_can_be_opened_in_a_browser(host: str, expected: str) -> None:
    assert server.address(host, 8) == expected

"""A load test of the chat: one visitor, then many at once, over the same routes that a browser uses.

    python -m assistant.chat.bench [--index DIR] [--users 30] [--seconds 60] [--pause 0] [--json]

Starts `quipu chat` on the index (a free port, this machine alone). One visitor asks 30 questions, each as soon as the one before is
answered: the median time from asking to the whole answer is the single-user time. Then every user does the same at once. The
questions are those of the start page, or with --questions FILE those of the file, each with a number of its own, so that no answer that
was kept can serve. Nobody stops to think, or with --pause everybody does, about so many seconds after each answer. Time on the
processor is that of the server, of its helper programs (the translator's), and of this program, which asks. Memory is the server's,
from `/metrics`, ten times over the load.
With Chromium it also measures how soon the page is ready, and the first words after a question.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import click
import httpx

CHROMIUM = "/usr/bin/chromium"
_READY = re.compile(r"Quipu answers on (http://\S+)")
_STATE = re.compile(r'data-state="(\w+)"')


@click.command()
@click.option("--index", type=click.Path(path_type=Path), default=Path(".index"), show_default=True)
@click.option("--users", default=30, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1))
@click.option(
    "--pause",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="How long a user reads before asking again, on average.",
)
@click.option(
    "--questions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask the questions of this JSONL file; else the examples of the start page.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(index: Path, users: int, seconds: float, pause: float, questions: Path | None, as_json: bool) -> None:
    """Measure the chat with one visitor and with many."""
    command = [sys.executable, "-m", "assistant", "chat", "--index", str(index)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        address = _address(server)
        figures = asyncio.run(_measure(address, users, seconds, pause, _questions(questions), server.pid))
        figures.update(_in_a_browser(address))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
    if as_json:
        click.echo(json.dumps(figures, indent=1))
    else:
        for name, value in figures.items():
            click.echo(f"{name:<28} {value}")
    if figures["errors"]:
        raise SystemExit(1)


def _questions(path: Path | None) -> list[str]:
    if path is None:
        return []
    return [json.loads(line)["question"] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        if found := _READY.search(line):
            return found[1]
    raise SystemExit("the chat did not start")


class Visitor:
    """One page's conversation with the server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, question: str) -> tuple[float, float, str]:
        """Milliseconds to the first words and to the whole answer, and the turn's last state."""
        begun = time.perf_counter()
        asked = {"question": question, "language": "en", "turn": 1, "previous": "", "filter": {}}
        first, state = 0.0, "nothing"
        async with self._client.stream("POST", "ask", json=asked) as stream:
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                shown = json.loads(line)
                if not first and "q-said" in shown:
                    first = (time.perf_counter() - begun) * 1e3
                if found := _STATE.search(shown):
                    state = found[1]
        return first, (time.perf_counter() - begun) * 1e3, state


async def _measure(
    address: str, users: int, seconds: float, pause: float, given: Sequence[str], server: int
) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=4 * users, max_keepalive_connections=4 * users)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        config = (await client.get("config")).json()
        examples = re.findall(r'data-question="([^"]+)"', json.dumps(config, ensure_ascii=False).replace('\\"', '"'))
        numbers = count()

        def question() -> str:
            number = next(numbers)
            known = given or examples or ["What is it about?"]
            return f"{known[number % len(known)]} ({number})"

        alone = Visitor(client)
        first_ever = await alone.ask(question())
        single = [await alone.ask(question()) for _ in range(30)]
        memory = [await _metric(client, "process_resident_memory_bytes")]
        worked = [await _metric(client, "process_cpu_seconds_total"), _helpers(server), time.process_time()]
        ends = time.perf_counter() + seconds
        answers: list[tuple[float, float, str]] = []
        errors: list[str] = []

        async def keep_asking() -> None:
            visitor = Visitor(client)
            reading = random.Random(next(numbers))
            await asyncio.sleep(reading.uniform(0, 2 * pause))
            while time.perf_counter() < ends:
                try:
                    answers.append(await visitor.ask(question()))
                except (httpx.HTTPError, ValueError) as error:
                    errors.append(f"{type(error).__name__}: {error}")
                await asyncio.sleep(reading.uniform(0, 2 * pause))

        async def watch() -> None:
            while time.perf_counter() < ends:
                await asyncio.sleep(2)
                memory.append(await _metric(client, "process_resident_memory_bytes"))

        await asyncio.gather(watch(), *(keep_asking() for _ in range(users)))
        ended = [await _metric(client, "process_cpu_seconds_total"), _helpers(server), time.process_time()]
    each = [(end - begin) * 1e3 / max(len(answers), 1) for begin, end in zip(worked, ended, strict=True)]
    errors += [f"the turn ended as {state}" for _, _, state in answers if state != "done"]
    times = sorted(total for _, total, _ in answers)
    single_median = statistics.median(total for _, total, _ in single)
    return {
        "cores": os.cpu_count(),
        "first_question_ms": round(first_ever[1]),
        "single_p50_ms": round(single_median),
        "single_first_words_p50_ms": round(statistics.median(first for first, _, _ in single)),
        "users": users,
        "seconds": seconds,
        "pause": pause,
        "answers": len(answers),
        "answers_per_second": round(len(answers) / seconds, 1),
        "p50_ms": round(times[len(times) // 2]),
        "p95_ms": round(times[int(len(times) * 0.95)]),
        "p95_over_single": round(times[int(len(times) * 0.95)] / single_median, 1),
        "errors": len(errors),
        "error_kinds": sorted(set(errors))[:5],
        "server_cpu_ms_per_answer": round(each[0], 1),
        "helpers_cpu_ms_per_answer": round(each[1], 1),
        "asking_cpu_ms_per_answer": round(each[2], 1),
        "memory_mb": [round(memory[(len(memory) - 1) * tenth // 10] / 1e6) for tenth in range(11)],
    }


async def _metric(client: httpx.AsyncClient, name: str) -> float:
    text = (await client.get("metrics")).text
    found = re.search(rf"^{name} (\S+)", text, re.M)
    return float(found[1]) if found else 0.0


def _helpers(server: int) -> float:
    """Seconds on the processor of the server's own programs so far; 0 where the system does not tell."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name, in brackets, may hold spaces.
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12]) if int(fields[1]) == server else 0
    return total / os.sysconf("SC_CLK_TCK")


FIRST_WORDS = """question => new Promise(resolve => {
  const begun = performance.now();
  new MutationObserver((_, watching) => {
    const turn = document.querySelector('#q-stage .q-turn');
    if (turn?.dataset.question === question && turn.querySelector('.q-said')) {
      watching.disconnect();
      resolve(performance.now() - begun);
    }
  }).observe(document.getElementById('q-stage'), {childList: true, subtree: true});
  const input = document.getElementById('q-input');
  input.value = question;
  input.form.requestSubmit();
})"""
"""Asks a question in the page and gives the milliseconds until its first words stand there."""


def _in_a_browser(address: str) -> dict[str, Any]:
    """How soon the page is ready and the first words are there, in milliseconds; nothing without Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {}
    if not Path(CHROMIUM).exists():
        return {}
    ready, first = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(5):
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector("html.q-ready", state="attached")
            ready.append(
                page.evaluate(
                    "performance.getEntriesByName('quipu-ready')[0].startTime"
                    " - performance.getEntriesByType('navigation')[0].responseStart"
                )
            )
            examples = page.eval_on_selector_all(".q-example", "all => all.map(e => e.dataset.question)")
            for question in examples[:4]:
                first.append(page.evaluate(FIRST_WORDS, question))
                page.wait_for_selector('#q-stage .q-turn[data-state="done"]')
            context.close()
        browser.close()
    if not first:
        return {"page_ready_ms": [round(value) for value in sorted(ready)]}
    return {
        "page_ready_ms": [round(value) for value in sorted(ready)],
        "first_words_first_question_ms": round(first[0]),
        "first_words_p50_ms": round(statistics.median(first)),
        "first_words_max_ms": round(max(first)),
    }


if __name__ == "__main__":
    bench()

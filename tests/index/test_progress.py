"""Rates and times left are those of the work that was really done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from index.build import build_index
from index.embedding import Encoded
from index.lock import read_activity
from index.progress import Meter, Stage, duration, pace
from index.testing import HashEmbedder


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    now = 0.0
    meter = Meter(lambda: now)
    assert meter.measure("embedding", 0, 1_000).rate is None
    for second in range(1, 41):
        now = float(second)
        done = second * 10 if second <= 5 else 50 + (second - 5) * 2
        stage = meter.measure("embedding", done, 1_000)
    # Of the 40 seconds, the fast ones are out of sight: 2 a second, 880 to go.
    assert stage.done == 120
    assert stage.rate == pytest.approx(2.0)
    assert stage.left == pytest.approx(440.0)
    assert meter.measure("embedding", 1_000, 1_000).left == 0.0


def test_stages_that_take_turns_keep_their_own_rates() -> None:
    now = 0.0
    meter = Meter(lambda: now)
    for second in range(21):
        now = float(second)
        reading = meter.measure("reading", second, 40)
        embedding = meter.measure("embedding", 7 * second, 280)
    assert (reading.rate, reading.left) == (1.0, 20.0)
    assert (embedding.rate, embedding.left) == (7.0, 20.0)


def test_many_calls_a_second_are_not_all_remembered() -> None:
    now = 0.0
    meter = Meter(lambda: now)
    for call in range(100_000):
        now = call / 1_000
        stage = meter.measure("embedding", call, 200_000)
    assert stage.rate == pytest.approx(1_000, rel=0.02)
    assert len(meter._seen["embedding"]) < 400


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (200, "3 min"), (7_500, "2 h 05 min")])
def test_durations_are_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_pace_is_told_as_far_as_it_is_known() -> None:
    assert pace(Stage("embedding", 5, 10, None, None)) == ""
    assert pace(Stage("embedding", 5, 1_000, 2.0, 497.5)) == "2/s, 8 min left"
    assert pace(Stage("embedding", 10, 10, 2.0, 0.0)) == "2/s"


def test_only_texts_that_are_encoded_count_as_embedding(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(30):
        text = "\n\n".join(f"Village {n} of district {number} has a school." for n in range(30))
        (source / f"{number:02d}.txt").write_text(text, encoding="utf-8")
    calls: list[tuple[int, int]] = []

    def told(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            calls.append((done, total))

    report = build_index(source, tmp_path / "index", embedder=HashEmbedder(), progress=told)
    assert calls[-1] == (report.encoded, report.encoded)
    assert all(done <= total for done, total in calls)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    early = calls[len(calls) // 3]
    assert early[1] == pytest.approx(report.encoded, rel=0.2), "the total is foretold from the bytes read so far"
    calls.clear()
    (source / "00.txt").write_text("One more village.", encoding="utf-8")
    report = build_index(source, tmp_path / "index", embedder=HashEmbedder(), progress=told)
    assert calls[-1] == (2, 2) == (report.encoded, report.encoded)


def test_another_process_can_see_how_far_a_build_is(tmp_path: Path) -> None:
    seen: list[str] = []

    class Looking(HashEmbedder):
        def encode(
            self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
        ) -> list[Encoded]:
            found = super().encode(texts, kind, tokens=tokens, done=done)
            activity = read_activity(tmp_path / "index")
            seen.append(activity.summary() if activity is not None else "nothing")
            return found

    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("Words of gold.", encoding="utf-8")
    build_index(source, tmp_path / "index", embedder=Looking())
    assert seen
    assert all(line.startswith(("starting", "reading: ", "embedding: ")) for line in seen)
    assert read_activity(tmp_path / "index") is None

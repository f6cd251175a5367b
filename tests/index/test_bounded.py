"""What is remembered stays within its bytes, and the oldest goes first."""

from __future__ import annotations

import pytest

from index.bounded import ByteCache, kept_within


def cache(limit: int) -> ByteCache[str, str]:
    return ByteCache(limit, lambda key, value: len(key) + len(value))


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    kept = cache(12)
    for name in ("a", "b", "c"):
        kept.put(name, "xxx")
    assert kept.held == 12
    assert kept.get("a") == "xxx"
    kept.put("d", "xxx")
    assert [kept.get(name) for name in "abcd"] == ["xxx", None, "xxx", "xxx"]
    assert kept.held == 12


def test_a_value_put_again_counts_once_and_one_too_large_is_not_kept() -> None:
    kept = cache(10)
    kept.put("a", "xx")
    kept.put("a", "xxxx")
    assert (kept.held, len(kept)) == (5, 1)
    kept.put("a", "x" * 10)
    assert (kept.held, len(kept), kept.get("a")) == (0, 0, None)
    kept.put("b", "x")
    kept.clear()
    assert (kept.held, len(kept)) == (0, 0)


def test_a_function_is_called_once_for_each_argument_that_is_remembered() -> None:
    calls: list[str] = []

    @kept_within(8, lambda key, value: len(key) + len(value))
    def shout(text: str) -> str:
        """Loudly."""
        calls.append(text)
        if text == "bad":
            raise ValueError(text)
        return text.upper()

    assert [shout(text) for text in ("ab", "ab", "cd", "ab", "ef", "ab", "cd")] == [
        "AB", "AB", "CD", "AB", "EF", "AB", "CD",
    ]  # fmt: skip
    assert calls == ["ab", "cd", "ef", "cd"]
    assert shout.__doc__ == "Loudly."
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            shout("bad")

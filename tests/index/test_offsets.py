"""Every span stands where it says, and nothing that can be read falls out of the passages."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.blocks import FIELD, HEADING, ITEM, split_blocks
from index.chunking import MAX_TOKENS, split_passages
from index.loading import front_matter_span
from index.sentences import readable, split_sentences
from index.types import Document, Passage

WORDS = st.sampled_from(
    [
        "river",
        "Peru",
        "minería",
        "ILLEGAL",
        "2,000",
        "60%",
        "S/. 300",
        "the",
        "of",
        "deforestación",
        "🌳",
        "👩🏽‍🌾",
        "e\u0301tude",
        "العربية",
        "שלום",
        "雨林",
        "a",
        "Dr.",
        "U.S.",
        "etc.",
        "(see",
        "below)",
        "don’t",
        "x\u00a0y",
        "…",
        "[1]",
        "¿Qué?",
        "—",
        "\u200b",
        "\ufeff",
        "\u202e",
        "ñ" * 40,
        "z" * 700,
    ]
)
LINES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=12).map(" ".join),
    st.lists(WORDS, min_size=1, max_size=60).map(lambda words: " ".join(words) + "."),
    st.sampled_from(
        [
            "",
            "",
            "   ",
            "\t",
            "# Heading",
            "### Deep heading ###",
            "OUR WORK",
            "Our Work",
            "60+",
            "1.9 Million",
            "Directly supporting 60 Indigenous communities",
            "including:",
            "The partners are:",
            "- first item",
            "* second item",
            "1. numbered",
            "a) lettered",
            "  continued without a bullet",
            "and so it went on (with",
            "a torn) line.",
            "name | amount",
            "Lima | 20",
            "---",
            "key: value",
            "> quoted",
            "\x00",
            "\x0c",
            "\u2028",
            "Flag of Peru",
            "\ufeff  marked",
            " \ufeffmarked",
            "Last updated: August 18, 2014",
        ]
    ),
)
TEXTS = st.one_of(
    st.builds(
        lambda lines, ending, mark: mark + ending.join(lines),
        st.lists(LINES, max_size=30),
        st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"]),
        st.sampled_from(["", "\ufeff", "---\ntitle: x\nnotes: |\n  one\n\n  two\n---\n"]),
    ),
    st.text(max_size=400),
)
MARKUP = st.lists(
    st.sampled_from(
        [
            "<b>",
            "</b>",
            "<iframe src='x'></iframe>",
            "[link](https://x.org/a_b)",
            "![](a.png)",
            "https://x.org/seeds",
            "word",
            "Two words.",
            "<",
            ">",
            "[",
            "](",
            ")",
            "\n",
            "\n\n",
            " ",
            "<juan@x.org>",
            "<!-- hidden -->",
        ]
    ),
    max_size=25,
).map("".join)


def count_quarters(texts: Sequence[str]) -> list[int]:
    """Four characters a token: unlike words, this cuts up what has no spaces."""
    return [-(-len(re.sub(r"\s", "", text)) // 4) for text in texts]


def passages_of(text: str, language: str = "en") -> list[Passage]:
    return split_passages(Document("a.txt", text, "A", language), count_quarters)


def assert_spans_stand(text: str, passages: Sequence[Passage]) -> None:
    last_passage = last_sentence = 0
    for passage in passages:
        assert last_passage <= passage.start < passage.end <= len(text)
        assert text[passage.start : passage.end] == passage.text
        assert passage.sentences
        last_passage = passage.end
        for sentence in passage.sentences:
            assert passage.start <= sentence.start < sentence.end <= passage.end
            assert last_sentence <= sentence.start
            quote = text[sentence.start : sentence.end]
            assert quote == quote.strip()
            last_sentence = sentence.end


def assert_nothing_lost(text: str, passages: Sequence[Passage]) -> None:
    held = {i for passage in passages for i in range(passage.start, passage.end)}
    cited = {i for passage in passages for s in passage.sentences for i in range(s.start, s.end)}
    for block in split_blocks(text):
        shown = readable(text[block.start : block.end])
        bullet = re.match(r"\s*(\d{1,3}|[a-zA-Z]|\([a-z0-9]{1,3}\))[.)]?\s", shown) if block.kind == ITEM else None
        for i in (block.start + match.start() for match in re.finditer(r"[^\W_]", shown)):
            assert i in held, f"{text[i]!r} at {i} is in no passage"
            assert i in cited or (bullet and i < block.start + bullet.end()), f"{text[i]!r} at {i} is in no sentence"


@given(TEXTS)
@settings(max_examples=300)
@example(" \ufeffabc")
@example("\ufeff   Heading\n\ntext")
@example("---\n  indented: " + "first of all, " * 40 + "\n---\n")
@example("---\nnotes: |\n  " + "long text " * 40 + "\n\n  after a blank line\n---\nbody")
@example("---\nnotes:\n\n- " + "long text " * 40 + "\n\n  after a blank line\n- second\n---\nbody")
def test_spans_stand_and_no_word_is_lost(text: str) -> None:
    passages = passages_of(text)
    assert_spans_stand(text, passages)
    assert_nothing_lost(text, passages)


@given(MARKUP)
@settings(max_examples=200)
def test_spans_stand_and_no_shown_word_is_lost_in_markup(text: str) -> None:
    passages = passages_of(text)
    assert_spans_stand(text, passages)
    assert_nothing_lost(text, passages)


@given(TEXTS, st.sampled_from(["es", "und", "ar", "zh", "", "English", "xx-YY"]))
@settings(max_examples=60)
def test_any_stated_language_is_split_without_loss(text: str, language: str) -> None:
    passages = passages_of(text, language)
    assert_spans_stand(text, passages)
    assert_nothing_lost(text, passages)


@given(TEXTS)
@settings(max_examples=200)
def test_blocks_cover_every_character_but_white_space_once(text: str) -> None:
    front = front_matter_span(text)
    fences = set()
    if front:
        for match in re.finditer(r"^\ufeff?---[ \t]*\r?$", text[: front.end], re.MULTILINE):
            fences |= set(range(*match.span()))
    seen = [i for block in split_blocks(text) for i in range(block.start, block.end)]
    assert len(seen) == len(set(seen)), "a character lies in two blocks"
    assert seen == sorted(seen)
    lost = [i for i, c in enumerate(text) if not c.isspace() and c != "\ufeff" and i not in fences]
    assert not set(lost) - set(seen)


@given(TEXTS)
@settings(max_examples=150)
def test_no_passage_is_over_the_budget(text: str) -> None:
    for passage in passages_of(text):
        assert count_quarters([readable(passage.text)])[0] <= MAX_TOKENS


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t", "\ufeff", "---", "***\n---\n___", "🌳🌳", "<br>"])
def test_a_text_without_words_has_no_passages(text: str) -> None:
    assert passages_of(text) == []


def test_a_line_of_40_000_characters_without_a_space_is_cut_and_kept() -> None:
    text = "Ab1" * 13_334
    passages = passages_of(text)
    assert_spans_stand(text, passages)
    assert "".join(passage.text for passage in passages) == text


@pytest.mark.parametrize("hostile", ["[", "<a ", "(", "- ", "1.", "#", "!)", "http://", "1 ", "'"])
def test_100_000_characters_of_half_open_markup_take_no_time(hostile: str) -> None:
    text = hostile * (100_000 // len(hostile))
    for block in split_blocks(text):
        assert len(readable(text[block.start : block.end])) == block.end - block.start
        split_sentences(text, block, "en")


def test_a_paragraph_longer_than_the_segmenters_window_is_split_as_in_one_go() -> None:
    sentence = "The river Marañón is 1,737 km long, says Dr. Ruiz. "
    text = sentence * 1_000
    spans = split_sentences(text, split_blocks(text)[0], "en")
    assert [text[s.start : s.end] for s in spans] == [sentence.strip()] * 1_000


def test_spans_of_the_seeds_stand_and_no_word_is_lost(
    seed_documents: dict[str, tuple[Document, list[Passage]]],
) -> None:
    assert len(seed_documents) == 5
    for document, passages in seed_documents.values():
        assert_spans_stand(document.text, passages)
        assert_nothing_lost(document.text, passages)


def test_a_list_goes_on_in_the_next_passage_when_lead_in_and_item_are_over_the_budget() -> None:
    # 4 * 300 characters are 300 tokens: lead-in and item together are over 320.
    lead, item = "x" * 1199 + ":", "- " + "y" * 1198
    passages = passages_of(f"Before.\n\n{lead}\n\n{item}")
    assert [count_quarters([p.text])[0] <= MAX_TOKENS for p in passages] == [True] * len(passages)
    assert any(p.text.endswith(item) for p in passages)


def test_headings_are_breadcrumbs_from_the_outermost_in() -> None:
    text = "# Peru\n\nIntro to the country.\n\n## Forests\n\nTrees cover most of it.\n\n## Mining\n\nGold is mined."
    by_text = {p.text.splitlines()[0]: p.headings for p in passages_of(text)}
    assert by_text["# Peru"] == ("Peru",)
    kinds = [block.kind for block in split_blocks(text)]
    assert kinds.count(HEADING) == 3
    assert FIELD not in kinds

"""What the chat shows, as HTML: exact characters, escaped markup, words instead of numbers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chat import evidence, examples, reader, turn
from assistant.chat.evidence import Mark
from assistant.chat.library import ChatAssistant
from assistant.chat.markup import escape, language_attribute, prose, web_address
from assistant.chat.service import Asking, Service
from assistant.chat.strings import LANGUAGES, known_language, strings, text
from assistant.filters import Described, Facets, Filter
from assistant.types import Answer, Citation, Hit
from index.errors import QuestionError
from index.types import Document, Passage, Sentence, Span

VOID = {"br", "img", "input", "meta", "link", "hr"}


class Page(HTMLParser):
    """The parts of a page that tests ask for: its text, its marks, its tags; fails on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.marks: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        self.text += data
        for tag, attributes in self._open:
            if tag == "mark":
                for marker in (attributes["data-marker"] or "").split():
                    self.marks[marker] = self.marks.get(marker, "") + data

    def having(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


ROOT = 'Root\r\nIntro [1] <b>bold</b> & "quotes".\n\n## Findings\n\nFirst fact. Second {{fact}}. Third fact.\n- item\n'


def document(content: str = ROOT, **metadata: str) -> Document:
    return Document("a/b.txt", content, "A <i>title</i>", "en", metadata)


class Shelf:
    """A library of one document, one passage a paragraph."""

    def __init__(self, held: Document, passages: Iterable[Passage] = ()) -> None:
        self.held = held
        self.held_passages = list(passages)

    def doc_ids(self) -> tuple[str, ...]:
        return (self.held.doc_id,)

    def document(self, doc_id: str) -> Document:
        assert doc_id == self.held.doc_id
        return self.held

    @property
    def facets(self) -> Facets:
        held = self.held
        return Facets(None, (Described(held.doc_id, held.title, "", held.language, ""),))  # type: ignore[arg-type]

    def source_file(self, doc_id: str) -> Path | None:
        return None

    def passages(self, doc_id: str) -> list[Passage]:
        return self.held_passages if doc_id == self.held.doc_id else []


def passage(held: Document, words: str, *headings: str) -> Passage:
    start = held.text.index(words)
    sentences = tuple(Sentence(start + m.start(), start + m.end()) for m in re.finditer(r"[^.]+\.", words))
    return Passage(held.doc_id, start, start + len(words), words, headings, sentences)


def citation(held: Document, marker: int, quote: str, **changes: object) -> Citation:
    start = held.text.index(quote)
    made = Citation(marker, held.doc_id, held.title, start, start + len(quote), quote)
    return replace(made, **changes)  # type: ignore[arg-type]


def answer(answer_text: str, citations: Iterable[Citation] = (), hits: Iterable[Hit] = (), **changes: object) -> Answer:
    cited = tuple(citations)
    made = Answer("What?", answer_text, cited, tuple(hits), not cited, 0.9, "en", {}, "generation")
    return replace(made, **changes)  # type: ignore[arg-type]


# Every character that HTML can hold: all but U+0000 and surrogates.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
TRICKY = st.lists(
    st.sampled_from(
        ["[", "](http://x.y/z)", "https://example.org/" + "a" * 30, "\r", "\n", "<b>", "&amp;", '"', "’", " ", "é"]
    )
).map("".join)


@given(TEXTS | TRICKY)
def test_prose_keeps_every_character(words: str) -> None:
    assert Page(prose(words)).text == words


@given(TEXTS)
def test_escaped_text_keeps_every_character_in_an_attribute(words: str) -> None:
    assert Page(f'<p title="{escape(words)}"></p>').having("title") == [words]


def test_a_character_that_html_cannot_hold_is_shown_as_unknown() -> None:
    assert escape("a\0b") == "a\ufffdb"


def test_a_carriage_return_survives_a_parser_that_would_drop_it() -> None:
    assert escape("a\r\nb") == "a&#13;\nb"


def test_the_target_of_a_link_is_marked_up_and_its_words_stay_plain() -> None:
    assert prose("see [the plan](https://x.org/p).") == (
        'see <span class="q-bracket">[</span>the plan'
        '<span class="q-target" title="https://x.org/p">](https://x.org/p)</span>.'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://x.org/a", "https://x.org/a"),
        (" http://x.org ", "http://x.org"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//x.org", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_only_web_addresses_become_links(value: str, expected: str | None) -> None:
    assert web_address(value) == expected


def test_a_language_that_is_not_a_code_never_reaches_an_attribute() -> None:
    assert [language_attribute(code) for code in ("es", "und", 'en" onload="x')] == ['lang="es"', "", ""]


# Words of the interface


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    english, spanish = strings()["en"], strings()["es"]
    assert set(english) == set(spanish)
    slots = re.compile(r"\{\w+\}")
    different = [
        key
        for key in english
        if not key.endswith("_one") and set(slots.findall(english[key])) != set(slots.findall(spanish[key]))
    ]
    assert different == []


def test_a_value_that_looks_like_a_slot_stays_as_it_is() -> None:
    assert text("en", "citation", n=3, title="{n} {title}") == "Citation 3: {n} {title}. Open the source"


def test_one_and_many_have_their_own_forms() -> None:
    assert [text("en", "evidence", n=n) for n in (1, 2)] == ["1 citation", "2 citations"]
    assert [text("es", "evidence", n=n) for n in (1, 2)] == ["1 cita", "2 citas"]
    assert "19,999 " in text("en", "error_long", n=19_999)
    assert "19.999 " in text("es", "error_long", n=19_999)
    assert "2001 " in text("es", "error_long", n=2_001)


@pytest.mark.parametrize(("asked", "spoken"), [("es", "es"), ("en", "en"), ("fr", "en"), (None, "en"), (["es"], "en")])
def test_an_unknown_language_is_english(asked: object, spoken: str) -> None:
    assert known_language(asked) == spoken


# Statements


def test_an_answer_is_cut_behind_its_markers() -> None:
    held = document()
    cited = [citation(held, 1, "First fact."), citation(held, 2, "Third fact.")]
    said = turn.statements("First fact. [1] Third fact. [2] [1]\nAnd more.", cited)
    assert said == [
        turn.Statement("First fact.", (1,)),
        turn.Statement(" Third fact.", (2, 1)),
        turn.Statement("\nAnd more.", ()),
    ]


@pytest.mark.parametrize("quote", ["Intro [1] <b>bold</b>", "Intro [1]", "[1] <b>bold</b>"])
def test_a_marker_inside_a_quote_is_text(quote: str) -> None:
    cited = [citation(document(), 1, quote)]
    assert turn.statements(f"{quote} [1]", cited) == [turn.Statement(quote, (1,))]


def test_a_marker_without_a_citation_is_text() -> None:
    cited = [citation(document(), 1, "First fact.")]
    assert turn.statements("First fact. [1] See [7].", cited) == [
        turn.Statement("First fact.", (1,)),
        turn.Statement(" See [7].", ()),
    ]


# Turns


def stages(made: Answer, shelf: Shelf, language: str = "en") -> list[str]:
    return list(turn.stages(made, shelf, language, 4))


def test_an_answer_grows_statement_by_statement_and_ends_whole() -> None:
    held = document()
    cited = [citation(held, n, quote) for n, quote in enumerate(["First fact.", "Second {{fact}}.", "Third fact."], 1)]
    grown = stages(answer(" ".join(f"{c.quote} [{c.marker}]" for c in cited), cited), Shelf(held))
    said = [[tag for tag, a in Page(html).tags if a.get("class") == "q-chip"] for html in grown]
    assert [len(chips) for chips in said] == [1, 2, 3]
    assert [Page(html).having("data-state") for html in grown] == [["streaming"], ["streaming"], ["done"]]


def test_every_citation_is_highlighted_exactly_inside_its_passage() -> None:
    held = document()
    paragraph = passage(held, "First fact. Second {{fact}}. Third fact.", "Findings")
    cited = [citation(held, 1, "Second {{fact}}."), citation(held, 2, 'Intro [1] <b>bold</b> & "quotes".')]
    whole = Page(stages(answer("a [1] b [2]", cited), Shelf(held, [paragraph]))[-1])
    assert whole.marks == {c.marker.__str__(): c.quote for c in cited}
    assert "First fact. Second {{fact}}. Third fact." in whole.text


def test_citations_of_one_passage_share_a_card() -> None:
    held = document()
    paragraph = passage(held, "First fact. Second {{fact}}. Third fact.")
    cited = [citation(held, 1, "Third fact."), citation(held, 2, "First fact.")]
    (card,) = evidence.cards(answer("", cited), Shelf(held, [paragraph]))
    assert [mark.marker for mark in card.marks] == [1, 2]
    assert card.span == (paragraph.start, paragraph.end)


def test_the_surroundings_of_a_citation_are_whole_sentences_and_bounded() -> None:
    sentence = "x" * 199 + "."
    held = document(sentence * 9)
    middle = Citation(1, held.doc_id, held.title, 800, 1000, sentence)
    spans = tuple(Sentence(n, n + 200) for n in range(0, 1800, 200))
    whole = Passage(held.doc_id, 0, 1800, held.text, (), spans)
    (card,) = evidence.cards(answer("", [middle]), Shelf(held, [whole]))
    # 240 characters of context hold one sentence of 200 on either side.
    assert card.span == (600, 1200)


@pytest.mark.parametrize(("length", "end"), [(200, 400), (500, 500), (600, 600)])
def test_of_an_uncited_passage_whole_sentences_are_shown_from_its_beginning(length: int, end: int) -> None:
    held = document("x" * 1800)
    spans = tuple(Sentence(n, n + length) for n in range(0, 1800, length))
    near = Passage(held.doc_id, 0, 1800, held.text, (), spans)
    (card,) = evidence.nearest(answer("No.", hits=[Hit(near, 1, 0.5)]), Shelf(held))
    # 480 characters hold two sentences of 200; a longer first sentence is shown whole.
    assert card.span == (0, end)
    assert "q-cut-after" in evidence.card_html(card, "en")


def test_a_citation_outside_every_passage_is_still_shown() -> None:
    held = document()
    (card,) = evidence.cards(answer("", [citation(held, 1, "- item")]), Shelf(held))
    assert held.text[card.span.start : card.span.end] == "- item"


@pytest.mark.parametrize(
    ("headings", "shown"),
    [
        (("The title", "Results"), ["Results"]),
        (("# The  Title:", "The title", "Results", "The title"), ["Results", "The title"]),
        (("The title",), []),
        (("Another", "Results"), ["Another", "Results"]),
    ],
)
def test_breadcrumbs_do_not_begin_with_the_title_again(headings: tuple[str, ...], shown: list[str]) -> None:
    document = Document("a.txt", "Words.", "The title", "en")
    html = evidence.card_html(evidence.Card(document, Span(0, 6), headings, (), Span(0, 6)), "en")
    assert re.findall(r'<li dir="auto">([^<]*)</li>', html) == shown


def test_a_heading_that_the_breadcrumbs_show_is_not_repeated_in_the_excerpt() -> None:
    held = document("## Findings\n\nFirst fact. Second fact.\n\n")
    whole = Passage(held.doc_id, 0, len(held.text), held.text, ("Findings",), (Sentence(13, 24), Sentence(25, 37)))
    (card,) = evidence.cards(answer("", [citation(held, 1, "Second fact.")]), Shelf(held, [whole]))
    assert held.text[card.span.start : card.span.end] == "First fact. Second fact."
    assert "q-cut" not in evidence.card_html(card, "en")
    (card,) = evidence.cards(answer("", [citation(held, 1, "## Findings")]), Shelf(held, [whole]))
    assert card.span.start == 0


def test_the_last_word_and_its_chips_stay_on_one_line() -> None:
    held = document()
    html = stages(answer("First fact. [1]", [citation(held, 1, "First fact.")]), Shelf(held))[-1]
    assert 'First <span class="q-keep">fact.<button type="button" class="q-chip"' in html


def test_a_passage_of_headings_alone_is_shown_whole() -> None:
    held = document("# Findings\n\n")
    near = Passage(held.doc_id, 0, len(held.text), held.text, ("Findings",))
    (card,) = evidence.nearest(answer("No.", hits=[Hit(near, 1, 0.5)]), Shelf(held))
    assert card.span == (0, len(held.text))


def test_each_line_of_an_answer_is_a_part_and_no_character_of_a_sentence_is_lost() -> None:
    held = document("One fact.\n\nTwo facts.\nThree.")
    cited = [citation(held, 1, "One fact.\n\nTwo facts."), citation(held, 2, "Three.")]
    html = stages(answer("One fact.\n\nTwo facts. [1]\nThree. [2]", cited), Shelf(held))[-1]
    assert html.count('<p class="q-part">') == 2
    assert "One fact.\n\nTwo facts." in Page(html).text


@pytest.mark.parametrize(
    ("confidence", "english", "spanish"),
    [
        (0.97, "Well supported", "Bien respaldada"),
        (0.75, "Well supported", "Bien respaldada"),
        (0.74, "Partly supported", "Respaldada en parte"),
        (0.35, "Partly supported", "Respaldada en parte"),
        (0.1, "Weakly supported", "Poco respaldada"),
    ],
)
def test_confidence_is_said_in_words(confidence: float, english: str, spanish: str) -> None:
    held = document()
    made = answer("First fact. [1]", [citation(held, 1, "First fact.")], confidence=confidence)
    for language, words in (("en", english), ("es", spanish)):
        shown = Page(stages(made, Shelf(held), language)[-1]).text
        assert words in shown
        assert str(confidence) not in shown


def test_a_refusal_shows_missing_terms_and_nearest_passages_and_nothing_highlighted() -> None:
    held = document()
    near = passage(held, "First fact. Second {{fact}}. Third fact.")
    made = answer("The documents do not say.", hits=[Hit(near, 1, 0.8312)], missing_terms=("Mongolia", "<u>"))
    shown = Page(stages(made, Shelf(held))[-1])
    for words in ("The documents do not say.", "Mongolia", "<u>", "Nearest passages", near.text):
        assert words in shown.text
    assert shown.marks == {}
    assert "0.8312" not in shown.text
    assert "supported" not in shown.text


def test_missing_terms_are_set_off_where_the_refusal_names_them() -> None:
    made = answer("They say nothing. Not found: <say>, Ulan Bator.", missing_terms=("<say>", "Ulan Bator", "capital"))
    html = stages(made, Shelf(document()))[-1]
    named = (
        'They say nothing. Not found: <span class="q-term">&lt;say&gt;</span>, <span class="q-term">Ulan Bator</span>.'
    )
    assert named in html
    assert '<li dir="auto" class="q-term">capital</li>' in html


def test_a_refusal_with_nothing_near_says_so() -> None:
    shown = Page(stages(answer("The documents do not say."), Shelf(document()))[-1]).text
    assert text("en", "no_nearest") in shown


def test_titles_and_metadata_are_shown_as_text() -> None:
    held = document(publisher="<b>Press</b>", date="2019-10-03 13:57:00 Z", source="javascript:alert(1)")
    made = answer("First fact. [1]", [citation(held, 1, "First fact.", headings=("<h1>", "Deep"))])
    shown = Page(stages(made, Shelf(held))[-1])
    for words in ("A <i>title</i>", "<b>Press</b>", "3 October 2019", "<h1>", "Deep"):
        assert words in shown.text
    assert shown.having("href") == []
    assert "3 de octubre de 2019" in Page(stages(made, Shelf(held), "es")[-1]).text


def test_a_date_that_is_no_date_is_shown_as_it_stands() -> None:
    assert "spring 2019" in evidence.meta_html(document(date="spring 2019"), None, "en")


def test_a_page_number_is_shown_where_the_document_has_pages() -> None:
    held = replace(document(), pages=(Span(0, 30), Span(30, len(ROOT))))
    (card,) = evidence.cards(answer("", [citation(held, 1, "Third fact.", page=2)]), Shelf(held))
    assert "page 2" in Page(evidence.card_html(card, "en")).text


def test_the_record_of_a_turn_names_every_source() -> None:
    held = document(publisher="Press", source="javascript:alert(1)")
    made = answer("First fact. [1]", [citation(held, 1, "First fact.")])
    start = ROOT.index("First fact.")
    record = json.loads(turn.record_json(made, Shelf(held), "and why?"))
    assert record["citations"] == [
        {
            "marker": 1, "doc_id": "a/b.txt", "start": start, "end": start + 11, "quote": "First fact.",
            "title": "A <i>title</i>", "publisher": "Press",
        }
    ]  # fmt: skip
    assert (record["question"], record["typed"], record["text"]) == ("What?", "and why?", "First fact. [1]")
    last = stages(made, Shelf(held), "en")[-1]
    assert json.loads(html.unescape(re.search(r'data-record="([^"]*)"', last)[1]))["citations"] == record["citations"]


# What a page may ask


def answered(assistant: ChatAssistant, asked: dict[str, Any]) -> list[str]:
    return list(Service(assistant).stages(Asking.of(asked)))


class Answering(Shelf):
    """Answers with what it was given, or raises it."""

    def __init__(self, outcome: Answer | Exception) -> None:
        super().__init__(document())
        self.outcome = outcome
        self.questions: list[str] = []

    generation_id = "generation"

    def ask(self, question: str, *, where: Filter | None = None) -> Answer:
        self.questions.append(question)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_a_question_that_cannot_be_asked_gets_its_reason_in_plain_words() -> None:
    asked = {"question": "<script>", "language": "en", "turn": 1}
    (html,) = answered(Answering(QuestionError("too <long>; shorten it")), asked)
    shown = Page(html)
    assert "too <long>; shorten it" in shown.text
    assert shown.having("data-state") == ["error"]
    assert "script" not in [tag for tag, _ in shown.tags]


def test_a_failure_tells_the_log_why_and_the_visitor_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    (html,) = answered(Answering(RuntimeError("password in /etc/secret")), {"question": "Why?", "language": "es"})
    assert "password" not in html
    assert text("es", "error_server_title") in Page(html).text
    assert "password in /etc/secret" in caplog.text


@pytest.mark.parametrize("asked", [{}, {"question": None, "turn": "x"}, {"question": "a\ud800b", "language": 5}])
def test_whatever_a_page_sends_is_a_question_or_a_notice(asked: dict[str, object]) -> None:
    assistant = Answering(answer("The documents do not say."))
    *_, html = answered(assistant, asked)
    assert html.encode("utf-8")
    assert assistant.questions[0].encode("utf-8") is not None


# The reader


@given(
    st.text(st.sampled_from("ab<&\r\n# [](:/."), max_size=80),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=5),
)
def test_a_document_is_shown_whole_and_every_mark_is_its_span(content: str, pairs: list[tuple[int, int]]) -> None:
    requested = [[n, min(pair), max(pair)] for n, pair in enumerate(pairs, 1)]
    marks = reader.valid_marks(requested, len(content))
    shown = Page(reader.text_html(document(content), marks, []))
    assert shown.text == content
    assert shown.marks == {str(mark.marker): content[mark.start : mark.end] for mark in marks}


def test_a_mark_over_several_lines_is_one_element() -> None:
    held = document("one\ntwo\nthree\nfour\n")
    shown = Page(reader.text_html(held, [Mark(5, 10, 1)], []))
    assert [tag for tag, _ in shown.tags].count("mark") == 1
    assert shown.marks == {"1": "wo\nth"}


@pytest.mark.parametrize(
    "requested",
    [
        None,
        "x",
        {},
        [[1, 2]],
        [["1", 0, 2]],
        [[1, 2, 2]],
        [[1, -1, 2]],
        [[1, 0, 10_000]],
        [[-1, 0, 2]],
        [[True, 0, 2]],
    ],
)
def test_places_that_are_not_in_the_text_are_left_out(requested: object) -> None:
    assert reader.valid_marks(requested, 100) == []


@pytest.mark.parametrize("doc", ["../secret.txt", "", None, 7, ["a/b.txt"]])
def test_only_documents_of_the_index_are_opened(doc: object) -> None:
    with pytest.raises(KeyError):
        reader.document_html(Shelf(document()), {"doc": doc, "marks": []}, "en")


def test_headings_of_the_passages_make_the_outline() -> None:
    held = document("# Top\n\nTop is mentioned.\n\n## Under\xa0 a heading\n\nText.\n\n# Last\n\nEnd.\n")
    passages = [
        passage(held, "Top is mentioned.", "Top"),
        passage(held, "Text.", "Top", "Under a heading"),
        passage(held, "End.", "Last"),
    ]
    found = reader.headings(held.text, passages)
    assert [(held.text[h.offset :].split("\n")[0], h.depth) for h in found] == [
        ("Top", 1),
        ("Under\xa0 a heading", 2),
        ("Last", 1),
    ]
    html = reader.document_html(Shelf(held, passages), {"doc": "a/b.txt", "marks": []}, "en")
    assert Page(html).having("data-heading") == [f"q-heading-{h.offset}" for h in found]
    assert held.text in Page(html).text


def test_a_heading_that_stands_nowhere_in_the_text_is_left_out() -> None:
    held = document("Words about Findings here.\n\nText.\n")
    assert reader.headings(held.text, [passage(held, "Text.", "Findings", "")]) == []


# Examples


def test_a_document_can_bring_its_own_example_questions() -> None:
    held = document(example_en="Who?", example_es="¿Quién?")
    assert examples.example_questions(Shelf(held)) == {"en": ["Who?"], "es": ["¿Quién?"]}


def test_without_them_examples_ask_about_the_names_that_a_document_uses_most() -> None:
    held = document(
        "FACT SHEET ON PERU\n\nThe office DEVIDA works with the people of USAID. Later on it was DEVIDA that led the programme.\n"
    )
    made = examples.example_questions(Shelf(held, [passage(held, "The office DEVIDA works")]))
    assert made == {"en": ["What is DEVIDA?"], "es": ["¿Qué es DEVIDA?"]}


def test_where_no_name_stands_out_examples_are_made_from_headings() -> None:
    held = document()
    made = examples.example_questions(Shelf(held, [passage(held, "First fact.", "Forest monitoring")]))
    assert made == {
        "en": ["What do the documents say about Forest monitoring?"],
        "es": ["¿Qué dicen los documentos sobre Forest monitoring?"],
    }
    assert set(made) == set(LANGUAGES)


def test_the_names_of_copies_stand_in_the_line_of_a_document_as_text() -> None:
    document = Document("a.txt", "Text.", "A", "en", {"also_as": "<b>copy</b>.txt"})
    shown = Page(evidence.meta_html(document, None, "en"))
    assert shown.text == "also as <b>copy</b>.txt"

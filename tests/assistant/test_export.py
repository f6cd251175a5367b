"""What is taken away: only quotes that stand, words as text in every format, and nothing that crashes a writer."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from assistant.assistant import Assistant
from assistant.chat.strings import strings
from assistant.cli import cli
from assistant.export.claims import MOST_TURNS, answered_of
from assistant.export.docx import docx
from assistant.export.files import FORMATS, exported, format_of, write
from assistant.export.gathering import gather
from assistant.export.markdown import escaped, markdown
from assistant.export.outline import Outline, outline
from assistant.export.pdf import pdf
from assistant.export.receipts import receipts
from assistant.export.shown import REPLACED, cut, readable, right_to_left, shown
from assistant.export.types import Answered, Export, ExportError, Provenance
from assistant.types import Answer, Citation, Hit
from index.errors import SourceError
from index.types import Document, Passage, Span

ORIGIN = Provenance("gen", "2026-01-02T03:04:05+00:00", "hash", "0" * 64, "0.1.0", "2026-02-03T04:05:06+00:00")
TEXT = "Gold is mined in Loreto. Silver is mined in Puno.\n\n- The first item\n- The second item\n"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Shelf:
    """Documents by id, each one passage."""

    def __init__(self, *documents: Document) -> None:
        self.held = {document.doc_id: document for document in documents}

    def document(self, doc_id: str) -> Document:
        if doc_id not in self.held:
            raise SourceError(f"no {doc_id}")
        return self.held[doc_id]

    def passages(self, doc_id: str) -> list[Passage]:
        text = self.held[doc_id].text
        return [Passage(doc_id, 0, len(text), text, ("Mining", "Where"))]


def held(text: str = TEXT, doc_id: str = "a/mining.pdf", title: str = "On mining", **metadata: str) -> Document:
    pages = (Span(0, 25), Span(25, len(text)))
    return Document(doc_id, text, title, "en", {"publisher": "Press", "date": "2020-05-06", **metadata}, pages)


def cited(document: Document, *quotes: str) -> tuple[Citation, ...]:
    places = [(quote, document.text.index(quote)) for quote in quotes]
    return tuple(
        Citation(marker, document.doc_id, document.title, start, start + len(quote), quote)
        for marker, (quote, start) in enumerate(places, start=1)
    )


def answer(text: str, citations: tuple[Citation, ...], question: str = "Where is gold mined?", **more: Any) -> Answer:
    return replace(Answer(question, text, citations, (), False, 0.9, "en", {}, "gen"), **more)


def export_of(*answers: Answer, documents: tuple[Document, ...] = (), language: str = "en") -> Export:
    return gather([Answered(one) for one in answers], Shelf(*documents), language, ORIGIN)


def one_quote(quote: str, **metadata: str) -> Export:
    """An export of a document that is this quote."""
    document = Document("a.txt", quote, metadata.pop("title", "A title"), "en", metadata)
    citation = Citation(1, "a.txt", "", 0, len(quote), quote)
    return export_of(answer(f"{quote} [1]", (citation,)), documents=(document,))


def docx_paragraphs(content: bytes) -> list[tuple[str, str]]:
    from docx import Document as Word

    return [(p.style.name, p.text) for p in Word(io.BytesIO(content)).paragraphs]


def pdf_text(content: bytes) -> str:
    """The text as a reader of PDFs copies it; pdfium puts a sign of its own where a line ends in a hyphen."""
    from pypdfium2 import PdfDocument

    text = "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(content))
    return text.replace("\r\n", "\n").replace("\x02", "-").replace("\ufffe", "-")


def flat(text: str) -> str:
    return " ".join(text.split())


# What is exported


def test_sources_are_numbered_through_the_whole_conversation() -> None:
    document = held()
    gold, silver = "Gold is mined in Loreto.", "Silver is mined in Puno."
    first = answer(f"{gold} [1]", cited(document, gold))
    second = answer(f"{silver} [1] {gold} [2]", cited(document, silver, gold), question="And silver?")
    found = export_of(first, second, documents=(document,))
    assert [(s.number, s.citation.quote, s.citation.page) for s in found.sources] == [(1, gold, 1), (2, silver, 2)]
    assert [s.markers for turn in found.turns for s in turn.statements] == [(1,), (2,), (1,)]
    # A receipt keeps the markers of its own answer.
    kept = receipts(found)["receipts"][1]
    assert kept["answer"] == f"{silver} [1] {gold} [2]"
    assert [c["marker"] for c in kept["citations"]] == [1, 2]
    assert kept["citations"][0]["headings"] == ["Mining", "Where"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"quote": "Gold is mined in Lima."}, "changed"), ({"doc_id": "b.txt"}, "gone"), ({"quote": ""}, "changed")],
)
def test_a_quote_that_does_not_stand_is_left_out_and_named(change: Mapping[str, Any], reason: str) -> None:
    document = held()
    good, bad = cited(document, "Silver is mined in Puno.", "Gold is mined in Loreto.")
    bad = replace(bad, **change)
    found = export_of(answer(f"{good.quote} [1] {bad.quote} [2]", (good, bad)), documents=(document,))
    assert [one.reason for one in found.left_out] == [reason]
    assert [s.text for turn in found.turns for s in turn.statements] == [good.quote]
    assert [s.citation.quote for s in found.sources] == [good.quote]
    assert outline(found).left_out
    assert receipts(found)["left_out"][0]["reason"] == reason


def test_a_quote_that_moved_is_exported_at_its_new_place() -> None:
    document = held()
    citation = replace(cited(document, "Silver is mined in Puno.")[0], start=3, end=27)
    found = export_of(answer(f"{citation.quote} [1]", (citation,)), documents=(document,))
    assert found.left_out == ()
    source = found.sources[0].citation
    assert document.text[source.start : source.end] == source.quote


def test_a_sentence_that_no_quote_holds_is_left_out() -> None:
    document = held()
    citations = cited(document, "Gold is mined in Loreto.")
    found = export_of(
        answer("Gold is mined in Loreto. [1] All is well. [1] And more.", citations), documents=(document,)
    )
    assert [s.text.strip() for s in found.turns[0].statements] == ["Gold is mined in Loreto."]
    assert [one.quote for one in found.left_out] == ["All is well.", "And more."]


def test_an_answer_of_which_nothing_stands_says_so() -> None:
    document = held("Another text.")
    claimed = Citation(1, document.doc_id, "", 0, 4, "Gold")
    made = outline(export_of(answer("Gold [1]", (claimed,)), documents=(document,)))
    assert made.asked[0].parts[0].pieces[0].text == strings()["en"]["export_nothing"]
    assert made.asked[0].support == ""


def test_what_a_language_model_wrote_is_marked_and_keeps_its_words() -> None:
    document = held()
    citations = cited(document, "Gold is mined in Loreto.")
    written = Answered(
        answer("They dig for gold in the north. [1]", citations), verbatim=False, written_by="tiny-model"
    )
    made = outline(gather([written], Shelf(document), "en", ORIGIN))
    assert made.asked[0].parts[0].pieces[0].text == "They dig for gold in the north."
    assert "tiny-model" in made.how
    assert made.asked[0].support == ""


def test_a_refusal_names_what_is_nearest_with_the_text_of_the_index() -> None:
    document = held()
    near = Passage(document.doc_id, 0, 24, "made up")
    beyond = Passage(document.doc_id, 10, 10_000, "beyond")
    hits = (Hit(near, 1, 1.0), Hit(beyond, 2, 1.0), Hit(Passage("none.txt", 0, 3, "x"), 3, 1.0))
    refusal = answer("The documents do not say.", (), abstained=True, hits=hits)
    (asked,) = outline(export_of(refusal, documents=(document,))).asked
    assert asked.refused
    assert [one.excerpt for one in asked.near] == ["Gold is mined in Loreto."]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_format_says_title_publisher_date_page_link_quote_and_place(language: str) -> None:
    document = held(source="https://example.org/mining?a=1&b=(2)")
    quote = "Silver is mined in Puno."
    found = export_of(answer(f"{quote} [1]", cited(document, quote)), documents=(document,), language=language)
    wanted = {
        "en": ["On mining", "Press", "6 May 2020", "Page 2", quote, "characters 25–49", "Sources", "Well supported"],
        "es": [
            "On mining",
            "Press",
            "6 de mayo de 2020",
            "Página 2",
            quote,
            "caracteres 25–49",
            "Fuentes",
            "Bien respaldada",
        ],
    }[language]
    texts = {
        "docx": "\n".join(text for _, text in docx_paragraphs(docx(outline(found)))),
        "pdf": pdf_text(pdf(outline(found))),
        "md": markdown(outline(found)).replace("\\", ""),
    }
    for suffix, text in texts.items():
        missing = [
            words
            for words in wanted
            if words not in flat(text) and not (suffix == "md" and words in ("Sources", "Fuentes"))
        ]
        assert missing == [], suffix
        assert "https://example.org/mining?a=1&b=(2)" in text
    assert json.loads(exported(found, FORMATS["json"]))["receipts"][0]["documents"]["a/mining.pdf"]["source"] == (
        "https://example.org/mining?a=1&b=(2)"
    )


def test_lists_are_lists_and_link_debris_is_put_away() -> None:
    text = "- The [first](https://x.example/a) item\n- The **second** item\n"
    document = held(text)
    items = [line for line in text.split("\n") if line]
    citations = cited(document, *items)
    made = outline(export_of(answer(f"{items[0]} [1]\n{items[1]} [2]", citations), documents=(document,)))
    assert [(part.item, part.pieces[0].text) for part in made.asked[0].parts] == [
        (True, "The first item"),
        (True, "The second item"),
    ]
    assert made.sources[0].quote == items[0]


# Words are words


HARD = [
    "# no heading", "1. no list", "1) no list", "- no item", "+ no item", "> no quote", "=== ---", "[a](b) ![c](d) [^1]: x",
    "*a* _b_ **c** `d` ~~e~~ <b>f</b> &amp; &lt; | g | $h$ ^i^", "<script>alert(1)</script>", "a\\", "\\*", "https://x.y/(z)_w_",
    "    four spaces", "\ttab", "line\n# heading?\n- item?\n\n\nparagraph", "@user #tag", "&#60;", "***", "___",
]  # fmt: skip


@pytest.mark.parametrize("words", HARD)
def test_escaped_words_are_shown_as_they_are(words: str) -> None:
    rendered = (
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(escaped(words.strip()))
    )
    inner = re.sub(r"</?p>|<br />", "", rendered)
    assert not re.search(r"<[a-z]", inner), inner
    import html

    assert flat(html.unescape(inner)) == flat(words)


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_any_words_survive_markdown(words: str) -> None:
    import html

    kept = shown(words).replace("\x00", "")
    rendered = MarkdownIt("commonmark").render(" ".join(["x", escaped(" ".join(kept.split())), "x"]))
    assert not re.search(r"<(?!/?p>)", rendered)
    assert flat(html.unescape(re.sub("</?p>", "", rendered))) == flat(f"x {kept} x")


AWKWARD = [
    "ñandú, Asháninka, Runa Simi: ch'ullu, ñuqanchik, ʼIyotiro, Yánesha’, ɨ ʉ ẽ ã g̃ ü",
    "שלום עולם, 25 כסף",
    "مرحبا بالعالم 25",
    "漢字かな 한국어",
    "हिन्दी ไทย አማርኛ ქართული Ελληνικά Русский",
    "\U00012000\U00012001 cuneiform",
    "\U0001f333\U0001f1f5\U0001f1ea\U0001f468\u200d\U0001f33e",
    "\u202eesrever\u202c \u2066x\u2069 \x07\x1b[31m \x00 \ufffe \ufeff",
    "long" * 300,
    "https://example.org/" + "a-very-long-path/" * 40,
    "a\r\nb\rc\x85d\u2028e\n\n\n\nf",
    "{{x}} #let y = 1 $ \\ * _ ` @ref <label> //comment /*",
    "]]> & <w:t> </w:t> \"quoted\" 'single'",
    " ",
    "́",
]


@pytest.mark.parametrize("quote", AWKWARD)
@pytest.mark.parametrize("suffix", list(FORMATS))
def test_awkward_text_goes_into_every_format(quote: str, suffix: str) -> None:
    content = exported(one_quote(quote, title=quote, publisher=quote, date=quote), FORMATS[suffix])
    if suffix == "json":
        assert json.loads(content)["receipts"][0]["citations"][0]["quote"] == quote
        return
    if suffix == "docx":
        text = "\n".join(text for _, text in docx_paragraphs(content))
    elif suffix == "pdf":
        text = pdf_text(content)
    else:
        text = content.decode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]", text.replace("\r", ""))
    if suffix == "docx":
        assert shown(quote) in text


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=40))
def test_no_text_crashes_a_writer(quote: str) -> None:
    made = outline(one_quote(quote, title=quote, publisher=quote))
    docx_paragraphs(docx(made))
    markdown(made).encode("utf-8")
    assert pdf(made).startswith(b"%PDF")


def test_what_steers_the_display_is_replaced_and_said() -> None:
    made = outline(one_quote("one \u202e two \x07 three"))
    assert made.sources[0].quote == f"one {REPLACED} two {REPLACED} three"
    assert strings()["en"]["export_replaced"] in made.about
    assert strings()["en"]["export_replaced"] not in outline(one_quote("one two three")).about


@pytest.mark.parametrize(
    "source", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://x y", 'https://x/"']
)
def test_only_web_addresses_become_links(source: str) -> None:
    assert outline(one_quote("words", source=source)).sources[0].link == ""


# Word


def parts_of(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: etree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")}


def test_numbers_in_a_word_document_lead_to_their_sources() -> None:
    document = held()
    quotes = ("Gold is mined in Loreto.", "Silver is mined in Puno.")
    text = f"{quotes[0]} [1] {quotes[1]} [2] {quotes[0]} [1]"
    made = outline(export_of(answer(text, cited(document, *quotes)), documents=(document,)))
    body = parts_of(docx(made))["word/document.xml"]
    anchors = [link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink") if link.get(f"{W}anchor")]
    assert anchors == ["source1", "source2", "source1"]
    assert [mark.get(f"{W}name") for mark in body.iter(f"{W}bookmarkStart")] == ["source1", "source2"]
    assert len({mark.get(f"{W}id") for mark in body.iter(f"{W}bookmarkStart")}) == 2


def test_a_word_document_has_title_author_language_and_headings() -> None:
    from docx import Document as Word

    two = [one_quote("Some words.").turns[0].answered.answer] * 2
    document = Document("a.txt", "Some words.", "A title", "es", {})
    found = Word(io.BytesIO(docx(outline(export_of(*two, documents=(document,), language="es")))))
    about = found.core_properties
    assert (about.title, about.author, about.language) == ("2 respuestas de los documentos", "Quipu", "es-PE")
    assert [p.text for p in found.paragraphs if p.style.name == "Heading 1"] == [
        "Where is gold mined?", "Where is gold mined?", "Fuentes", "Sobre estas respuestas",
    ]  # fmt: skip
    assert found.paragraphs[0].style.name == "Title"


def test_right_to_left_words_are_set_from_right_to_left() -> None:
    body = parts_of(docx(outline(one_quote("שלום עולם"))))["word/document.xml"]
    turned = [p for p in body.iter(f"{W}p") if p.find(f"{W}pPr/{W}bidi") is not None]
    assert len(turned) == 2
    assert all(p.findall(f".//{W}rtl") for p in turned)
    assert right_to_left("123 שלום abc")
    assert not right_to_left("123 abc שלום")


# PDF


def test_a_pdf_is_tagged_and_says_what_it_is() -> None:
    from pypdf import PdfReader

    found = PdfReader(io.BytesIO(pdf(outline(one_quote("Some words.", source="https://example.org/")))))
    root = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    assert found.metadata.title == "Where is gold mined?"
    assert found.metadata.author == "Quipu"
    assert "pdfuaid" in root["/Metadata"].get_data().decode("utf-8")
    assert found.outline[0].title == "Where is gold mined?"


def test_a_letter_that_no_font_has_is_seen_to_be_missing() -> None:
    text = pdf_text(pdf(outline(one_quote("sign \U00012000 here"))))
    assert "sign [U+12000] here" in flat(text)


def test_a_long_word_stays_on_the_page() -> None:
    import pypdfium2

    content = pdf(outline(one_quote("long" * 300)))
    pages = pypdfium2.PdfDocument(content)
    for page in pages:
        found = page.get_textpage()
        right = max(found.get_charbox(n)[2] for n in range(found.count_chars()))
        assert right <= page.get_width() - 60
    assert "long" * 300 in "".join(pdf_text(content).split())


def test_words_of_documents_are_no_typst() -> None:
    text = flat(pdf_text(pdf(outline(one_quote('#panic("x") *bold* = Title [link] $x$ //none')))))
    assert '#panic("x") *bold* = Title [link] $x$ //none' in text


# What a page may claim


GOOD = {
    "question": "Where is gold mined?",
    "text": "Gold is mined in Loreto. [1]",
    "citations": [{"marker": 1, "doc_id": "a/mining.pdf", "start": 0, "end": 24, "quote": "Gold is mined in Loreto."}],
}


def test_an_honest_page_gets_what_it_showed() -> None:
    found = gather(answered_of([GOOD]), Shelf(held()), "en", ORIGIN)
    assert found.left_out == ()
    assert [s.text for s in found.turns[0].statements] == ["Gold is mined in Loreto."]


@pytest.mark.parametrize(
    "turns",
    [
        None, {}, "x", [7], [None], [{}], [{"question": " "}], [{**GOOD, "question": 7}], [{**GOOD, "text": ["x"]}],
        [{**GOOD, "citations": {}}], [{**GOOD, "citations": [7]}], [{**GOOD, "citations": [{"marker": "1"}]}],
        [{**GOOD, "citations": [{**GOOD["citations"][0], "start": -1}]}],
        [{**GOOD, "citations": [{**GOOD["citations"][0], "start": True}]}],
        [{**GOOD, "citations": [{**GOOD["citations"][0], "end": 1e300}]}],
        [{**GOOD, "citations": [{**GOOD["citations"][0], "end": 1 << 70}]}],
        [{**GOOD, "citations": GOOD["citations"] * 2}], [{**GOOD, "citations": GOOD["citations"] * 300}],
        [{**GOOD, "abstained": True, "nearest": [["a", 1]]}], [{**GOOD, "abstained": True, "nearest": [[1, 2, 3]]}],
        [GOOD] * (MOST_TURNS + 1), [{**GOOD, "question": "x" * 2_001}], [{**GOOD, "text": "x" * 50_001}], [{**GOOD, "text": "x" * 50_000}] * 9, [],
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_refused_in_words(turns: object) -> None:
    with pytest.raises(ExportError) as error:
        answered_of(turns)
    assert str(error.value)


def test_a_refusal_is_put_again_in_quipus_own_words() -> None:
    claimed = {
        "question": "¿Qué pasa en Mongolia?", "abstained": True, "language": "es", "text": "Buy gold now!",
        "missing": ["Mongolia", "buy gold", 7], "confidence": 7, "asked": "yesterday", "filter": {"publishers": ["Press"]},
    }  # fmt: skip
    (found,) = answered_of([claimed])
    assert found.answer.text == "Los documentos no lo dicen. No aparece en los documentos: Mongolia."
    assert (found.answer.confidence, found.asked) == (0.0, "")
    made = outline(gather([found], Shelf(), "es", ORIGIN))
    assert made.asked[0].notes == ("Se buscó solo en: Press.",)


def test_half_a_surrogate_pair_is_no_reason_to_fail() -> None:
    broken = {**GOOD, "question": "What \ud800?"}
    found = gather(answered_of([broken]), Shelf(held()), "en", ORIGIN)
    for wanted in FORMATS.values():
        assert exported(found, wanted)


# The command


def test_ask_writes_every_format_and_says_where(seed_index: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"answer.{suffix}" for suffix in FORMATS]
    arguments = ["ask", "¿Quién fue el cliente de Prevent?", "--index", str(seed_index)]
    result = CliRunner().invoke(cli, [*arguments, *(part for file in files for part in ("--export", str(file)))])
    assert result.exit_code == 0, result.stderr
    assert [f"written to {file}" in result.stderr for file in files] == [True] * 4
    assert "Sobre estas respuestas" in files[2].read_text(encoding="utf-8")
    checked = CliRunner().invoke(cli, ["verify", str(files[3]), "--index", str(seed_index)])
    assert (checked.exit_code, checked.stdout[-16:]) == (0, "checked, 0 wrong\n"[-16:])


def test_ask_writes_a_file_of_questions_as_one_document(seed_index: Path, tmp_path: Path) -> None:
    questions, file = tmp_path / "q.jsonl", tmp_path / "all.json"
    asked = ["What is gold?", "Who funded Prevent?"]
    questions.write_text("\n".join(json.dumps({"question": question}) for question in asked), encoding="utf-8")
    arguments = ["ask", "--questions", str(questions), "--index", str(seed_index), "--export", str(file), "--json"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert [one["question"] for one in json.loads(file.read_text(encoding="utf-8"))["receipts"]] == asked


def test_another_format_is_wrong_usage_and_nothing_is_asked(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["ask", "x", "--export", "a.xls", "--index", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "expected .docx, .pdf, .md, .json" in result.stderr


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(seed_assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written"):
        write(one_quote("x"), tmp_path / "none" / "a.md")
    write(one_quote("x"), tmp_path / "a.md")
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]
    with pytest.raises(ExportError):
        format_of(Path("a"))


# Small helpers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[words](http://x) ![pic](y)", "words pic"),
        ("# Title\n\n\n  text", "Title\ntext"),
        ("more effectively manage\n  the country", "more effectively manage the country"),
        ("**bold** and __more__ but 2 ** 3 ** 4", "bold and more but 2 ** 3 ** 4"),
    ],
)
def test_marks_are_put_away_and_words_stay(text: str, expected: str) -> None:
    assert readable(text) == expected


def test_cutting_keeps_words_whole() -> None:
    assert cut("one two three four", 12) == "one two…"
    assert cut("x" * 20, 10) == "x" * 9 + "…"
    assert cut("short", 10) == "short"


def test_both_languages_have_the_same_words_and_slots() -> None:
    english, spanish = (strings()[language] for language in ("en", "es"))
    assert english.keys() == spanish.keys()
    for key in (key for key in english if key.startswith(("take_", "export_"))):
        assert set(re.findall(r"\{\w+\}", english[key])) == set(re.findall(r"\{\w+\}", spanish[key])), key


def test_an_outline_is_complete() -> None:
    made = outline(one_quote("Some words."))
    assert isinstance(made, Outline)
    assert made.subtitle == "3 February 2026 · 1 question · 1 source"

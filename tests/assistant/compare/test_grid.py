"""One question asked of many documents: a cited cell each, decided as a narrowed question is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.cli import cli
from assistant.compare.export import COLUMNS, comparison_csv
from assistant.compare.grid import COPY, NOT_STATED, PUBLISHER, STATED, Comparer, Comparison, subjects
from assistant.compare.notes import about, grouped, notes
from assistant.compare.relations import AGREE, CONFLICT
from assistant.compare.survey import survey
from assistant.filters import Filter, FilterError
from index.build import build_index
from index.errors import QuestionError
from index.store import open_generation
from index.testing import HashEmbedder

LOSS = "In 2022, Peru lost {} of forest, more than in any year before."
METADATA = """
ministry.txt: {title: Ministry bulletin, publisher: Ministerio, language: en, date: "2023"}
ministry-two.txt: {title: Ministry fleet, publisher: Ministerio, language: en}
watch.txt: {title: Forest watch, publisher: Watch, language: en}
acres.txt: {title: Forest watch in acres, publisher: Acre Club, language: en}
bosques.txt: {title: Los bosques, publisher: Kené, language: es}
fish.txt: {title: "=Fish", language: en}
copy.txt: {title: Forest watch again, publisher: Watch, language: en}
"""
WATCH = (
    LOSS.format("203,272 hectares")
    + " The forest of the north burned for weeks and nobody came to help the villages.\n"
)
FILES = {
    "metadata.yaml": METADATA,
    "ministry.txt": LOSS.format("146,000 hectares") + "\n",
    "ministry-two.txt": "The ministry bought nineteen boats and a drone for its patrols on the river.\n",
    "watch.txt": WATCH,
    "acres.txt": LOSS.format("361,000 acres") + "\n",
    "bosques.txt": "En 2022, el Perú perdió 203 272 hectáreas de bosque, más que en cualquier año anterior.\n",
    "fish.txt": "=SUM(A1) is how the fishing club of Nauta counts its boats, and nobody knows why that is.\n",
    "copy.txt": WATCH,
}  # fmt: skip
QUESTION = "How many hectares of forest did Peru lose in 2022?"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name, content in FILES.items():
        (source / name).write_text(content, encoding="utf-8")
    place = tmp_path_factory.mktemp("compare") / "index"
    build_index(source, place, model="hash")
    return place


@pytest.fixture(scope="module")
def assistant(index: Path, embedder: HashEmbedder, bridge: Bridge) -> Iterator[Assistant]:
    found = Assistant(open_generation(index), embedder, bridge=bridge)
    yield found
    found.close()


@pytest.fixture(scope="module")
def compared(assistant: Assistant) -> Comparison:
    return Comparer(assistant, QUESTION).compared()


def test_every_document_has_one_cell(compared: Comparison) -> None:
    assert sorted(cell.subject.doc_ids[0] for cell in compared.cells) == sorted(set(FILES) - {"metadata.yaml"})
    assert {cell.status for cell in compared.cells} == {STATED, NOT_STATED, COPY}


def test_a_cell_cites_its_own_document_character_for_character(compared: Comparison, assistant: Assistant) -> None:
    assert compared.stated
    for cell in compared.stated:
        assert cell.citation is not None
        assert cell.citation.doc_id in cell.subject.doc_ids
        text = assistant.document(cell.citation.doc_id).text
        assert text[cell.citation.start : cell.citation.end] == cell.citation.quote
        assert 0 <= cell.confidence <= 1


def test_a_cell_is_decided_as_the_same_question_narrowed_to_its_document(
    compared: Comparison, assistant: Assistant
) -> None:
    for cell in compared.cells:
        if cell.status == COPY:
            continue
        answer = assistant.ask(QUESTION, where=Filter(documents=cell.subject.doc_ids))
        assert (cell.status == NOT_STATED) == answer.abstained
        assert cell.confidence == pytest.approx(answer.confidence, abs=1e-6)
        if cell.citation is not None:
            assert cell.citation.start == answer.citations[0].start


def test_a_copy_is_said_to_be_one_and_not_asked(compared: Comparison) -> None:
    copies = [cell for cell in compared.cells if cell.status == COPY]
    assert [(cell.subject.doc_ids, cell.subject.copy_of) for cell in copies] in (
        [(("copy.txt",), "watch.txt")],
        [(("watch.txt",), "copy.txt")],
    )


def test_the_question_is_made_ready_once(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    prepare = assistant.retriever.prepare
    monkeypatch.setattr(assistant.retriever, "prepare", lambda text: asked.append(text) or prepare(text))
    Comparer(assistant, QUESTION).compared()
    assert asked == [QUESTION]


def test_by_publisher_all_documents_of_one_stand_together(assistant: Assistant) -> None:
    found = {subject.label: set(subject.doc_ids) for subject in subjects(assistant, PUBLISHER)}
    assert found["Ministerio"] == {"ministry.txt", "ministry-two.txt"}
    # A document that names no publisher stands for itself.
    assert found["=Fish"] == {"fish.txt"}
    compared = Comparer(assistant, QUESTION, PUBLISHER).compared()
    assert len(compared.cells) == len(found)


def test_a_filter_leaves_documents_out(assistant: Assistant) -> None:
    where = Filter(languages=("es",))
    compared = Comparer(assistant, QUESTION, where=where).compared()
    assert [cell.subject.doc_ids for cell in compared.cells] == [("bosques.txt",)]
    with pytest.raises(FilterError):
        Comparer(assistant, QUESTION, where=Filter(since="2050"))


def test_part_of_the_documents_is_asked_the_most_promising_first(assistant: Assistant, compared: Comparison) -> None:
    first = Comparer(assistant, QUESTION, limit=3).compared()
    then = Comparer(assistant, QUESTION, limit=3, offset=3).compared()
    asked = [cell.subject.doc_ids for cell in (*first.cells, *then.cells)]
    assert asked == [cell.subject.doc_ids for cell in compared.cells][:6]
    assert len(first.plan.subjects) == 7


@pytest.mark.parametrize("question", ["", "  ", "x" * 2001])
def test_what_is_no_question_is_refused(question: str, assistant: Assistant) -> None:
    with pytest.raises(QuestionError):
        Comparer(assistant, question)


def test_the_notes_name_agreement_across_units_and_languages_and_the_conflict(assistant: Assistant) -> None:
    found = grouped(figure for group in survey(assistant, "forest") for figure in group.figures)
    kinds = {
        (note.kind, *sorted((note.left.written.strip(), note.right.written.strip())))
        for group in found
        for note in group.notes
    }
    assert (CONFLICT, "146,000 hectares", "203,272 hectares") in kinds
    assert (CONFLICT, "146,000 hectares", "203 272 hectáreas") in kinds
    assert (AGREE, "146,000 hectares", "361,000 acres") in kinds
    assert (AGREE, "203 272 hectáreas", "203,272 hectares") in kinds


def test_copies_do_not_agree_with_themselves(assistant: Assistant) -> None:
    documents = {figure.source.doc_id for group in survey(assistant) for figure in group.figures}
    assert len(documents & {"watch.txt", "copy.txt"}) == 1


def test_figures_about_a_term_in_either_language(seed_assistant: Assistant) -> None:
    for term in ("deforestation", "deforestación"):
        written = {figure.written for group in survey(seed_assistant, term) for figure in group.figures}
        assert {"9.5 million acres", "6.1 million of those acres", "nearly 5%"} <= written
    areas = {figure.written for group in survey(seed_assistant, "hectáreas") for figure in group.figures}
    assert {"200,000 hectares", "1.9 million acres", "9.5 million acres", "over 193 million acres"} <= areas
    counted = {figure.written for group in survey(seed_assistant, "comunidades") for figure in group.figures}
    assert {"1,809 communities", "430 communities", "457 communities", "Nearly 700 communities"} <= counted
    assert not about("").holds(next(iter(survey(seed_assistant, "communities")[0].figures)))


def test_all_figures_of_the_seeds_without_a_conflict(seed_assistant: Assistant) -> None:
    found = survey(seed_assistant)
    assert sum(len(group.figures) for group in found) > 50
    assert not [note for group in found for note in group.notes if note.kind == CONFLICT]


def test_notes_of_a_grid_are_between_documents(compared: Comparison) -> None:
    for note in notes(compared.figures, across=True):
        assert note.left.source.doc_id != note.right.source.doc_id


def test_the_csv_reads_back_and_holds_no_formula(compared: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(comparison_csv(compared))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(compared.cells)
    stated = {row["doc_id"]: row for row in rows if row["status"] == "stated"}
    for cell in compared.stated:
        assert cell.citation is not None
        row = stated[cell.citation.doc_id]
        assert (int(row["start"]), int(row["end"])) == (cell.citation.start, cell.citation.end)
        assert row["quote"].lstrip("'") == cell.citation.quote
    assert all(not value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    assert "'=Fish" in {row["subject"] for row in rows}


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_compare_prints_cells_and_json(index: Path) -> None:
    code, out, _ = _run("compare", QUESTION, "--index", str(index))
    assert code == 0
    assert "Ministry bulletin" in out and "not stated" in out and "ministry.txt:0-" in out
    code, out, _ = _run("compare", QUESTION, "--index", str(index), "--json", "--by", "publisher", "--limit", "2")
    content = json.loads(out)
    assert (code, content["by"], content["asked"], content["subjects"]) == (0, "publisher", 2, 5)
    cell = next(cell for cell in content["cells"] if cell["status"] == "stated")
    assert {"doc_id", "start", "end", "quote"} <= cell["citation"].keys()
    code, out, _ = _run("compare", "¿Cuál es el precio de los yates en Mongolia?", "--index", str(index))
    assert code == 0
    assert "no consta" in out


def test_compare_says_what_was_not_asked(index: Path, tmp_path: Path) -> None:
    code, _, err = _run("compare", QUESTION, "--index", str(index), "--limit", "2", "--csv", str(tmp_path / "grid.csv"))
    assert (code, err.strip()) == (0, "asked 1 to 2 of 7; --offset 2 goes on")
    assert (tmp_path / "grid.csv").read_text(encoding="utf-8-sig").startswith("subject,doc_id,")
    assert _run("compare", QUESTION, "--index", str(index), "--offset", "7")[0] == 2
    assert _run("compare", QUESTION, "--index", str(index), "--csv", "-", "--json")[0] == 2
    assert _run("compare", QUESTION, "--index", str(index), "--document", "none.txt")[0] == 2
    assert _run("compare", "", "--index", str(index))[0] == 2


def test_figures_prints_what_the_documents_give(index: Path) -> None:
    code, out, _ = _run("figures", "bosque", "--index", str(index))
    assert code == 0
    assert "361,000 acres (≈ 146" in out
    assert "Conflict" in out or "Contradicción" in out
    code, out, _ = _run("figures", "--json", "--conflicts", "--index", str(index))
    content = json.loads(out)
    assert code == 0
    assert any(note["kind"] == "conflict" for group in content["groups"] for note in group["notes"])
    code, out, _ = _run("figures", "zeppelins", "--index", str(index))
    assert (code, out.strip()) == (0, "No figures found (zeppelins).")


@pytest.mark.model
def test_the_seeds_side_by_side_with_the_model(model_assistant: Assistant) -> None:
    question = "How many hectares or acres of forest does it speak of?"
    compared = Comparer(model_assistant, question).compared()
    assert len(compared.cells) == len(model_assistant.doc_ids())
    for cell in compared.stated:
        assert cell.citation is not None
        assert cell.citation.quote in model_assistant.document(cell.citation.doc_id).text
    assert not [note for note in notes(compared.figures, across=True) if note.kind == CONFLICT]


@pytest.mark.model
@pytest.mark.parametrize(
    "question, holds, silent",
    [
        ("Since when has ABA ROLI worked in Peru?", {"004"}, {"000", "002"}),
        ("¿Cuántos operadores de justicia fortaleció Prevent?", {"000"}, {"002", "003", "004"}),
        ("Which five Amazon regions does USAID prioritise?", {"001"}, {"002", "004"}),
    ],
)
def test_only_documents_that_say_it_are_quoted(
    question: str, holds: set[str], silent: set[str], model_assistant: Assistant
) -> None:
    compared = Comparer(model_assistant, question).compared()
    said = {cell.subject.doc_ids[0][:3] for cell in compared.stated}
    assert holds <= said
    assert not silent & said

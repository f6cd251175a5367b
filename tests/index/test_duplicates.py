"""The same document saved twice is cited once; another version of it is another document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from index.build import build_index
from index.signatures import FILE, Signatures, shingles_of
from index.store import open_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
DECREE = "\n\n".join(
    f"Artículo {n}. La autoridad regional de {place} protege los bosques comunales y sanciona la tala ilegal en ellos."
    for n, place in enumerate(
        ("Loreto", "Ucayali", "San Martín", "Amazonas", "Madre de Dios", "Huánuco", "Junín"), start=1
    )
)


def built(folder: Path, index: Path) -> list[tuple[str, str]]:
    return [tuple(pair) for pair in build_index(folder, index, model="hash").duplicates]  # type: ignore[misc]


def test_a_copy_with_other_line_ends_and_case_is_found(write_folder: WriteFolder, tmp_path: Path) -> None:
    folder = write_folder(
        {
            "b.txt": DECREE,
            "a-copy.md": DECREE.upper().replace("\n\n", "\r\n \r\n"),
            "c.txt": "Another text, about something else altogether.",
        }
    )
    assert built(folder, tmp_path / "index") == [("a-copy.md", "b.txt")]
    assert built(folder, tmp_path / "index") == [("a-copy.md", "b.txt")], "an unchanged build says so again"


def test_an_amended_version_is_no_copy(write_folder: WriteFolder, tmp_path: Path) -> None:
    folder = write_folder({"a.txt": DECREE + "\n\nPlazo: 30 días.", "b.txt": DECREE + "\n\nPlazo: 60 días."})
    assert built(folder, tmp_path / "index") == []


def test_a_copy_is_free_again_when_its_original_goes(write_folder: WriteFolder, tmp_path: Path) -> None:
    folder = write_folder({"a.txt": DECREE, "b.txt": DECREE, "c.txt": DECREE})
    assert built(folder, tmp_path / "index") == [("a.txt", "b.txt"), ("a.txt", "c.txt")]
    (folder / "a.txt").unlink()
    assert built(folder, tmp_path / "index") == [("b.txt", "c.txt")]
    generation = open_generation(tmp_path / "index")
    assert generation.corpus.document("b.txt").metadata == {"also_as": "c.txt"}
    assert generation.corpus.document("c.txt").metadata == {"duplicate_of": "b.txt"}
    generation.close()


def test_an_answer_cites_one_and_names_the_other(write_folder: WriteFolder, tmp_path: Path, bridge: Bridge) -> None:
    folder = write_folder({"a.txt": DECREE, "b.txt": DECREE, "c.txt": "The forests of Loreto are wide."})
    build_index(folder, tmp_path / "index", model="hash")
    assistant = Assistant(open_generation(tmp_path / "index"), HashEmbedder(), bridge=bridge)
    try:
        hits = assistant.search("¿Quién protege los bosques comunales de Loreto?")
        assert "b.txt" not in {hit.passage.doc_id for hit in hits}
        answer = assistant.ask("¿Quién protege los bosques comunales de Loreto?")
        cited = [citation for citation in answer.citations if citation.doc_id == "a.txt"]
        assert cited and all(citation.to_json()["also_in"] == ["b.txt"] for citation in cited)
        assert assistant.document("b.txt").text == DECREE
    finally:
        assistant.close()


@given(st.text(max_size=200))
def test_shingles_do_not_count_case_or_spaces(text: str) -> None:
    assert np.array_equal(shingles_of(text), shingles_of(" " + text.replace(" ", "  ") + "\n"))


@pytest.mark.parametrize("text", ["", "!", "one", "one two three four five six"])
def test_short_texts_have_shingles_too(text: str) -> None:
    assert len(shingles_of(text)) == {"": 0, "!": 0, "one": 1}.get(text, 2)


def test_signatures_are_kept_for_the_next_build_and_only_new_texts_get_one(
    write_folder: WriteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index import signatures

    made: list[str] = []
    fill = signatures._fill
    monkeypatch.setattr(signatures, "_fill", lambda signature, text: (made.append(text), fill(signature, text)))
    folder = write_folder({"a.txt": DECREE, "b.txt": DECREE.upper(), "c.txt": "Something else altogether stands here."})
    assert built(folder, tmp_path / "index") == [("a.txt", "b.txt")]
    assert len(made) == 3
    made.clear()
    (folder / "c.txt").write_text("Another thing stands here.", encoding="utf-8")
    assert built(folder, tmp_path / "index") == [("a.txt", "b.txt")]
    assert made == ["Another thing stands here."]
    # That of the text that is gone is gone with it.
    assert len(np.load(tmp_path / "index/cache" / FILE)) == 3


def test_a_kept_signature_is_the_one_that_is_made_anew(tmp_path: Path) -> None:
    first = Signatures(tmp_path)
    texts = [DECREE, "", "one two", "Zwei \u0130 \ud800"]
    made = [first.of(text).hashvalues.tolist() for text in texts]
    first.save()
    kept = Signatures(tmp_path)
    assert [kept.of(text).hashvalues.tolist() for text in texts] == made
    assert [Signatures().of(text).hashvalues.tolist() for text in texts] == made


@pytest.mark.parametrize(
    "damage", [b"", b"\x93NUMPY", b"nothing of the kind", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8'}"]
)
def test_damaged_signatures_are_made_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    signatures = Signatures(tmp_path)
    expected = Signatures().of(DECREE).hashvalues.tolist()
    assert signatures.of(DECREE).hashvalues.tolist() == expected
    signatures.save()
    assert Signatures(tmp_path).of(DECREE).hashvalues.tolist() == expected
    assert len(np.load(tmp_path / FILE)) == 1

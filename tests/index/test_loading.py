"""Which files are read, how their bytes become text, and what is said of those that cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import SourceError
from index.loading import (
    Skipped,
    SourceFile,
    decode,
    discover,
    front_matter,
    front_matter_span,
    load,
    read_metadata,
)

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
SPANISH = (
    "La minería ilegal en la Amazonía peruana creció un 30 % el año pasado. Según la organización, más de cien "
    "comunidades indígenas pidieron protección; el Gobierno aún no respondió. ¿Qué pasará con los bosques?"
)


def documents(folder: Path) -> dict[str, str]:
    """doc_id → text of everything that can be read."""
    return {f.doc_id: load(f, {}).text for f in discover(folder) if isinstance(f, SourceFile)}


def skipped(folder: Path) -> dict[str, str]:
    return {f.doc_id: f.reason for f in discover(folder) if isinstance(f, Skipped)}


@given(st.text().filter(lambda text: "\0" not in text))
def test_utf_8_decodes_to_itself(text: str) -> None:
    assert decode(text.encode("utf-8")) == text


def test_line_ends_and_the_byte_order_mark_stay_where_they_are(write_folder: WriteFolder) -> None:
    text = "\ufeffOne\r\ntwo\rthree\n\n  four\u2028five"
    assert documents(write_folder({"a.txt": text})) == {"a.txt": text}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16"])
def test_spanish_in_an_older_encoding_is_read_with_its_accents(write_folder: WriteFolder, encoding: str) -> None:
    assert documents(write_folder({"a.txt": SPANISH.encode(encoding)})) == {"a.txt": SPANISH}


@pytest.mark.parametrize(
    "text", ["José", "Educación", "El señor Núñez", "Año 2019: el niño cruzó el río.", "“Yes” – he’s"]
)
def test_a_few_words_in_windows_1252_are_enough(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (
            "cp1251",
            "Река Мараньон берёт начало в Андах и течёт на север через леса Перу, где живут многие народы.",
        ),
        ("shift_jis", "マラニョン川はペルーのアンデス山脈に源を発し、北へ流れてアマゾン川になる。"),
    ],
)
def test_other_scripts_are_not_taken_for_western_letters(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "png",
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00\x00\x00\x02\x00\x08\x06\x00\x00\x00\xf4x\xd4\xfa",
        ),
        ("utf-8 with NUL", b"some text\x00more"),
        ("all bytes", bytes(range(256)) * 40),
        ("utf-16 without a mark", "abc".encode("utf-16-le")),
    ],
)
def test_binary_data_is_refused(write_folder: WriteFolder, name: str, data: bytes) -> None:
    with pytest.raises(SourceError, match="not text"):
        documents(write_folder({"a.txt": data}))


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_are_text_or_a_clear_refusal(data: bytes) -> None:
    try:
        text = decode(data)
    except SourceError as error:
        assert "not text" in str(error)
    else:
        assert "\0" not in text
        text.encode("utf-8")


@pytest.mark.parametrize("content", ["", "  \r\n\t\n", "\ufeff"])
def test_an_empty_file_is_refused_with_its_reason(write_folder: WriteFolder, content: str) -> None:
    with pytest.raises(SourceError, match="holds no text"):
        documents(write_folder({"a.txt": content}))


def test_metadata_beside_the_documents_gives_title_and_language(write_folder: WriteFolder) -> None:
    folder = write_folder(
        {
            "año 1.txt": "Some words in a file.",
            "metadata.yaml": "año 1.txt:\n  title: Título propio\n  language: es\n"
            "  date: 2019-10-03\n  tags: [a, b]\n  none:\n",
        }
    )
    metadata = read_metadata(folder)
    (file,) = [f for f in discover(folder) if isinstance(f, SourceFile)]
    document = load(file, metadata[file.doc_id])
    assert (document.title, document.language) == ("Título propio", "es")
    assert document.metadata == {"date": "2019-10-03", "tags": "a; b"}


@pytest.mark.parametrize(
    "content",
    [
        "a.txt: [unclosed",
        "- a list",
        "a.txt: just words",
        "a.txt:\n  date: 2019-13-45\n",
        "\x00",
        b"\xff\xfe\x00",
        "a: " + "[" * 20_000,
        "a.txt:\n  when: !!timestamp x\n",
        "a.txt:\n  n: " + "9" * 5_000,
    ],
)
def test_a_malformed_metadata_file_is_named(write_folder: WriteFolder, content: str | bytes) -> None:
    with pytest.raises(SourceError, match=r"metadata\.yaml") as caught:
        read_metadata(write_folder({"a.txt": "words", "metadata.yaml": content}))
    assert "\n" not in str(caught.value)


def test_no_metadata_file_or_an_empty_one_is_fine(write_folder: WriteFolder) -> None:
    assert read_metadata(write_folder({"a.txt": "words"})) == {}
    assert read_metadata(write_folder({"a.txt": "words", "metadata.yaml": "# nothing yet\n"})) == {}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_front_matter_is_found_after_a_byte_order_mark_and_with_any_line_end(ending: str, mark: str) -> None:
    text = mark + ending.join(["---", "client: Señor Ruiz", "start: 2019", "tags:", "- one", "- two", "---", "Body"])
    assert front_matter(text) == {"client": "Señor Ruiz", "start": "2019", "tags": "one; two"}
    span = front_matter_span(text)
    assert span is not None
    assert text[span.end :] == "Body"


@pytest.mark.parametrize(
    "text", ["---\ntitle: never closed\n\nBody", "Body\n---\ntitle: x\n---\n", "----\na: b\n---\n"]
)
def test_what_is_no_front_matter_is_body(text: str) -> None:
    assert front_matter_span(text) is None


@pytest.mark.parametrize(
    "inside",
    [
        "title: [unclosed",
        "- a\n- list",
        "date: 2019-99-99",
        "a: *unknown",
        "[" * 20_000,
        "!!bool x",
        "=",
        "? [a]\n: b",
        "a: !!pairs [x: [1, 2]]",
        "n: 0x" + "f" * 6_000,
        "&a [*a]",
    ],
)
def test_malformed_front_matter_is_no_metadata_but_still_text(write_folder: WriteFolder, inside: str) -> None:
    text = f"---\n{inside}\n---\nThe body stays."
    (file,) = discover(write_folder({"a.txt": text}))
    assert isinstance(file, SourceFile)
    document = load(file, {})
    assert document.text == text
    assert all(value.isprintable() for value in document.metadata.values())


def test_half_a_surrogate_pair_in_front_matter_does_not_reach_the_metadata() -> None:
    assert front_matter('---\ntitle: "\\ud800x"\n---\n') == {"title": "?x"}


@given(st.text(alphabet="abé:-[]{}#&*!|>'\"\\%@ \n\t,?0123456789x\ufeff", max_size=80))
def test_front_matter_never_raises(inside: str) -> None:
    assert all(isinstance(value, str) for value in front_matter(f"---\n{inside}\n---\n").values())


def test_the_title_is_the_first_short_line_or_the_file_name(write_folder: WriteFolder) -> None:
    folder = write_folder({"one.md": "\n## Río Marañón ##\n\nText.", "two.txt": "A sentence that ends.\n\nMore."})
    titles = {f.doc_id: load(f, {}).title for f in discover(folder) if isinstance(f, SourceFile)}
    assert titles == {"one.md": "Río Marañón", "two.txt": "two"}


def test_odd_names_are_read_in_the_order_of_their_doc_ids(write_folder: WriteFolder) -> None:
    names = ["a/b.txt", "a b.txt", "a.txt", "línea\nnueva.md", "🌳.txt", "UPPER.TXT", "deep/er/still.markdown"]
    folder = write_folder({name: f"Text of {name!r}." for name in names})
    found = [f.doc_id for f in discover(folder)]
    assert found == sorted(names)
    assert documents(folder) == {name: f"Text of {name!r}." for name in names}


def test_a_name_that_is_no_utf_8_is_read_and_shown_by_its_codes(write_folder: WriteFolder) -> None:
    folder = write_folder({})
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Coffee is grown in Jaén.", encoding="utf-8")
    assert documents(folder) == {r"caf\xe9.txt": "Coffee is grown in Jaén."}


def test_hidden_files_and_the_metadata_file_are_no_documents(write_folder: WriteFolder) -> None:
    folder = write_folder(
        {".secret.txt": "x", ".git/a.txt": "x", "sub/.b.txt": "x", "metadata.yaml": "", "a.txt": "words"}
    )
    assert [f.doc_id for f in discover(folder)] == ["a.txt"]


def test_other_formats_are_named_and_the_rest_is_read(write_folder: WriteFolder) -> None:
    folder = write_folder({"a.txt": "words", "b.odt": b"PK", "LICENSE": "free"})
    assert documents(folder) == {"a.txt": "words"}
    assert set(skipped(folder)) == {"b.odt", "LICENSE"}
    assert ".odt is not read; expected .csv, .docm, .docx" in skipped(folder)["b.odt"]


def test_links_that_lead_out_or_nowhere_or_in_a_circle_are_named(write_folder: WriteFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret", encoding="utf-8")
    folder = write_folder({"a.txt": "words", "sub/b.txt": "more"})
    (folder / "out.txt").symlink_to(outside)
    (folder / "outfolder").symlink_to(tmp_path)
    (folder / "dangling.txt").symlink_to(folder / "gone.txt")
    (folder / "self.txt").symlink_to(folder / "self.txt")
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "inside.txt").symlink_to(folder / "a.txt")
    assert documents(folder) == {"a.txt": "words", "inside.txt": "words", "sub/b.txt": "more"}
    reasons = skipped(folder)
    assert set(reasons) == {"out.txt", "outfolder", "dangling.txt", "self.txt"}
    assert "out of the source" in reasons["out.txt"]
    assert "nowhere" in reasons["self.txt"]


def test_a_folder_or_a_pipe_that_looks_like_a_document_is_not_read(write_folder: WriteFolder) -> None:
    folder = write_folder({"folder.txt/inner.txt": "words"})
    os.mkfifo(folder / "pipe.txt")
    assert documents(folder) == {"folder.txt/inner.txt": "words"}
    assert skipped(folder) == {"pipe.txt": "not a regular file"}


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv of util-linux to be an ordinary user for once")
def test_files_and_folders_without_permission_are_named_and_the_rest_is_read(write_folder: WriteFolder) -> None:
    folder = write_folder({"open.txt": "words", "closed.txt": "secret", "closed/in.txt": "secret"})
    (folder / "closed.txt").chmod(0)
    (folder / "closed").chmod(0)
    program = (
        "import sys; from pathlib import Path; from index.loading import *\n"
        "for f in discover(Path(sys.argv[1])):\n"
        "    try: print(f.doc_id, f.reason if isinstance(f, Skipped) else load(f, {}).text)\n"
        "    except Exception as error: print(f.doc_id, type(error).__name__, error)\n"
    )
    as_user = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_user, sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    (folder / "closed").chmod(0o700)
    assert done.stderr == ""
    assert sorted(done.stdout.splitlines()) == [
        "closed cannot be read: Permission denied",
        "closed.txt SourceError cannot be read: Permission denied",
        "open.txt words",
    ]


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_source_that_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.write_text("words", encoding="utf-8")
    with pytest.raises(SourceError, match=r"expected a folder|does not exist"):
        list(discover(place))


def test_the_index_inside_the_source_is_left_out(write_folder: WriteFolder) -> None:
    folder = write_folder({"a.txt": "words", "idx/CURRENT": "x", "idx/notes.txt": "not a document"})
    assert [f.doc_id for f in discover(folder, leave_out=folder / "idx")] == ["a.txt"]

"""The list of documents: what became of every file, and one page of it, narrowed and in order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assistant.workbench.catalogue import Catalogue, Catalogued, Entry, Folder, Status
from assistant.workbench.listing import ON_A_PAGE, Choice, facets, part
from index.build import build_index
from index.store import live_folder, read_manifest
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
LONG = (
    "The {0} of the forest counts {0} trees beside the river. It tells of {0} every year, and of nothing else at all. "
)


@pytest.fixture
def built(write_folder: WriteFolder, tmp_path: Path, embedder: HashEmbedder) -> tuple[Path, Path]:
    """A folder and its index: two documents, a copy, a broken PDF, a picture."""
    text = "".join(LONG.format(word) for word in ("otter", "heron", "jaguar", "tapir"))
    source = write_folder({
        "a.txt": f"Title of A\n\n{text}", "b.md": "# Bosques\n\nLa federación vigila los bosques del río.",
        "copy.txt": f"Title of A\n\n{text}", "broken.pdf": b"%PDF-1.4 nothing", "picture.png": b"\x89PNG",
    })  # fmt: skip
    build_index(source, tmp_path / "index", embedder=embedder)
    return source, tmp_path / "index"


def statuses(index: Path) -> dict[str, Status]:
    return {entry.doc_id: entry.status for entry in Catalogue(index).read().entries}


def test_every_document_and_every_file_that_is_none_is_listed(built: tuple[Path, Path]) -> None:
    source, index = built
    catalogued = Catalogue(index).read()
    found = {entry.doc_id: entry for entry in catalogued.entries}
    assert {name: entry.status for name, entry in found.items()} == {
        "a.txt": Status.SEARCHABLE, "b.md": Status.SEARCHABLE, "copy.txt": Status.COPY, "broken.pdf": Status.FAILED,
        "picture.png": Status.FAILED,
    }  # fmt: skip
    assert found["copy.txt"].copy_of == "a.txt"
    assert found["broken.pdf"].reason
    assert "the format .png is not read" in found["picture.png"].reason
    assert (found["b.md"].title, found["b.md"].kind, found["b.md"].language) == ("Bosques", "markdown", "es")
    assert found["a.txt"].passages > 0
    assert catalogued.folder.path == source.resolve()
    assert catalogued.manifest.documents == 3


def test_what_the_next_build_takes_in_is_told(built: tuple[Path, Path], embedder: HashEmbedder) -> None:
    source, index = built
    catalogue = Catalogue(index)
    catalogue.read()
    (source / "new.txt").write_text("Something new.")
    (source / "b.md").write_text("# Bosques\n\nOtra cosa.")
    (source / "copy.txt").unlink()
    assert "new.txt" not in {entry.doc_id for entry in catalogue.read().entries}
    catalogue.look_again()
    found = {entry.doc_id: entry.status for entry in catalogue.read().entries}
    assert (found["new.txt"], found["b.md"], found["copy.txt"]) == (Status.NEW, Status.CHANGED, Status.REMOVED)
    assert found["a.txt"] == Status.SEARCHABLE
    build_index(source, index, embedder=embedder)
    catalogue.look_again()
    after = {entry.doc_id: entry.status for entry in catalogue.read().entries}
    assert after["new.txt"] == after["b.md"] == Status.SEARCHABLE
    assert "copy.txt" not in after


def test_files_that_were_left_out_of_the_build_are_not_new(
    write_folder: WriteFolder, tmp_path: Path, embedder: HashEmbedder
) -> None:
    source = write_folder({"a.txt": "A text about otters.", "draft.txt": "A draft.", "b.md": "A note."})
    build_index(source, tmp_path / "index", embedder=embedder, include=["*.txt"], exclude=["draft*"])
    manifest = read_manifest(live_folder(tmp_path / "index"))
    assert (manifest.include, manifest.exclude) == (("*.txt",), ("draft*",))
    assert statuses(tmp_path / "index") == {"a.txt": Status.SEARCHABLE}


def test_a_file_that_cannot_be_read_any_more_keeps_its_earlier_version(
    built: tuple[Path, Path], embedder: HashEmbedder
) -> None:
    source, index = built
    (source / "a.txt").write_bytes(b"\x00\x01\x02" * 50)
    build_index(source, index, embedder=embedder)
    entry = next(entry for entry in Catalogue(index).read().entries if entry.doc_id == "a.txt")
    assert entry.status == Status.EARLIER
    assert entry.indexed
    assert "earlier version stays searchable" in entry.reason


def test_documents_of_an_archive_stand_in_one_file(
    write_folder: WriteFolder, tmp_path: Path, embedder: HashEmbedder
) -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/one.txt", "The first text tells of otters.")
        archive.writestr("two.txt", "The second text tells of herons.")
    source = write_folder({"a.txt": "A text.", "many.zip": packed.getvalue(), "z.txt": "The last text."})
    build_index(source, tmp_path / "index", embedder=embedder)
    found = {entry.doc_id: entry.file for entry in Catalogue(tmp_path / "index").read().entries}
    assert found == {
        "a.txt": "a.txt", "many.zip/inner/one.txt": "many.zip", "many.zip/two.txt": "many.zip", "z.txt": "z.txt",
    }  # fmt: skip


def test_a_folder_that_is_gone_leaves_the_documents_as_they_were(built: tuple[Path, Path]) -> None:
    source, index = built
    shutil.rmtree(source)
    catalogued = Catalogue(index).read()
    assert "does not exist" in catalogued.folder.fault
    assert {entry.doc_id for entry in catalogued.entries if entry.status == Status.SEARCHABLE} == {"a.txt", "b.md"}


def entry(number: int, **fields: object) -> Entry:
    known = {
        "doc_id": f"{number:04}.txt", "file": f"{number:04}.txt", "title": f"Document {number:04}", "kind": "text", "language": "en",
        "pages": 0, "passages": number, "date": "", "status": Status.SEARCHABLE, "indexed": True,
    }  # fmt: skip
    return Entry(**{**known, **fields})  # type: ignore[arg-type]


def listed(*entries: Entry) -> Catalogued:
    return Catalogued(None, Folder(Path("docs"), {}), entries)  # type: ignore[arg-type]


def test_thousands_come_a_page_at_a_time() -> None:
    catalogued = listed(*(entry(number) for number in range(3_210)))
    first = part(catalogued, Choice())
    assert (len(first.entries), first.fitting, first.page, first.pages) == (ON_A_PAGE, 3_210, 1, 65)
    last = part(catalogued, Choice(page=99))
    assert (len(last.entries), last.page) == (10, 65)
    assert last.entries[-1].doc_id == "3209.txt"
    backwards = part(catalogued, Choice(sort="passages", descending=True))
    assert backwards.entries[0].passages == 3_209


def test_what_has_no_date_comes_last_in_either_direction() -> None:
    catalogued = listed(entry(1), entry(2, date="2020-01-01"), entry(3, date="2024-05-05"))
    for descending, expected in ((False, [2, 3, 1]), (True, [3, 2, 1])):
        shown = part(catalogued, Choice(sort="date", descending=descending))
        assert [one.passages for one in shown.entries] == expected


def test_the_list_is_narrowed_by_words_group_kind_and_language() -> None:
    catalogued = listed(
        entry(1, title="Informe de Ucayali", language="es"), entry(2, kind="pdf", status=Status.PART),
        entry(3, status=Status.NEW, indexed=False), entry(4, status=Status.COPY),
    )  # fmt: skip

    def found(**choice: object) -> list[int]:
        return [one.passages for one in part(catalogued, Choice(**choice)).entries]  # type: ignore[arg-type]

    assert found(find="UCAYALI informe") == [1]
    assert found(find="0003.txt") == [3]
    assert found(group="trouble") == [2]
    assert found(group="waiting") == [3]
    assert found(group="copy") == [4]
    assert found(kind="pdf") == [2]
    assert found(language="es") == [1]
    assert facets(catalogued)["kinds"] == [["text", 3], ["pdf", 1]]
    assert dict(facets(catalogued)["groups"]) == {"waiting": 1, "trouble": 1, "copy": 1, "searchable": 2}


@pytest.mark.parametrize(
    "asked", [None, [], {"page": "2"}, {"page": -1}, {"sort": "drop table"}, {"find": 7}, {"group": []}]
)
def test_a_choice_that_no_page_would_send_is_the_first_page(asked: object) -> None:
    assert Choice.from_json(asked) == Choice()

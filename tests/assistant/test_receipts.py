"""Receipts: what they carry, and what `quipu verify FILE` says when documents or receipts are not what they were."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assistant.cli import cli
from assistant.export.receipts import digest
from assistant.quotes import CHANGED, GONE, MOVED, STANDS, VANISHED, standing
from index.build import build_index

FIRST = "The programme planted 4,000 trees along the river in 2021."
SECOND = "Nobody was paid for the work, said the mayor."
OTHER = "The school has two hundred pupils and nine teachers."
TEXT = f"# Trees\n\n{FIRST} It went well.\n\n{SECOND}\n"
FILES = {"trees.md": TEXT, "school.md": f"# School\n\n{OTHER}\n"}

Kept = Callable[..., Path]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


class Place:
    """Documents with an index over them, and receipts of quotes in them."""

    def __init__(self, folder: Path) -> None:
        self.source, self.index, self.file = folder / "documents", folder / "index", folder / "receipts.json"
        self.write(FILES)
        self.build()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self) -> None:
        build_index(self.source, self.index, model="hash")

    def keep(self, *quotes: tuple[str, str]) -> dict[str, Any]:
        """Receipts of one question with these quotes, given as document and words, as the export makes them."""
        from assistant.assistant import Assistant
        from assistant.export.files import write
        from assistant.export.gathering import gather, provenance
        from assistant.export.types import Answered
        from assistant.types import Answer, Citation

        assistant = Assistant.open(self.index)
        try:
            citations = []
            for marker, (doc_id, quote) in enumerate(quotes, start=1):
                start = assistant.document(doc_id).text.index(quote)
                citations.append(Citation(marker, doc_id, "", start, start + len(quote), quote))
            text = " ".join(f"{citation.quote} [{citation.marker}]" for citation in citations)
            answer = Answer("How many trees?", text, tuple(citations), (), False, 0.9, "en", {}, "")
            write(gather([Answered(answer)], assistant, "en", provenance(assistant.manifest)), self.file)
        finally:
            assistant.close()
        return dict(json.loads(self.file.read_text(encoding="utf-8")))

    def verify(self, *options: str) -> Result:
        return run("verify", self.file, "--index", self.index, *options)

    def found(self) -> dict[str, Any]:
        return dict(json.loads(self.verify("--json").stdout))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# What a receipt carries


def test_a_receipt_carries_all_that_it_needs_to_be_checked(place: Place) -> None:
    content = place.keep(("trees.md", FIRST))
    receipt = content["receipts"][0]
    (citation,) = receipt["citations"]
    assert (content["format"], content["version"], receipt["version"]) == ("quipu-receipts", 1, 1)
    assert TEXT[citation["start"] : citation["end"]] == citation["quote"] == FIRST
    assert citation["title"] == "Trees"
    assert citation["headings"] == ["Trees"]
    assert receipt["answer"] == f"{FIRST} [1]"
    assert receipt["question"] == "How many trees?"
    assert receipt["model"]["name"] == "hash"
    assert receipt["index"] == run("status", "--index", place.index).stdout.split("generation ")[1].split(")")[0]
    import hashlib

    assert receipt["documents"]["trees.md"]["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert receipt["quipu"]
    assert receipt["asked"].endswith("+00:00")
    assert receipt["sha256"] == digest(receipt)


# Documents that change


def test_receipts_of_unchanged_documents_stand(place: Place) -> None:
    place.keep(("trees.md", FIRST), ("trees.md", SECOND), ("school.md", OTHER))
    result = place.verify()
    assert (result.exit_code, result.stdout, result.stderr) == (0, "3 checked, 0 wrong\n", "")
    found = place.found()
    assert (found["stands"], found["receipts"], found["findings"], found["notes"]) == (3, 1, [], [])


def test_a_changed_quote_is_named_with_what_stands_there_now(place: Place) -> None:
    place.keep(("trees.md", FIRST), ("trees.md", SECOND))
    place.write({"trees.md": TEXT.replace("4,000 trees", "3,500 young trees")})
    place.build()
    result = place.verify()
    assert result.exit_code == 1
    wrong, second, total = result.stdout.splitlines()
    assert "'How many trees?' (1), [1]: the quote is not in trees.md any more" in wrong
    assert "it says now: 'The programme planted 3,500 young trees along the river in 2021.'" in wrong
    assert "[2]: the quote moved within trees.md from" in second
    assert total == "2 checked, 2 wrong"
    first, moved = place.found()["findings"]
    now = first["now"]
    text = (place.source / "trees.md").read_text(encoding="utf-8")
    assert (first["status"], first["question"], first["marker"], first["doc_id"]) == (
        "changed", "How many trees?", 1, "trees.md",
    )  # fmt: skip
    assert text[now["start"] : now["end"]] == now["text"]
    assert moved["status"] == "moved"
    assert text[moved["now"]["start"] : moved["now"]["end"]] == SECOND


def test_a_quote_that_moved_is_not_lost(place: Place) -> None:
    place.keep(("trees.md", FIRST))
    place.write({"trees.md": "A new beginning.\n\n" + TEXT})
    place.build()
    found = place.found()
    assert (found["moved"], found["changed"], found["vanished"], found["gone"]) == (1, 0, 0, 0)
    (finding,) = found["findings"]
    assert finding["now"]["start"] == finding["start"] + 18
    assert place.verify().exit_code == 1


def test_a_quote_that_vanished_is_named(place: Place) -> None:
    place.keep(("trees.md", SECOND))
    place.write({"trees.md": f"# Trees\n\n{FIRST} Everything else is another story altogether and long.\n"})
    place.build()
    (finding,) = place.found()["findings"]
    assert (finding["status"], finding["quote"]) == ("vanished", SECOND)
    assert "nothing like it is there" in place.verify().stdout


def test_a_document_that_is_gone_is_named_with_where_its_words_stand(place: Place) -> None:
    place.keep(("trees.md", FIRST), ("school.md", OTHER))
    (place.source / "trees.md").rename(place.source / "renamed.md")
    place.build()
    found = place.found()
    (finding,) = found["findings"]
    assert (finding["status"], finding["elsewhere"], finding["now"]) == ("gone", ["renamed.md"], None)
    assert "the same words stand in renamed.md" in place.verify().stdout


def test_a_change_elsewhere_in_a_document_is_a_note(place: Place) -> None:
    place.keep(("trees.md", FIRST))
    place.write({"trees.md": TEXT + "\nOne more line.\n"})
    place.build()
    result = place.verify()
    assert (result.exit_code, result.stdout) == (0, "1 checked, 0 wrong\n")
    assert "the text of trees.md is not the same as it was when it was quoted; all its quotes stand" in result.stderr


# Sources that changed after the build


def test_a_source_that_changed_after_the_build_is_read_anew(place: Place) -> None:
    place.keep(("trees.md", FIRST), ("school.md", OTHER))
    place.write({"trees.md": TEXT.replace("4,000", "40")})
    result = place.verify()
    assert result.exit_code == 1
    assert "it says now: 'The programme planted 40 trees" in result.stdout
    assert "(in the source file as it is now; the index is older)" in result.stdout
    assert "the source file trees.md has changed since the index was built" in result.stderr
    assert [f["unindexed"] for f in place.found()["findings"]] == [True]


def test_a_source_that_changed_elsewhere_leaves_its_quotes_standing(place: Place) -> None:
    place.keep(("trees.md", FIRST))
    place.write({"trees.md": TEXT + "\nMore.\n"})
    result = place.verify()
    assert (result.exit_code, result.stdout) == (0, "1 checked, 0 wrong\n")
    assert "has changed since the index was built" in result.stderr


def test_a_source_file_that_is_gone_is_named_while_the_index_still_holds_it(place: Place) -> None:
    place.keep(("trees.md", FIRST))
    (place.source / "trees.md").unlink()
    result = place.verify()
    assert result.exit_code == 1
    assert "the source file is gone" in result.stdout


def test_without_the_source_folder_the_index_alone_counts(place: Place) -> None:
    place.keep(("trees.md", FIRST))
    place.source.rename(place.source.with_name("elsewhere"))
    result = place.verify()
    assert (result.exit_code, result.stdout) == (0, "1 checked, 0 wrong\n")
    assert "checked against the index alone" in result.stderr


def test_members_of_archives_are_found_in_their_files(place: Place) -> None:
    def pack(text: str) -> None:
        with zipfile.ZipFile(place.source / "box.zip", "w") as archive:
            archive.writestr("inner/note.md", text)

    pack(f"# Note\n\n{OTHER.replace('two', 'three')}\n")
    place.build()
    place.keep(("box.zip/inner/note.md", OTHER.replace("two", "three")))
    assert place.verify().exit_code == 0
    pack(f"# Note\n\n{OTHER.replace('two', 'four')}\n")
    result = place.verify()
    assert result.exit_code == 1
    assert "four hundred pupils" in result.stdout


# Files that are no whole receipts


def altered(content: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> str:
    change(content)
    return json.dumps(content)


def sealed(content: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> str:
    """A change by someone who works out the file's checksums anew."""
    change(content)
    for receipt in content["receipts"]:
        if isinstance(receipt, dict):
            receipt["sha256"] = digest(receipt)
    content["sha256"] = digest(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: json.dumps(c)[:-40], "cut short or damaged"),
        (lambda c: json.dumps(c, indent=1)[:300], "cut short or damaged"),
        (lambda c: altered(c, lambda c: c["receipts"][0].update(question="What else?")), "receipt 1 ('What else?') was altered"),
        (lambda c: altered(c, lambda c: c["receipts"][0]["citations"][0].update(quote="x")), "was altered"),
        (lambda c: altered(c, lambda c: c["receipts"].pop()), "the file was altered"),
        (lambda c: altered(c, lambda c: c.update(version=2)), "version 2, expected 1; install a newer quipu"),
        (lambda c: altered(c, lambda c: c.update(version="1")), "version '1', expected 1"),
        (lambda c: sealed(c, lambda c: c["receipts"].append(7)), "no whole receipts"),
        (lambda c: sealed(c, lambda c: c["receipts"][0].pop("question")), "no whole receipts"),
        (lambda c: sealed(c, lambda c: c["receipts"][0].pop("documents")), "no whole receipts"),
        (lambda c: sealed(c, lambda c: c["receipts"][0]["citations"][0].update(start="0")), "no whole receipts"),
        (lambda c: "[" * 100_000 + '"quipu-receipts"', "expected a line of"),
        (lambda c: '{"format": "quipu-receipts", "version": ' + "[" * 100_000, "cut short or damaged"),
        (lambda c: '{"format": "other", "receipts": []}', "expected a line of"),
        (lambda c: "Dear Sir or Madam,\n", "expected a line of"),
    ],
)  # fmt: skip
def test_damaged_altered_and_foreign_files_give_one_clear_line(
    place: Place, damage: Callable[[dict[str, Any]], str], said: str
) -> None:
    place.file.write_text(damage(place.keep(("trees.md", FIRST))), encoding="utf-8")
    result = place.verify()
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert str(place.file) in result.stderr


def test_a_quote_that_was_forged_with_its_checksums_is_found_by_the_document(place: Place) -> None:
    def forge(content: dict[str, Any]) -> None:
        content["receipts"][0]["citations"][0]["quote"] = FIRST.replace("4,000", "9,000")

    place.file.write_text(sealed(place.keep(("trees.md", FIRST)), forge), encoding="utf-8")
    (finding,) = place.found()["findings"]
    assert (finding["status"], finding["now"]["text"]) == ("changed", FIRST)


def test_an_empty_file_of_receipts_is_fine(place: Place) -> None:
    content = place.keep(("trees.md", FIRST))
    place.file.write_text(sealed(content, lambda c: c.update(receipts=[])), encoding="utf-8")
    assert place.verify().stdout == "0 checked, 0 wrong\n"


def test_a_missing_file_and_a_missing_index_are_said(place: Place, tmp_path: Path) -> None:
    assert "does not exist" in run("verify", tmp_path / "none.json", "--index", place.index).stderr
    place.keep(("trees.md", FIRST))
    assert "there is no index" in run("verify", place.file, "--index", tmp_path / "none").stderr


# Where a quote stands

LONG = "Alpha beta gamma delta epsilon zeta eta theta. " * 40


@pytest.mark.parametrize(
    ("quote", "start", "text", "status", "now"),
    [
        ("b c", 2, "a b c d", STANDS, "b c"),
        ("b c", 0, "a b c d", MOVED, "b c"),
        ("x", 0, None, GONE, ""),
        ("", 0, "a", VANISHED, ""),
        ("not at all here", 0, "Something else stands in it.", VANISHED, "Something else "),
        ("The year was 2019, they said.", 0, "Then: The year was 2020, they said. Good.", CHANGED, "The year was 2020, they said."),
        ("In 2019 it rained a lot here", 9000, LONG + "In 2020 it rained a lot here. " + LONG, CHANGED, "In 2020 it rained a lot here"),
        ("two  spaces here now", 0, "two spaces\nhere now", CHANGED, "two spaces\nhere now"),
        ("It was big.", 500, "It was small. " + "Filler words. " * 30 + "It was huge.", CHANGED, "It was huge."),
    ],
)  # fmt: skip
def test_what_became_of_a_quote(quote: str, start: int, text: str | None, status: str, now: str) -> None:
    found = standing(quote, start, start + len(quote), text)
    assert (found.status, found.text) == (status, now)
    if text is not None:
        assert text[found.start : found.end] == found.text


def test_of_several_places_the_nearest_is_where_a_quote_moved() -> None:
    text = "same. " + "x" * 100 + "same. " + "x" * 100 + "same."
    assert standing("same.", 108, 113, text).start == 106


def test_a_long_quote_in_a_long_document_is_looked_for_in_reasonable_time() -> None:
    import time

    text = "".join(f"Sentence number {n} says that word{n % 97} met word{n % 89}. " for n in range(20_000))
    begun = time.perf_counter()
    found = standing("Sentence number 9999 says that nobody met anybody there at all. " * 5, 0, 300, text)
    assert time.perf_counter() - begun < 20
    assert found.status in (CHANGED, VANISHED)

"""Documents that come in from a page: safe names, limits, nothing overwritten unasked; and the trash they may end in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.workbench import trash
from assistant.workbench.names import DEEPEST, LONGEST_BYTES, NameRefusedError, safe_name, visible_name
from assistant.workbench.uploads import (
    Held,
    Limits,
    Planned,
    Received,
    UploadRefusedError,
    place,
    planned,
    receive,
    sweep,
)

NOTHING = Held(0, 0)


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("Año 2023 – informe.pdf", "Año 2023 – informe.pdf"),
        ("n\u0303andu.pdf", "ñandu.pdf"),
        ("reports/2023/a.txt", "reports/2023/a.txt"),
        ("reports\\2023\\a.txt", "reports/2023/a.txt"),
        ("/etc/passwd.txt", "etc/passwd.txt"),
        ("./a.txt", "a.txt"),
        ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("safe\u202efdp.txt", "safefdp.txt"),
        ("a  b\n\tc.txt", "a b c.txt"),
        ('<b>:"|?*.txt', "_b______.txt"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("trailing. . ", "trailing"),
        ("नमस्ते\u200d.txt", "नमस्ते\u200d.txt"),
    ],
)
def test_a_name_is_made_safe_and_stays_readable(given_name: str, expected: str) -> None:
    assert safe_name(given_name).as_posix() == expected


@pytest.mark.parametrize(
    ("given_name", "key"),
    [
        ("../secret.txt", "refused_name"),
        ("a/../../secret.txt", "refused_name"),
        ("..\\secret.txt", "refused_name"),
        ("", "refused_name"),
        ("///", "refused_name"),
        ("\u202e\u200b", "refused_name"),
        (".hidden.txt", "refused_hidden"),
        ("\u202e.hidden.txt", "refused_hidden"),
        ("a/.git/config.txt", "refused_hidden"),
        ("/".join("a" * (DEEPEST + 1)), "refused_deep"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(given_name: str, key: str) -> None:
    with pytest.raises(NameRefusedError) as refused:
        safe_name(given_name)
    assert refused.value.key == key


@given(st.text(max_size=400))
def test_whatever_the_name_it_stays_below_the_folder(name: str) -> None:
    try:
        safe = safe_name(name)
    except NameRefusedError:
        return
    assert not safe.is_absolute()
    assert 0 < len(safe.parts) <= DEEPEST
    for part in safe.parts:
        assert part not in ("", ".", "..")
        assert not part.startswith(".")
        assert "/" not in part
        assert "\\" not in part
        assert len(part.encode()) <= LONGEST_BYTES


def test_signs_that_turn_a_name_round_are_shown_as_their_codes() -> None:
    assert visible_name("invoice\u202efdp.txt\n") == "invoice⟨U+202E⟩fdp.txt⟨U+000A⟩"
    assert visible_name("नमस्ते\u200d é.txt") == "नमस्ते\u200d é.txt"


def test_a_long_name_keeps_its_suffix() -> None:
    safe = safe_name("ñ" * 300 + ".pdf")
    assert safe.suffix == ".pdf"
    # 180 bytes less 4 for the suffix hold 88 letters of two bytes each.
    assert safe.stem == "ñ" * 88


@pytest.mark.parametrize(
    ("name", "size", "held", "limits", "key"),
    [
        ("a.exe", 1, NOTHING, Limits(), "refused_type"),
        ("a", 1, NOTHING, Limits(), "refused_type"),
        ("metadata.yaml", 1, NOTHING, Limits(), "refused_type"),
        (".quipuignore", 1, NOTHING, Limits(), "refused_hidden"),
        ("a.txt", 0, NOTHING, Limits(), "refused_empty"),
        ("a.txt", 11, NOTHING, Limits(file_bytes=10), "refused_size"),
        ("a.txt", 1, Held(5, 0), Limits(folder_files=5), "refused_number"),
        ("a.txt", 3, Held(1, 8), Limits(folder_bytes=10), "refused_total"),
        ("a.txt", 1, NOTHING, Limits(free_bytes=1 << 60), "refused_space"),
    ],
)
def test_what_is_past_a_limit_is_refused(
    name: str, size: int, held: Held, limits: Limits, key: str, tmp_path: Path
) -> None:
    with pytest.raises(UploadRefusedError) as refused:
        planned(tmp_path, name, size, held, limits)
    assert refused.value.key == key


@pytest.mark.parametrize("other", ["Report.PDF", "report.pdf", "REPORT.pdf"])
def test_a_name_is_taken_whatever_its_case(other: str, tmp_path: Path) -> None:
    (tmp_path / other).write_bytes(b"x")
    assert planned(tmp_path, "report.pdf", 1, NOTHING, Limits()) == Planned(PurePosixPath(other), taken=True)


def received(folder: Path, content: bytes, size: int | None = None) -> Received:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 3):
            yield content[at : at + 3]

    return asyncio.run(receive(pieces(), len(content) if size is None else size, folder / "incoming"))


@pytest.mark.parametrize("size", [4, 6])
def test_what_does_not_arrive_whole_leaves_nothing(size: int, tmp_path: Path) -> None:
    with pytest.raises(UploadRefusedError, match="refused_cut"):
        received(tmp_path, b"12345", size)
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_document_is_placed_whole_and_the_place_where_it_arrived_is_empty(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    plan = planned(source, "a/b/c.txt", 5, NOTHING, Limits())
    placed = place(received(tmp_path, b"12345"), source, plan, "ask", tmp_path / "trash")
    assert (placed.name, placed.same, placed.replaced) == ("a/b/c.txt", False, False)
    assert (source / "a/b/c.txt").read_bytes() == b"12345"
    assert list((tmp_path / "incoming").iterdir()) == []


def test_another_file_of_that_name_is_never_overwritten_unasked(tmp_path: Path) -> None:
    source, bin_ = tmp_path / "docs", tmp_path / "trash"
    source.mkdir()
    (source / "a.txt").write_bytes(b"first")
    plan = Planned(PurePosixPath("a.txt"), taken=True)
    with pytest.raises(UploadRefusedError, match="exists"):
        place(received(tmp_path, b"second"), source, plan, "ask", bin_)
    assert (source / "a.txt").read_bytes() == b"first"
    assert place(received(tmp_path, b"first"), source, plan, "ask", bin_).same
    assert place(received(tmp_path, b"second"), source, plan, "both", bin_).name == "a (2).txt"
    assert place(received(tmp_path, b"third"), source, plan, "both", bin_).name == "a (3).txt"
    assert place(received(tmp_path, b"fourth"), source, plan, "replace", bin_).replaced
    assert (source / "a.txt").read_bytes() == b"fourth"
    (before,) = trash.removed_documents(bin_)
    assert (before.name, before.why) == ("a.txt", trash.REPLACED)
    assert (bin_ / before.trash_id / "file").read_bytes() == b"first"
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_name_that_was_taken_since_the_plan_was_made_is_not_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    plan = planned(source, "a.txt", 6, NOTHING, Limits())
    (source / "a.txt").write_bytes(b"first")
    with pytest.raises(UploadRefusedError, match="exists"):
        place(received(tmp_path, b"second"), source, plan, "ask", tmp_path / "trash")
    assert (source / "a.txt").read_bytes() == b"first"


@pytest.mark.parametrize("link", ["out", "out/inner"])
def test_a_link_does_not_lead_an_upload_out_of_the_folder(link: str, tmp_path: Path) -> None:
    source, elsewhere = tmp_path / "docs", tmp_path / "elsewhere"
    source.mkdir()
    (elsewhere / "inner").mkdir(parents=True)
    (source / "out").symlink_to(elsewhere)
    with pytest.raises(UploadRefusedError):
        place(received(tmp_path, b"x"), source, Planned(PurePosixPath(f"{link}/a.txt"), False), "ask", tmp_path / "t")
    assert [path.name for path in elsewhere.rglob("*")] == ["inner"]


def test_without_hard_links_the_name_is_still_taken_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", no_links)
    source = tmp_path / "docs"
    source.mkdir()
    plan = Planned(PurePosixPath("a.txt"), False)
    place(received(tmp_path, b"12345"), source, plan, "ask", tmp_path / "trash")
    assert (source / "a.txt").read_bytes() == b"12345"
    assert [path.name for path in source.iterdir()] == ["a.txt"]


def test_what_was_received_by_half_long_ago_is_swept(tmp_path: Path) -> None:
    old, new = tmp_path / "old.part", tmp_path / "new.part"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new.part"]


def test_a_removed_document_comes_back_as_it_was(tmp_path: Path) -> None:
    source, bin_ = tmp_path / "docs", tmp_path / "trash"
    (source / "deep").mkdir(parents=True)
    (source / "deep/é.txt").write_bytes(b"content")
    removed = trash.remove(bin_, source, "deep/é.txt")
    assert not (source / "deep/é.txt").exists()
    assert trash.removed_documents(bin_) == [removed]
    assert removed.size == 7
    assert trash.restore(bin_, source, removed.trash_id) == "deep/é.txt"
    assert (source / "deep/é.txt").read_bytes() == b"content"
    assert trash.removed_documents(bin_) == []


def test_a_document_is_not_restored_over_another(tmp_path: Path) -> None:
    source, bin_ = tmp_path / "docs", tmp_path / "trash"
    source.mkdir()
    (source / "a.txt").write_bytes(b"first")
    removed = trash.remove(bin_, source, "a.txt")
    (source / "a.txt").write_bytes(b"second")
    with pytest.raises(trash.TrashError) as refused:
        trash.restore(bin_, source, removed.trash_id)
    assert refused.value.key == "taken"
    assert (source / "a.txt").read_bytes() == b"second"
    assert len(trash.removed_documents(bin_)) == 1


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd", "out/a.txt", "missing.txt", "link.txt"])
def test_only_documents_of_the_folder_are_removed(name: str, tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (tmp_path / "outside.txt").write_bytes(b"x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.txt").write_bytes(b"x")
    (source / "out").symlink_to(tmp_path / "elsewhere")
    (source / "link.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(trash.TrashError):
        trash.remove(tmp_path / "trash", source, name)
    assert (tmp_path / "outside.txt").exists()
    assert (tmp_path / "elsewhere/a.txt").exists()


@pytest.mark.parametrize("trash_id", ["..", "../..", "", "20260101T000000000000-00000g"])
def test_only_the_trash_is_deleted_for_good(trash_id: str, tmp_path: Path) -> None:
    (tmp_path / "trash").mkdir()
    (tmp_path / "kept.txt").write_bytes(b"x")
    assert not trash.delete(tmp_path / "trash", trash_id)
    assert (tmp_path / "kept.txt").exists()


def test_a_deleted_document_is_gone(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.txt").write_bytes(b"x")
    removed = trash.remove(tmp_path / "trash", tmp_path / "docs", "a.txt")
    assert trash.delete(tmp_path / "trash", removed.trash_id)
    assert list((tmp_path / "trash").iterdir()) == []

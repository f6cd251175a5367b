"""The translator's pipeline: started once, survives odd input, and fails softly."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant import apertium
from assistant.apertium import MODES, Apertium

ECHO = (
    "import sys\n"
    "while True:\n"
    "    data = b''\n"
    "    while not data.endswith(b'\\0'):\n"
    "        c = sys.stdin.buffer.read(1)\n"
    "        if not c: sys.exit()\n"
    "        data += c\n"
    "    sys.stdout.buffer.write(data.upper()); sys.stdout.buffer.flush()\n"
)


def modes(folder: Path, program: str) -> Path:
    """A folder with one mode, whose only stage runs a Python program (called with -z, as Apertium's are)."""
    script = folder / "stage"
    script.write_text(f"#!{sys.executable}\n{program}", encoding="utf-8")
    script.chmod(0o755)
    (folder / "spa-eng.mode").write_text(f"{script} $1 'a file' $2\n", encoding="utf-8")
    return folder


def test_text_goes_through_the_pipeline_and_control_characters_do_not(tmp_path: Path) -> None:
    translator = Apertium(modes(tmp_path, ECHO))
    assert translator.translate("tala ilegal", "es", "en") == "TALA ILEGAL"
    assert translator.translate("a\0b [c] ^d$ \n {e}", "es", "en") == "A B C D E"
    assert translator.translate("ñandú 🌳", "es", "en") is not None
    translator.close()


def test_texts_that_wait_go_through_together_and_each_asker_gets_its_own(tmp_path: Path) -> None:
    translator = Apertium(modes(tmp_path, "import time; time.sleep(0.3)\n" + ECHO))
    texts = [f"texto {number}" for number in range(40)]
    with ThreadPoolExecutor(len(texts)) as askers:
        assert list(askers.map(lambda text: translator.translate(text, "es", "en"), texts)) == [
            text.upper() for text in texts
        ]
    translator.close()


def test_those_who_wait_together_for_a_stage_that_dies_all_get_none(tmp_path: Path) -> None:
    translator = Apertium(modes(tmp_path, "import sys, time; time.sleep(0.2); sys.exit(1)"))
    with ThreadPoolExecutor(8) as askers:
        assert set(askers.map(lambda number: translator.translate(f"texto {number}", "es", "en"), range(8))) == {None}
    translator.close()


@pytest.mark.parametrize("program", ["import sys; sys.exit(1)", "print('no end mark')"])
def test_a_stage_that_dies_gives_none(tmp_path: Path, program: str) -> None:
    translator = Apertium(modes(tmp_path, program))
    assert translator.translate("tala", "es", "en") is None
    assert translator.translate("tala", "es", "en") is None
    translator.close()


def test_a_stage_that_hangs_gives_none_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apertium, "PATIENCE_S", 0.2)
    translator = Apertium(modes(tmp_path, "import time; time.sleep(60)"))
    assert translator.translate("tala", "es", "en") is None
    translator.close()


def test_a_pipeline_that_was_too_slow_is_left_alone_for_a_while_and_then_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_once = f"import os, time\nif not os.path.exists({str(tmp_path / 'slept')!r}):\n    open({str(tmp_path / 'slept')!r}, 'w'); time.sleep(60)\n"
    translator = Apertium(modes(tmp_path, slow_once + ECHO))
    with monkeypatch.context() as impatient:
        impatient.setattr(apertium, "PATIENCE_S", 0.5)
        assert translator.translate("tala", "es", "en") is None
    assert translator.translate("tala", "es", "en") is None
    monkeypatch.setattr(apertium, "REST_S", 0.0)
    monkeypatch.setattr(apertium, "PATIENCE_S", 30.0)
    assert translator.translate("tala", "es", "en") == "TALA"
    translator.close()


@pytest.mark.parametrize("content", ["", "\n", "/no/such/program -x | other\n", "'unclosed\n", "|\n"])
def test_a_mode_that_cannot_be_started_gives_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "spa-eng.mode").write_text(content, encoding="utf-8")
    translator = Apertium(tmp_path)
    assert translator.translate("tala", "es", "en") is None
    translator.close()


def test_without_apertium_there_is_no_translation(tmp_path: Path) -> None:
    assert Apertium(tmp_path / "none").translate("tala", "es", "en") is None


@pytest.mark.skipif(not (MODES / "spa-eng.mode").exists(), reason="Apertium is not installed")
def test_the_installed_apertium_translates_both_ways() -> None:
    translator = Apertium()
    assert "river" in (translator.translate("El río es largo", "es", "en") or "").lower()
    assert "río" in (translator.translate("The river is long", "en", "es") or "").lower()
    translator.close()

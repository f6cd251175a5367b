"""Whether a written sentence is supported by a passage: the figures and names stand there, and the meaning is near enough.

The passage is looked at through windows: one sentence, two or three adjacent ones, a lead-in with items of its list. Figures
and names are rules; the meaning is a linear model over the token-level alignment of the sentence with the window (MaxSim on
the token vectors that the index holds), the coverage of its words, and signs of denial. The model and its threshold are
fitted by `python -m eval.fit_support`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from assistant.asked import Asked, joined, stems_of, take_apart
from assistant.bridge import OTHER, Bridge, Translation
from assistant.question import fold
from assistant.weights import LinearModel, sigmoid
from assistant.writing.names import Name, Source, names, unified
from assistant.writing.orders import orders
from assistant.writing.polarity import denials, opposite, strict_denials
from assistant.writing.quantities import ORDINAL, Quantity, quantities
from index.corpus import StoredPassage
from index.embedding import Embedder, Encoded
from index.language import question_language
from index.quantise import dequantise
from index.store import Generation
from index.types import Sentence

SUPPORT_FILE = Path(__file__).with_name("support.json")
ADJACENT = 3
NEAR, SCOPE, BESIDE = 40, 24, 40
SAME_WORD = 0.3
# On the tuning half true sentences reach .011; nearly all with a figure of something else in the passage are above .04.
RIVAL = 0.035
LONGEST_LIST = 14
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model of nearness and the probability from which on a sentence counts as supported."""

    model: LinearModel
    threshold: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A written sentence made ready: its figures, names, content words and vectors."""

    text: str
    language: str
    quantities: tuple[Quantity, ...]
    names: tuple[Name, ...]
    asked: Asked
    translation: Translation
    encoded: Encoded

    @property
    def content(self) -> NDArray[np.bool_]:
        """Which of its tokens belong to content words, `(n,)`."""
        content = np.zeros(len(self.encoded.tokens.spans) if self.encoded.tokens is not None else 0, dtype=bool)
        content[[row for word in self.asked.words for row in word.tokens]] = True
        return content


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage with the vectors of its tokens `(n, dim)`, where they start, and those of its sentences `(m, dim)`."""

    stored: StoredPassage
    title: str
    language: str
    tokens: Floats
    starts: NDArray[np.int64]
    sentences: Floats

    @property
    def about(self) -> str:
        """The title and the headings, under which everything in the passage stands."""
        return f"{self.title}\n{self.stored.context}"


@dataclass(frozen=True, slots=True)
class Aligned:
    """A claim against one passage.

    `similar` are the inner products of their tokens; `late[i]` how well sentence i covers the claim's content words;
    `figures[q][i]` and `names[n][i]` whether it holds a figure or name of the claim; `rival` is as `rival` says.
    """

    similar: Floats
    cosines: Floats
    late: NDArray[np.float64]
    figures: NDArray[np.bool_]
    names: NDArray[np.bool_]
    rival: float


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences of a passage, in order, by their places in `passage.sentences`."""

    places: tuple[int, ...]

    def sentences(self, evidence: Evidence) -> tuple[Sentence, ...]:
        """The sentences themselves."""
        return tuple(evidence.stored.passage.sentences[i] for i in self.places)

    def text(self, evidence: Evidence) -> str:
        """Their text, a line each."""
        passage = evidence.stored.passage
        return "\n".join(
            passage.text[s.start - passage.start : s.end - passage.start] for s in self.sentences(evidence)
        )


@dataclass(frozen=True, slots=True)
class Support:
    """How well a window supports a claim.

    `missing` holds figures and names of the claim that the window lacks. `conflict` is empty, or says how the two contradict
    each other: `denial`, `opposite`, or `figure` for one that the passage gives to something else. `probability` is of the
    meaning alone.
    """

    stored: StoredPassage
    window: Window
    missing: tuple[str, ...]
    conflict: str
    features: Mapping[str, float]
    probability: float
    supported: bool


@cache
def fitted() -> Fitted:
    """The model that ships with Quipu."""
    content = json.loads(SUPPORT_FILE.read_text(encoding="utf-8"))
    return Fitted(LinearModel(**content["model"]), float(content["threshold"]))


class SupportChecker:
    """Checks sentences against passages of one generation. Thread-safe."""

    def __init__(self, generation: Generation, embedder: Embedder, bridge: Bridge, model: Fitted | None = None) -> None:
        self.generation = generation
        self.embedder = embedder
        self.bridge = bridge
        self.fitted = model or fitted()
        self._documents: dict[str, tuple[str, str]] = {}
        self._evidence: dict[int, Evidence] = {}
        self._lock = Lock()

    def claim(self, sentence: str) -> Claim:
        """Make a sentence ready to be checked."""
        text = unified(sentence)
        language = question_language(text)
        translation = self.bridge.translate(text, language)
        encoded = self.embedder.encode([text], "passage", tokens=True)[0]
        asked = take_apart(text, language, translation, encoded.tokens, self.generation.lexical)
        return Claim(text, language, tuple(quantities(text)), tuple(names(text)), asked, translation, encoded)

    def evidence(self, stored: StoredPassage) -> Evidence:
        """The passage with its stored vectors; remembered."""
        with self._lock:
            if stored.row not in self._evidence:
                if len(self._evidence) > 500:
                    self._evidence.clear()
                first, last = self.generation.token_offsets[stored.row : stored.row + 2]
                packed = np.asarray(self.generation.tokens[first:last])
                starts = packed["at"].astype(np.int64) - stored.context_length
                rows = slice(stored.first_sentence, stored.first_sentence + len(stored.passage.sentences))
                vectors = np.asarray(self.generation.sentences[rows]).astype(np.float32)
                title, language = self._about(stored.passage.doc_id)
                self._evidence[stored.row] = Evidence(stored, title, language, dequantise(packed), starts, vectors)
            return self._evidence[stored.row]

    def check(self, claim: Claim, stored: StoredPassage) -> Support | None:
        """The window of a passage that supports the claim best; None for a passage without sentences."""
        return max(self.supports(claim, stored), key=rank, default=None)

    def supports(self, claim: Claim, stored: StoredPassage) -> list[Support]:
        """Every window of a passage, judged."""
        evidence = self.evidence(stored)
        tokens = claim.encoded.tokens
        similar = (
            tokens.vectors @ evidence.tokens.T
            if tokens is not None
            else np.zeros((0, len(evidence.tokens)), np.float32)
        )
        aligned = align(claim, evidence, similar)
        barred = orders(stored.passage)
        return [
            self._judge(claim, evidence, window, aligned)
            for window in windows(evidence)
            if not barred & set(window.places)
        ]

    def judged(self, support: Support) -> Support:
        """The support with its probability by the fitted model."""
        probability = sigmoid(self.fitted.model.score(support.features))
        supported = not support.missing and not support.conflict and probability >= self.fitted.threshold
        return replace(support, probability=probability, supported=supported)

    def _judge(self, claim: Claim, evidence: Evidence, window: Window, aligned: Aligned) -> Support:
        text = window.text(evidence)
        missing = missing_figures(claim, text) + missing_names(claim, text, evidence.about, evidence.language)
        conflict = _conflict(claim, evidence, window, text, aligned)
        features = _features(claim, evidence, window, text, aligned)
        return self.judged(Support(evidence.stored, window, missing, conflict, features, 0.0, False))

    def _about(self, doc_id: str) -> tuple[str, str]:
        """Title and language of a document."""
        if doc_id not in self._documents:
            self._documents.update(
                {name: (title, language) for name, title, language in self.generation.corpus.overview()}
            )
        return self._documents.get(doc_id, ("", "und"))


def rank(support: Support) -> tuple[bool, bool, float]:
    """What makes one window better than another: nothing missing, no conflict, then the meaning."""
    return (not support.missing, not support.conflict, support.probability)


def windows(evidence: Evidence) -> Iterator[Window]:
    """The windows of a passage: single sentences, up to three adjacent ones, a lead-in with one item or all.

    Items of a list, and headings, each say their own: two of them make no window, or the name of one would serve for the other.
    """
    sentences = evidence.stored.passage.sentences
    for length in range(1, ADJACENT + 1):
        for first in range(len(sentences) - length + 1):
            kinds = [sentence.kind for sentence in sentences[first : first + length]]
            if length == 1 or (not {"item", "heading"} & set(kinds[1:]) and kinds[0] != "item"):
                yield Window(tuple(range(first, first + length)))
    for lead, sentence in enumerate(sentences):
        if sentence.kind != "lead":
            continue
        items = []
        for place in range(lead + 1, min(lead + 1 + LONGEST_LIST, len(sentences))):
            if sentences[place].kind != "item":
                break
            items.append(place)
            yield Window((lead, place))
        if len(items) > 1:
            yield Window((lead, *items))


def missing_figures(claim: Claim, text: str) -> tuple[str, ...]:
    """Numbers, shares, ordinals and months of the claim that the text does not hold."""
    held = quantities(text)
    codes = {float(number) for number in re.findall(r"\b[A-Z]{1,4}-?(\d{1,3})\b", text)}
    return tuple(
        claim.text[one.start : one.end]
        for one in claim.quantities
        # "The third objective" of a text that numbers them is the one that it calls "DO-3".
        if not any(one.same(other) for other in held) and not (one.kind == ORDINAL and one.values & codes)
    )


def missing_names(claim: Claim, text: str, context: str, language: str) -> tuple[str, ...]:
    """Names of the claim that neither the text nor the title and headings above it hold."""
    source = Source(f"{context}\n{text}")
    stems = stems_of(" ".join(sorted(source.words)))
    capitals = stems_of(" ".join(sorted(source.capitalised)))
    other = OTHER[claim.language]
    missing: list[str] = []
    used: set[str] = set()
    for name in claim.names:
        spelled = [other for other in claim.names if other.run == name.run]
        held = (capitals if len(spelled) > 1 else stems)[other]
        across = claim.translation.by_word.get(name.text, frozenset()) if language != claim.language else frozenset()
        used |= across & held
        if language != claim.language and source.cognate(name):
            continue
        if name.sure and not source.holds(name, spelled, translated=bool(across & held)):
            missing.append(name.text)
    if missing and language != claim.language:
        # The sentence as a whole may be translated better than word by word ("Estado": state, been).
        whole = stems_of(" ".join(word for word in claim.translation.text.split() if word[:1].isupper()))[other]
        spare = len((whole & capitals[other]) - used - stems_of(" ".join(name.text for name in claim.names))[other])
        longer = {word.text for word in claim.names if _spelled(claim, word) > 1 and not word.is_place}
        if all(word in longer and not word.isupper() for word in missing) and spare >= len(missing):
            return ()
    return tuple(missing)


def _spelled(claim: Claim, name: Name) -> int:
    """Number of words of the name that a word is part of."""
    return sum(other.run == name.run for other in claim.names)


def align(claim: Claim, evidence: Evidence, similar: Floats) -> Aligned:
    """The claim against every sentence of the passage."""
    passage = evidence.stored.passage
    texts = [passage.text[s.start - passage.start : s.end - passage.start] for s in passage.sentences]
    held = [quantities(text) for text in texts]
    plain = [Source(text) for text in texts]
    about = Source(evidence.about)
    late = np.array([_matches(claim, similar, _inside(evidence, (sentence,))).mean() for sentence in passage.sentences])
    figures = np.array(
        [[any(one.same(other) for other in there) for there in held] for one in claim.quantities], dtype=bool
    )
    known = np.array(
        [[source.holds(name, (name,)) for source in plain] for name in claim.names if not about.holds(name, (name,))],
        dtype=bool,
    )
    shape = (-1, len(texts))
    return Aligned(
        similar,
        evidence.sentences @ claim.encoded.vector,
        late,
        figures.reshape(shape),
        known.reshape(shape),
        rival(claim, evidence, similar),
    )


def _inside(evidence: Evidence, sentences: Sequence[Sentence]) -> NDArray[np.bool_]:
    """Which tokens of the passage begin in these sentences."""
    offset = evidence.stored.passage.start
    within = np.zeros(len(evidence.starts), dtype=bool)
    for sentence in sentences:
        within |= (evidence.starts >= sentence.start - offset) & (evidence.starts < sentence.end - offset)
    return within


def _matches(claim: Claim, similar: Floats, columns: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Best match of each content word of the claim among some tokens; one zero where there is nothing to match."""
    if not similar.size or not columns.any():
        return np.zeros(1)
    best = similar[:, columns].max(axis=1)
    words = [
        best[list(word.tokens)].mean() for word in claim.asked.words if word.tokens and max(word.tokens) < len(best)
    ]
    return np.array(words) if words else np.zeros(1)


def gap(aligned: Aligned, holding: NDArray[np.bool_], window: Window) -> float:
    """How much better the claim fits a sentence without one of its figures (or names) than one of the window that holds it.

    The greatest over the figures; 0 where the best sentence holds them. A figure that was taken from its own thing and
    given to another stands in a sentence that fits the claim less well than the one that it was meant for.
    """
    inside = np.zeros(len(aligned.late), dtype=bool)
    inside[list(window.places)] = True
    greatest = 0.0
    for holds in holding:
        with_it, without = aligned.late[holds & inside], aligned.late[~holds]
        if len(with_it) and len(without):
            greatest = max(greatest, float(without.max() - with_it.max()))
    return greatest


def rival(claim: Claim, evidence: Evidence, similar: Floats) -> float:
    """How much better what a figure of the claim counts stands beside another figure of the passage than beside its own.

    The greatest over the figures and codes ("DO-1"), by the words next to them; 0 where there is nothing to compare.
    """
    text = evidence.stored.passage.text
    spans = claim.encoded.tokens.spans if claim.encoded.tokens is not None else np.zeros((0, 2), np.int64)
    greatest = 0.0
    if not similar.size:
        return greatest
    for start, end, own, others in _figures_and_rivals(claim, text):
        beside = (spans[:, 0] < end + BESIDE) & (spans[:, 1] > start - BESIDE // 2)
        beside &= ~((spans[:, 0] < end) & (spans[:, 1] > start)) & claim.content
        if own and others and beside.any():
            mine, theirs = (max(_fit(similar[beside], evidence, place) for place in places) for places in (own, others))
            greatest = max(greatest, theirs - mine)
    return greatest


def _fit(similar: Floats, evidence: Evidence, place: tuple[int, int]) -> float:
    """How well some tokens of the claim are matched beside a place of the passage, in the same sentence."""
    starts, passage = evidence.starts, evidence.stored.passage
    offset = passage.start
    own = next((s for s in passage.sentences if s.start - offset <= place[0] < s.end - offset), None)
    first, last = (own.start - offset, own.end - offset) if own is not None else (0, len(passage.text))
    around = (starts >= max(place[0] - BESIDE, first)) & (starts < min(place[1] + BESIDE, last))
    around &= ~((starts >= place[0]) & (starts < place[1]))
    return float(similar[:, around].max(axis=1).mean()) if around.any() else -1.0


Place = tuple[int, int]


def _figures_and_rivals(claim: Claim, text: str) -> Iterator[tuple[int, int, list[Place], list[Place]]]:
    """Start and end of each figure and code of the claim, where it stands in the text, and where others of its kind do."""
    held = quantities(text)
    for one in claim.quantities:
        own = [(other.start, other.end) for other in held if one.same(other)]
        # A figure that the claim gives too has its own place there; a year is no rival of a count.
        rivals = [
            (other.start, other.end)
            for other in held
            if (other.kind, other.is_year) == (one.kind, one.is_year)
            and not any(other.same(said) for said in claim.quantities)
        ]
        yield one.start, one.end, own, rivals
    codes = [name for name in names(text) if re.search(r"\d", name.plain)]
    for name in claim.names:
        if re.search(r"\d", name.plain):
            own = [(other.start, other.end) for other in codes if other.plain == name.plain]
            said = {other.plain for other in claim.names}
            yield name.start, name.end, own, [(other.start, other.end) for other in codes if other.plain not in said]


def _conflict(claim: Claim, evidence: Evidence, window: Window, text: str, aligned: Aligned) -> str:
    """How the claim contradicts the window; empty if it does not."""
    if aligned.rival > RIVAL:
        return "figure"
    if any(denial_mismatch(claim, evidence, aligned.similar, _inside(evidence, window.sentences(evidence)))):
        return "denial"
    return "opposite" if opposite(claim.text, text) else ""


def _features(claim: Claim, evidence: Evidence, window: Window, text: str, aligned: Aligned) -> dict[str, float]:
    similar = aligned.similar
    own = _inside(evidence, window.sentences(evidence))
    inside = own | (evidence.starts < 0)
    best = (
        similar[:, inside].max(axis=1) if similar.size and inside.any() else np.zeros(max(len(similar), 1), np.float32)
    )
    matches = _matches(claim, similar, inside)
    weights = np.array([word.idf for word in claim.asked.words if word.tokens and max(word.tokens) < len(best)])
    weights = weights if len(weights) == len(matches) else np.ones(len(matches))
    low = np.sort(matches)
    stems = joined(stems_of(text), stems_of(evidence.stored.context))
    back = np.sort(similar[:, own].max(axis=0))[::-1] if similar.size and own.any() else np.zeros(1, np.float32)
    cross = float(evidence.language != claim.language)
    late = float(matches @ weights / max(weights.sum(), 1e-9))
    coverage = claim.asked.coverage(stems)
    return {
        "late": late,
        "late_mean": float(matches.mean()),
        "late_all": float(best.mean()),
        "least": float(low[:2].mean()),
        "quarter": float(low[: max(1, len(low) // 4)].mean()),
        "coverage": coverage,
        "cosine": float(aligned.cosines[list(window.places)].max()),
        "back": float(back[: max(3, int(len(back) * 0.5))].mean()),
        "cross": cross,
        "cross_late": cross * late,
        "cross_coverage": cross * coverage,
        "figures": float(min(len(claim.quantities), 3)),
        "figures_gap": gap(aligned, aligned.figures, window),
        "names_gap": gap(aligned, aligned.names, window),
        "opening": float(_opening_unmatched(claim, stems, evidence.language)),
        "more_sentences": float(len(window.places) - 1),
        "log_words": float(np.log(max(len(claim.asked.words), 1))),
    }


def denial_mismatch(claim: Claim, evidence: Evidence, similar: Floats, own: NDArray[np.bool_]) -> tuple[bool, bool]:
    """Whether the claim denies what the window affirms, and whether it affirms what the window denies.

    A denial counts where it stands: at the words behind it, and where their best matches stand in the other text.
    """
    spans = claim.encoded.tokens.spans if claim.encoded.tokens is not None else np.zeros((0, 2), np.int64)
    if not similar.size or not own.any():
        return False, False
    text = evidence.stored.passage.text
    columns = np.flatnonzero(own)
    starts = evidence.starts[columns]
    inner = similar[:, columns]
    denied_there, denied_here = denials(text), denials(claim.text)
    strict = strict_denials(claim.text)
    implied = len(denied_here) - len(strict)
    content = claim.content
    added = False
    for cue in strict:
        rows = _scope(spans[:, 0], cue, claim.text)
        rows = rows & content if (rows & content).any() else rows
        if rows.any():
            places = starts[inner[rows].argmax(axis=1)]
            # What the claim denies by implication ("few") answers the same in the window, and not the denial in question.
            answered = [sum(_near(place, (cue_there,)) for cue_there in denied_there) > implied for place in places]
            added |= sum(answered) * 2 < len(answered)
    dropped = False
    for cue in strict_denials(text):
        behind = _scope(starts, cue, text)
        if behind.any() and own[(evidence.starts >= cue[0]) & (evidence.starts < cue[1])].any():
            matches = inner[:, behind].max(axis=0)
            places = spans[inner[:, behind].argmax(axis=0), 0][matches > SAME_WORD]
            dropped |= len(places) > 0 and not any(_near(place, denied_here) for place in places)
    return added, dropped


def _scope(starts: NDArray[np.int64], cue: tuple[int, int], text: str) -> NDArray[np.bool_]:
    """Which tokens stand in the scope of a denial: the content words that follow it in the same sentence."""
    stop = re.search(r"[.!?;:\n]|$", text[cue[1] :])
    end = min(cue[1] + SCOPE, cue[1] + (stop.start() if stop else SCOPE))
    scope: NDArray[np.bool_] = (starts >= cue[1]) & (starts < end)
    return scope


def _near(place: int, cues: Sequence[tuple[int, int]]) -> bool:
    return any(start - NEAR <= place <= end + NEAR for start, end in cues)


def _opening_unmatched(claim: Claim, stems: Mapping[str, frozenset[str]], language: str) -> bool:
    """Whether the claim opens with a capital that may be a name, and no form of it stands in the window."""
    first = next((name for name in claim.names if not name.sure), None)
    if first is None:
        return False
    word = next((word for word in claim.asked.words if fold(word.text) == first.plain), None)
    return word is not None and not any(word.stems[tongue] & stems[tongue] for tongue in stems)

"""Every written sentence against the passages: kept, given another or a first marker, or struck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.writing.prompt import Shown
from assistant.writing.sentences import Written
from assistant.writing.support import Claim, Support, SupportChecker, rank

KEPT, REPOINTED, MARKED, STRUCK = "kept", "repointed", "marked", "struck"
FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Checked:
    """A written sentence and its verdict.

    `verdict` is one of: kept, its markers support it; repointed, another passage does; marked, it had no marker and a passage
    supports it; struck, none does. `supports` are the windows that support it, best first, empty if struck; `markers` the numbers
    that the model gave, `right` those of them that support the sentence; `reason` why it was struck, in words.
    """

    text: str
    verdict: str
    markers: tuple[int, ...]
    right: tuple[int, ...]
    supports: tuple[Support, ...]
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """The sentence as `ask --json` prints it."""
        return {
            "text": self.text,
            "verdict": self.verdict,
            "markers": list(self.markers),
            "right_markers": list(self.right),
            "reason": self.reason,
        }


class Verifier:
    """Checks the sentences of one answer against the passages that the model was shown."""

    def __init__(self, checker: SupportChecker, shown: Sequence[Shown], language: str) -> None:
        self._checker = checker
        self._shown: Mapping[int, Shown] = {one.marker: one for one in shown}
        self._language = language

    def check(self, sentence: Written) -> Checked:
        """The sentence with its verdict."""
        claim = self._checker.claim(sentence.text)
        if len(claim.asked.words) < FEWEST_WORDS:
            return Checked(sentence.text, STRUCK, sentence.markers, (), (), _REASONS[self._language]["short"])
        cited = {marker: self._best(claim, marker) for marker in sentence.markers}
        right = [marker for marker, support in cited.items() if support is not None and support.supported]
        if right:
            supports = sorted((s for m in right if (s := cited[m]) is not None), key=rank, reverse=True)
            return Checked(sentence.text, KEPT, sentence.markers, tuple(right), tuple(supports))
        others = [self._best(claim, marker) for marker in self._shown if marker not in cited]
        found = max((s for s in others if s is not None), key=rank, default=None)
        if found is not None and found.supported:
            verdict = REPOINTED if sentence.markers else MARKED
            return Checked(sentence.text, verdict, sentence.markers, (), (found,))
        nearest = [s for s in (*cited.values(), *others) if s is not None]
        return Checked(sentence.text, STRUCK, sentence.markers, (), (), self._reason(nearest))

    def _best(self, claim: Claim, marker: int) -> Support | None:
        shown = self._shown.get(marker)
        return self._checker.check(claim, shown.stored) if shown is not None else None

    def _reason(self, nearest: Sequence[Support]) -> str:
        """Why the sentence was struck, by the passage that came nearest to supporting it."""
        words = _REASONS[self._language]
        best = max(nearest, key=lambda s: (s.probability, -len(s.missing)), default=None)
        if best is None:
            return words["far"]
        if best.missing:
            return words["missing"].format(", ".join(dict.fromkeys(best.missing)))
        return words.get(best.conflict, words["far"])


_REASONS = {
    "en": {
        "missing": "not in the passages: {}",
        "denial": "the passages say the opposite",
        "opposite": "the passages say the opposite",
        "figure": "the passages give the figure for something else",
        "name": "the passages say this of another name",
        "far": "the passages do not say this",
        "short": "too short to be checked",
    },
    "es": {
        "missing": "no aparece en los pasajes: {}",
        "denial": "los pasajes dicen lo contrario",
        "opposite": "los pasajes dicen lo contrario",
        "figure": "los pasajes dan esa cifra para otra cosa",
        "name": "los pasajes lo dicen de otro nombre",
        "far": "los pasajes no lo dicen",
        "short": "demasiado corta para comprobarla",
    },
}

"""Several moving images, one after the other: what became of each, worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from RegSuite.report.result import Result

COMPLETED = "completed"


@dataclass(frozen=True)
class Subject:
    """A row of the table of subjects; None where a measure was not taken.

    status: completed, or what went wrong in a sentence. verdict: of the limits, in words.
    """

    name: str
    status: str = COMPLETED
    verdict: str = ""
    dice_mean: float | None = None
    tre_mm: float | None = None
    folded_percent: float | None = None
    similarity: str = ""
    similarity_before: float | None = None
    similarity_after: float | None = None
    seconds: float | None = None

    @property
    def failed(self) -> bool:
        """Whether there is no result of this subject."""
        return self.status != COMPLETED


def subject_of(name: str, record: Result) -> Subject:
    """The row of a finished result."""
    from RegSuite.quality.definitions import measured
    from RegSuite.report.headline import headline

    def number(path: str) -> float | None:
        value = measured(record.metrics, path)
        return None if value is None else float(value)

    similarity = record.metrics.get("similarity") or {}
    return Subject(
        name=name,
        verdict=headline(record).title,
        dice_mean=number("dice_mean"),
        tre_mm=number("tre_mm.mean"),
        folded_percent=number("jacobian.percent_nonpositive"),
        similarity=str(similarity.get("name", "")),
        similarity_before=number("similarity.before"),
        similarity_after=number("similarity.after"),
        seconds=record.total_seconds,
    )


def worst_first(subjects: Sequence[Subject]) -> list[Subject]:
    """Failed ones, then by Dice, by TRE, by similarity: the first of these that all others have.

    As they came where the others have none of these in common.
    """
    done = [s for s in subjects if not s.failed]
    ranking = _ranking(done)
    return [s for s in subjects if s.failed] + (done if ranking is None else sorted(done, key=ranking.key))


@dataclass(frozen=True)
class _Ranking:
    """What subjects are compared by: key, lowest is worst; words of the measure of one."""

    key: Callable[[Subject], float]
    words: Callable[[Subject], str]


def _ranking(done: Sequence[Subject]) -> _Ranking | None:
    """The first measure that all have; None where there is none, and so no worst."""
    from RegSuite.report.headline import HIGHER_IS_BETTER

    if all(s.dice_mean is not None for s in done):
        return _Ranking(lambda s: s.dice_mean or 0.0, lambda s: _("Dice {dice:.2f}").format(dice=s.dice_mean))
    if all(s.tre_mm is not None for s in done):
        return _Ranking(lambda s: -(s.tre_mm or 0.0), lambda s: _("TRE {tre:.1f} mm").format(tre=s.tre_mm))
    names = {s.similarity for s in done}
    if len(names) > 1 or not names <= set(HIGHER_IS_BETTER) or any(s.similarity_after is None for s in done):
        return None
    name = done[0].similarity
    sign = 1 if HIGHER_IS_BETTER[name] else -1
    return _Ranking(
        lambda s: sign * (s.similarity_after or 0.0),
        lambda s: _("{measure} {value:.3g}; accuracy not measured").format(
            measure=name.upper(), value=s.similarity_after
        ),
    )


def columns(subjects: Sequence[Subject]) -> dict[str, list[Any]]:
    """The table by column, as a table node holds it; nan where a measure was not taken."""
    names = ("dice_mean", "tre_mm", "folded_percent", "similarity_before", "similarity_after", "seconds")
    numbers = {
        name: [float("nan") if getattr(s, name) is None else float(getattr(s, name)) for s in subjects]
        for name in names
    }
    return {
        "subject": [s.name for s in subjects],
        "status": [s.status for s in subjects],
        "verdict": [s.verdict for s in subjects],
        **numbers,
    }


def sentence(subjects: Sequence[Subject]) -> str:
    """'3 of 4 registered; the worst is X (Dice 0.61)': no worst where nothing tells which it is."""
    done = [s for s in subjects if not s.failed]
    out = _("{n} of {all} registered").format(n=len(done), all=len(subjects))
    ranking = _ranking(done)
    if len(done) > 1 and ranking is not None:
        worst = min(done, key=ranking.key)
        out += _("; the worst is {name} ({measure})").format(name=worst.name, measure=ranking.words(worst))
    return f"{out}."

"""Several moving images, one after the other: what became of each, worst first."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Failed ones, then by Dice, by TRE, by similarity: the first of these that all others have."""
    done = [s for s in subjects if not s.failed]
    return [s for s in subjects if s.failed] + sorted(done, key=_key(done))


def _key(done: Sequence[Subject]) -> Any:
    from RegSuite.report.headline import HIGHER_IS_BETTER

    if all(s.dice_mean is not None for s in done):
        return lambda s: s.dice_mean
    if all(s.tre_mm is not None for s in done):
        return lambda s: -s.tre_mm
    if all(s.similarity_after is not None and s.similarity in HIGHER_IS_BETTER for s in done):
        return lambda s: s.similarity_after * (1 if HIGHER_IS_BETTER[s.similarity] else -1)
    return lambda s: -(s.folded_percent or 0.0)


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
    """'3 of 4 registered; the worst is X (Dice 0.61)'."""
    done = [s for s in subjects if not s.failed]
    out = _("{n} of {all} registered").format(n=len(done), all=len(subjects))
    if len(done) > 1:
        worst = worst_first(done)[0]
        how = "" if worst.dice_mean is None else _(" (Dice {dice:.2f})").format(dice=worst.dice_mean)
        out += _("; the worst is {name}{how}").format(name=worst.name, how=how)
    return f"{out}."
